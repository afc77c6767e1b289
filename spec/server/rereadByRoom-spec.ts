import { expect } from 'chai';
import fc from 'fast-check';
import {
  BehaviorSubject,
  concat,
  defer,
  finalize,
  map,
  NEVER,
  Observable,
  of,
  Subject,
  throwError,
} from 'rxjs';
import type { SseEvent } from '../../src/event-stream/index.js';
import { memoryLog } from '../../src/log/index.js';
import { rereadByRoom } from '../../src/server/rereadByRoom.js';
import { settled } from '../support/virtualTime.js';

type After = (lastEventId: string | undefined) => Observable<SseEvent>;

describe('rereadByRoom', () => {
  let hasRoom$: BehaviorSubject<boolean>;
  /** Each place that is read from, and each end of a reading. */
  let reads: string[];
  let log: unknown[];

  beforeEach(() => {
    hasRoom$ = new BehaviorSubject(true);
    reads = [];
    log = [];
  });

  const read = (after: After, lastEventId?: string, onEvent: (event: SseEvent) => void = () => undefined) =>
    rereadByRoom({ after: told(after) }, lastEventId, hasRoom$).subscribe({
      next: event => {
        log.push(event.id ?? event.data);
        onEvent(event);
      },
      error: error => log.push(String(error)),
      complete: () => log.push('complete'),
    });
  const told =
    (after: After): After =>
    place => {
      reads.push(`after ${place}`);
      return defer(() => after(place)).pipe(finalize(() => reads.push('left')));
    };
  /** Those of these events that come after an id, then what the tail gives. */
  const replay =
    (ids: readonly string[], tail$: Observable<SseEvent> = NEVER): After =>
    (place = '') =>
      concat(of(...ids.slice(ids.indexOf(place) + 1)).pipe(eventsOf), tail$);
  const fillAt = (id: string) => (event: SseEvent) => {
    if (event.id === id) hasRoom$.next(false);
  };

  it('gives what comes after the place of the reader', () => {
    read(replay(['1', '2', '3']), '1');
    expect(reads).to.deep.equal(['after 1']);
    expect(log).to.deep.equal(['2', '3']);
  });

  it('gives what comes to a reader without a place', () => {
    const events$ = new Subject<SseEvent>();
    read(() => events$);
    events$.next({ data: 'a' });
    expect(reads).to.deep.equal(['after undefined']);
    expect(log).to.deep.equal(['a']);
  });

  it('reads anew for each subscriber', () => {
    const events$ = rereadByRoom({ after: told(replay(['1', '2'])) }, '1', hasRoom$);
    events$.subscribe();
    events$.subscribe();
    expect(reads).to.deep.equal(['after 1', 'after 1']);
  });

  describe('when there is no more room', () => {
    it('leaves the source at once', () => {
      read(replay(['1']), '0');
      hasRoom$.next(false);
      expect(reads).to.deep.equal(['after 0', 'left']);
    });

    it('leaves it in the middle of what it replays', () => {
      read(replay(['1', '2', '3', '4']), undefined, fillAt('2'));
      expect(log).to.deep.equal(['1', '2']);
      expect(reads).to.deep.equal(['after undefined', 'left']);
    });

    it('leaves a source that replays without end', () => {
      const endless: After = () =>
        new Observable(subscriber => {
          for (let n = 1; !subscriber.closed; n++) subscriber.next({ id: `${n}` });
        });
      read(endless, undefined, fillAt('1000'));
      expect(log).to.have.length(1000);
    });

    it('comes back after the last event when there is', async () => {
      read(replay(['1', '2', '3', '4']), undefined, fillAt('2'));
      await settled();
      expect(log).to.deep.equal(['1', '2']);
      hasRoom$.next(true);
      await settled();
      expect(reads).to.deep.equal(['after undefined', 'left', 'after 2']);
      expect(log).to.deep.equal(['1', '2', '3', '4']);
    });

    it('comes back to where the reader began, if nothing came since', async () => {
      read(replay(['1', '2']), '2');
      hasRoom$.next(false);
      hasRoom$.next(true);
      await settled();
      expect(reads).to.deep.equal(['after 2', 'left', 'after 2']);
    });

    it('comes back whenever there is', async () => {
      read(replay(['1', '2', '3', '4']), undefined, () => hasRoom$.next(false));
      for (let n = 0; n < 5; n++) {
        hasRoom$.next(true);
        await settled();
      }
      expect(log).to.deep.equal(['1', '2', '3', '4']);
    });

    it('comes back also if there is room again by the time that the last event was given', async () => {
      hasRoom$.next(false);
      read(replay(['1', '2', '3']), undefined, () => hasRoom$.next(true));
      await settled();
      expect(log).to.deep.equal(['1', '2', '3']);
    });

    it('stays away if the room is gone again a moment later', async () => {
      read(replay(['1', '2']), undefined, fillAt('1'));
      hasRoom$.next(true);
      hasRoom$.next(false);
      await settled();
      expect(log).to.deep.equal(['1']);
      expect(reads).to.deep.equal(['after undefined', 'left']);
      hasRoom$.next(true);
      await settled();
      expect(log).to.deep.equal(['1', '2']);
    });

    it('stays away when it is told so again', async () => {
      read(replay(['1', '2']), undefined, fillAt('1'));
      hasRoom$.next(false);
      await settled();
      expect(reads).to.deep.equal(['after undefined', 'left']);
    });

    it('from the beginning reads nothing before there is, if the reader has a place', async () => {
      hasRoom$.next(false);
      read(replay(['1', '2']), '1');
      await settled();
      expect(reads).to.deep.equal([]);
      hasRoom$.next(true);
      await settled();
      expect(reads).to.deep.equal(['after 1']);
      expect(log).to.deep.equal(['2']);
    });
  });

  describe('stays, although there is no room,', () => {
    it('until there is a place to come back to', async () => {
      const events$ = new Subject<SseEvent>();
      hasRoom$.next(false);
      read(() => events$);
      events$.next({ data: 'a' });
      expect(reads).to.deep.equal(['after undefined']);
      events$.next({ id: '1' });
      expect(reads).to.deep.equal(['after undefined', 'left']);
      hasRoom$.next(true);
      await settled();
      expect(reads).to.deep.equal(['after undefined', 'left', 'after 1']);
      expect(log).to.deep.equal(['a', '1']);
    });

    for (const [name, event] of [
      ['an event without an id', { data: 'no id' }],
      ['an event that clears the id', { data: 'no id', id: '' }],
    ] as const) {
      it(`after ${name}, until the next one that has one`, async () => {
        const events$ = new Subject<SseEvent>();
        read(() => events$, '0');
        events$.next({ id: '1' });
        events$.next(event);
        hasRoom$.next(false);
        expect(reads).to.deep.equal(['after 0']);
        events$.next({ id: '2' });
        expect(reads).to.deep.equal(['after 0', 'left']);
        hasRoom$.next(true);
        await settled();
        expect(reads.at(-1)).to.equal('after 2');
      });
    }

    it('if there never is a place', () => {
      const events$ = new Subject<SseEvent>();
      read(() => events$);
      hasRoom$.next(false);
      for (const data of ['a', 'b', 'c']) events$.next({ data });
      expect(log).to.deep.equal(['a', 'b', 'c']);
      expect(reads).to.deep.equal(['after undefined']);
    });
  });

  describe('completes', () => {
    it('once, when the source does', async () => {
      read(replay(['1'], of()));
      await settled();
      expect(log).to.deep.equal(['1', 'complete']);
      expect(reads).to.deep.equal(['after undefined', 'left']);
    });

    it('when the source does after it was left', async () => {
      read(replay(['1', '2'], of()), undefined, fillAt('1'));
      hasRoom$.next(true);
      await settled();
      expect(log).to.deep.equal(['1', '2', 'complete']);
      expect(reads).to.deep.equal(['after undefined', 'left', 'after 1', 'left']);
    });

    it('only when there is room, if it was left before it could tell', async () => {
      hasRoom$.next(false);
      read(replay(['1'], of()));
      await settled();
      expect(log).to.deep.equal(['1']);
      hasRoom$.next(true);
      await settled();
      expect(log).to.deep.equal(['1', 'complete']);
    });

    it('without room, where the source gives no place', () => {
      hasRoom$.next(false);
      read(() => of({ data: 'a' }));
      expect(log).to.deep.equal(['a', 'complete']);
    });
  });

  describe('errors', () => {
    const mine = () => throwError(() => new Error('mine'));

    it('when the source does', () => {
      read(replay(['1'], mine()));
      expect(log).to.deep.equal(['1', 'Error: mine']);
    });

    it('when the source does after it was left', async () => {
      read(replay(['1', '2'], mine()), undefined, fillAt('1'));
      hasRoom$.next(true);
      await settled();
      expect(log).to.deep.equal(['1', '2', 'Error: mine']);
    });

    it('when it cannot be read', () => {
      rereadByRoom(failingAfter(0), undefined, hasRoom$).subscribe({
        error: error => log.push(String(error)),
      });
      expect(log).to.deep.equal(['Error: mine']);
    });

    it('when it cannot be read once more', async () => {
      rereadByRoom(failingAfter(1), undefined, hasRoom$).subscribe({
        next: fillAt('1'),
        error: error => log.push(String(error)),
      });
      hasRoom$.next(true);
      await settled();
      expect(log).to.deep.equal(['Error: mine']);
    });

    /** Can be read so many times. */
    function failingAfter(count: number) {
      const after: After = place => {
        if (count-- === 0) throw new Error('mine');
        return replay(['1', '2'])(place);
      };
      return { after };
    }
  });

  describe('unsubscribed from', () => {
    it('leaves the source', () => {
      read(replay(['1'])).unsubscribe();
      expect(reads).to.deep.equal(['after undefined', 'left']);
      expect(hasRoom$.observed).to.equal(false);
    });

    it('while it waits for room, waits no more', async () => {
      const subscription = read(replay(['1', '2']), undefined, fillAt('1'));
      subscription.unsubscribe();
      expect(hasRoom$.observed).to.equal(false);
      hasRoom$.next(true);
      await settled();
      expect(reads).to.deep.equal(['after undefined', 'left']);
    });

    it('at the moment that there is room, does not come back', async () => {
      const subscription = read(replay(['1', '2']), undefined, fillAt('1'));
      hasRoom$.next(true);
      subscription.unsubscribe();
      await settled();
      expect(reads).to.deep.equal(['after undefined', 'left']);
    });
  });

  describe('from a memoryLog', () => {
    const appendTo = async (events: ReturnType<typeof memoryLog>, ...data: readonly string[]) => {
      for (const each of data) await events.append({ data: each });
    };
    const readLog = (events: ReturnType<typeof memoryLog>) =>
      rereadByRoom(events, undefined, hasRoom$).subscribe(event =>
        log.push('data' in event ? event.data : 'place'),
      );

    it('gives what was appended while it was left', async () => {
      const events = memoryLog();
      readLog(events);
      await appendTo(events, 'a');
      hasRoom$.next(false);
      await appendTo(events, 'b', 'c');
      expect(log).to.deep.equal(['place', 'a']);
      hasRoom$.next(true);
      await appendTo(events, 'd');
      await settled();
      expect(log).to.deep.equal(['place', 'a', 'b', 'c', 'd']);
    });

    it('gives a gap where the log has dropped what came meanwhile', async () => {
      const events = memoryLog({ maxEvents: 2 });
      readLog(events);
      await appendTo(events, 'a');
      hasRoom$.next(false);
      await appendTo(events, 'b', 'c', 'd', 'e');
      hasRoom$.next(true);
      await settled();
      expect(log).to.deep.equal(['place', 'a', { reason: 'trimmed' }, 'd', 'e']);
    });
  });

  it('loses nothing and gives nothing twice, whenever there is room', async () => {
    const step = fc.constantFrom('append', 'append', 'append twice', 'room', 'no room', 'wait');
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 60 }),
        fc.array(fc.boolean(), { minLength: 1, maxLength: 7 }),
        fc.nat(3),
        async (steps, roomAfterEach, place) => {
          hasRoom$ = new BehaviorSubject(true);
          const events = countingLog(place + 2);
          const seen: unknown[] = [];
          const subscription = rereadByRoom(events, String(place), hasRoom$).subscribe(({ id }) => {
            seen.push(id);
            if (!roomAfterEach[seen.length % roomAfterEach.length]) hasRoom$.next(false);
          });
          for (const each of steps) {
            if (each.startsWith('append')) events.append(each === 'append' ? 1 : 2);
            else if (each === 'wait') await settled();
            else hasRoom$.next(each === 'room');
          }
          const expected = Array.from({ length: events.tip() - place }, (_, n) => String(place + 1 + n));
          // Each time that there is room, at least one goes on.
          for (let n = 0; n <= expected.length; n++) {
            hasRoom$.next(true);
            await settled();
          }
          subscription.unsubscribe();
          expect(seen).to.deep.equal(expected);
          expect(events.readers()).to.equal(0);
        },
      ),
      { numRuns: 200 },
    );
  });
});

function eventsOf(ids$: Observable<string>): Observable<SseEvent> {
  return ids$.pipe(map(id => ({ id })));
}

/** A log in which the id of an event is its number, from 1 on. */
function countingLog(tip: number) {
  const appended$ = new Subject<void>();
  let readers = 0;
  return {
    tip: () => tip,
    readers: () => readers,
    append: (count: number) => {
      tip += count;
      appended$.next();
    },
    after: (place = '0') =>
      new Observable<SseEvent>(subscriber => {
        let position = Number(place);
        const giveAll = () => {
          while (position < tip && !subscriber.closed) subscriber.next({ id: String(++position) });
        };
        readers++;
        subscriber.add(() => readers--);
        subscriber.add(appended$.subscribe(giveAll));
        giveAll();
      }),
  };
}
