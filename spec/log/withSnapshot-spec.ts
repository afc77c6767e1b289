import { expect } from 'chai';
import {
  concat,
  EMPTY,
  from,
  map,
  NEVER,
  Observable,
  of,
  Subject,
  throwError,
  type ObservableInput,
} from 'rxjs';
import { SseLogError, type Resumable, type SseEvent } from '../../src/index.js';
import {
  memoryLog,
  mergeLogs,
  withSnapshot,
  type EventLog,
  type LogEvent,
  type MemoryLogConfig,
  type PlaceEvent,
} from '../../src/log/index.js';
import { append } from '../contracts/log/stage.js';
import { dispatched, logServers } from '../support/logServer.js';
import { readingOf, type Reading } from '../support/reading.js';
import { settled } from '../support/virtualTime.js';

const failure = new Error('mine');

describe('withSnapshot', () => {
  const readings: Reading[] = [];
  afterEach(() => {
    for (const reading of readings.splice(0)) reading.leave();
  });
  /** Subscribes at once. All that it gets has an id. */
  const read = (log: Resumable, lastEventId?: string) => {
    const events$ = log.after(lastEventId).pipe(
      map(event => {
        if (event.id === undefined) throw new Error('Expected an id');
        return { ...event, id: event.id };
      }),
    );
    const reading = readingOf(events$);
    readings.push(reading);
    return reading;
  };

  /** A log whose state is the list of all that was appended to it, and says which snapshot it is. */
  const listed = (config?: MemoryLogConfig) => {
    const log = memoryLog(config);
    const list: unknown[] = [];
    const places: string[] = [];
    const add = async (...data: readonly unknown[]) => {
      list.push(...data);
      return append(log, ...data);
    };
    const snapshots = withSnapshot(log, place => {
      places.push(place);
      return of({ type: 'list', data: [...list] });
    });
    return { log, add, places, snapshots };
  };

  it('gives a reader without an id the state, under the place that it is of, and then what changes it', async () => {
    const { log, add, places, snapshots } = listed();
    const ids = await add('a', 'b');
    const reader = read(snapshots);
    expect(await reader.until(1)).to.deep.equal([['a', 'b']]);
    expect(places).to.deep.equal([ids[1]]);
    ids.push(...(await add('c', 'd')));
    await reader.until(3);
    expect(reader.events).to.deep.equal([
      { type: 'list', data: ['a', 'b'], id: ids[1] },
      { data: 'c', id: ids[2] },
      { data: 'd', id: ids[3] },
    ]);
    await log.close();
    expect(await reader.over).to.equal('complete');
  });

  it('gives a reader that comes back what follows, and no state', async () => {
    const { add, places, snapshots } = listed();
    const [first, second] = await add('a', 'b');
    const reader = read(snapshots, first);
    expect(await reader.until(1)).to.deep.equal(['b']);
    // To the place of a snapshot, too.
    const other = read(snapshots);
    await other.until(1);
    expect(other.leave()).to.equal(second);
    const back = read(snapshots, second);
    await add('c');
    expect(await back.until(1)).to.deep.equal(['c']);
    expect(places).to.have.length(1);
  });

  it('has the log say what an empty id is', () => {
    const { log, asked } = scriptedLog();
    read(
      withSnapshot(log, () => [{ data: 'state' }]),
      '',
    );
    expect(asked).to.deep.equal(['']);
  });

  describe('reads the state', () => {
    const inputs: readonly [name: string, input: () => ObservableInput<SseEvent>][] = [
      ['a promise', () => Promise.resolve({ data: 'state' })],
      ['an array', () => [{ data: 'state' }]],
      ['an Observable', () => of({ data: 'state' })],
      [
        'an async iterable',
        async function* () {
          yield await Promise.resolve({ data: 'state' });
        },
      ],
    ];
    for (const [name, input] of inputs) {
      it(`from ${name}`, async () => {
        const log = memoryLog();
        const reader = read(withSnapshot(log, input));
        await reader.until(1);
        await log.append({ data: 1 });
        expect(await reader.until(2)).to.deep.equal(['state', 1]);
      });
    }

    it('once, and leaves what goes on', async () => {
      let left = 0;
      const state$ = new Observable<SseEvent>(subscriber => {
        for (const data of ['first', 'second']) subscriber.next({ data });
        return () => left++;
      });
      const log = memoryLog();
      const reader = read(withSnapshot(log, () => state$));
      await reader.until(1);
      expect(left).to.equal(1);
      await log.append({ data: 1 });
      expect(await reader.until(2)).to.deep.equal(['first', 1]);
    });

    it('after its place, so that what is appended in between comes again, and none is lost', async () => {
      const log = memoryLog();
      await append(log, 'before');
      const state = new Subject<SseEvent>();
      const asked = new Subject<string>();
      const places: string[] = [];
      asked.subscribe(place => places.push(place));
      const reader = read(
        withSnapshot(log, place => {
          asked.next(place);
          return state;
        }),
      );
      await settled();
      const [between, last] = await append(log, 'between', 'in the state');
      expect(reader.events).to.deep.equal([]);
      state.next({ data: 'state' });
      await append(log, 'after');
      expect(await reader.until(4)).to.deep.equal(['state', 'between', 'in the state', 'after']);
      expect(reader.events[0]?.id).to.equal(places[0]);
      expect(reader.events.slice(1, 3).map(({ id }) => id)).to.deep.equal([between, last]);
    });

    it('with an id of its own, after which it goes on', async () => {
      const log = memoryLog();
      const ids = await append(log, 'a', 'b', 'c');
      for (const [n, id] of ids.entries()) {
        const reader = read(withSnapshot(log, () => [{ data: 'state', id }]));
        expect(await reader.until(3 - n)).to.deep.equal(['state', ...['a', 'b', 'c'].slice(n + 1)]);
        expect(reader.events[0]?.id).to.equal(id);
      }
    });

    it('without changing it', async () => {
      const state = Object.freeze({ type: 'state', data: Object.freeze({ a: 1 }), retry: 5 });
      const log = memoryLog();
      const reader = read(withSnapshot(log, () => [state]));
      await reader.until(1);
      expect(reader.events).to.deep.equal([{ ...state, id: await log.tip() }]);
      expect(reader.events[0]).property('data').to.equal(state.data);
    });

    it('for each reader', async () => {
      const { add, places, snapshots } = listed();
      const first = read(snapshots);
      await first.until(1);
      await add('a');
      const second = read(snapshots);
      await second.until(1);
      await add('b');
      expect(await first.until(3)).to.deep.equal([[], 'a', 'b']);
      expect(await second.until(2)).to.deep.equal([['a'], 'b']);
      expect(places).to.have.length(2);
    });

    it('for each subscriber of one Observable, and not before', async () => {
      const { add, places, snapshots } = listed();
      const events$ = snapshots.after(undefined);
      await settled();
      expect(places).to.deep.equal([]);
      const readers = [0, 1].map(() => read({ after: () => events$ }));
      for (const reader of readers) await reader.until(1);
      await add('a');
      for (const reader of readers) expect(await reader.until(2)).to.deep.equal([[], 'a']);
      expect(places).to.have.length(2);
    });
  });

  describe('where the state cannot be read', () => {
    const failures: readonly [name: string, snapshot: () => ObservableInput<SseEvent>][] = [
      ['is rejected', () => Promise.reject(failure)],
      ['errors', () => throwError(() => failure)],
      [
        'throws',
        () => {
          throw failure;
        },
      ],
    ];
    for (const [name, snapshot] of failures) {
      it(`errors if it ${name}, and does not read the log`, async () => {
        const { log, asked } = scriptedLog();
        const reader = read(withSnapshot(log, snapshot));
        expect(await reader.over).to.equal(failure);
        expect(reader.events).to.deep.equal([]);
        expect(asked).to.deep.equal(['tip']);
      });
    }

    it('errors where it does so after a gap', async () => {
      const { add, log } = listed({ maxEvents: 1 });
      const [first] = await add('a', 'b', 'c');
      expect(
        await read(
          withSnapshot(log, () => throwError(() => failure)),
          first,
        ).over,
      ).to.equal(failure);
    });

    it('errors if there is none', async () => {
      const { log, asked } = scriptedLog();
      const reader = read(withSnapshot(log, () => EMPTY));
      expect(await reader.over).to.be.instanceOf(RangeError);
      expect(asked).to.deep.equal(['tip']);
    });

    it('errors if the log is closed', async () => {
      const { log, places, snapshots } = listed();
      await log.close();
      for (const id of [undefined, 'x']) {
        expect(await read(snapshots, id).over)
          .to.be.instanceOf(SseLogError)
          .and.include({ reason: 'closed' });
      }
      expect(places).to.deep.equal([]);
    });

    it('does not ask for it over and over where its id is none of the log', async () => {
      let count = 0;
      const log = memoryLog();
      const reader = read(
        withSnapshot(log, () => {
          // It would take the process with it.
          if (++count === 100) throw failure;
          return [{ data: 'state', id: 'of another log' }];
        }),
      );
      expect(await reader.over)
        .to.be.instanceOf(SseLogError)
        .and.include({ reason: 'gap', gap: 'invalid' });
      expect(reader.events).to.deep.equal([{ data: 'state', id: 'of another log' }]);
      expect(count).to.equal(1);
    });
  });

  describe('after a gap', () => {
    it('errors if the log has dropped the place of the state before that was read', async () => {
      const log = memoryLog({ maxEvents: 2 });
      await append(log, 'a');
      let count = 0;
      const snapshots = withSnapshot(log, async () => {
        await append(log, 'b', 'c', 'd');
        return { data: `state ${++count}` };
      });
      const reader = read(snapshots);
      expect(await reader.over)
        .to.be.instanceOf(SseLogError)
        .and.include({ reason: 'gap', gap: 'trimmed' });
      expect(reader.data).to.deep.equal(['state 1']);
      // It comes back, and is told the state again.
      expect(await read(snapshots, reader.leave()).until(1)).to.deep.equal(['state 2']);
    });

    it('gives the state in place of the gap, and goes on from there', async () => {
      const { add, places, snapshots } = listed({ maxEvents: 2 });
      const [first] = await add('a', 'b', 'c', 'd');
      for (const id of [first, 'of no log']) {
        const reader = read(snapshots, id);
        expect(await reader.until(1)).to.deep.equal([['a', 'b', 'c', 'd']]);
        expect(reader.events[0]?.id).to.equal(places.at(-1));
      }
      const reader = read(snapshots, first);
      await reader.until(1);
      await add('e');
      expect(await reader.until(2)).to.deep.equal([['a', 'b', 'c', 'd'], 'e']);
    });

    it('does so each time', async () => {
      const { log, asked, tails, tip } = scriptedLog();
      let count = 0;
      const reader = read(
        withSnapshot(log, () => Promise.resolve({ data: `state ${++count}` })),
        'x',
      );
      tails['x']?.next({ data: 1, id: 'y' });
      for (const place of ['p', 'q']) {
        tip(place);
        const [current] = Object.keys(tails).slice(-1);
        tails[current ?? '']?.next(gapAt('z'));
        await reader.until(place === 'p' ? 2 : 4);
        tails[place]?.next({ data: `after ${place}`, id: `${place}2` });
      }
      expect(reader.data).to.deep.equal([1, 'state 1', 'after p', 'state 2', 'after q']);
      expect(reader.events.map(({ id }) => id)).to.deep.equal(['y', 'p', 'p2', 'q', 'q2']);
      expect(asked).to.deep.equal(['x', 'left x', 'tip', 'p', 'left p', 'tip', 'q']);
    });

    it('gives nothing that the log gives with it', async () => {
      const { log, tails, tip } = scriptedLog();
      const withGap: LogEvent[] = [{ data: 1, id: 'a' }, gapAt('z'), { data: 'lost', id: 'b' }];
      const after = (id: string | undefined) => (id === 'x' ? from(withGap) : NEVER);
      tip('p');
      const reader = read(
        withSnapshot({ ...log, after }, () => [{ data: 'state' }]),
        'x',
      );
      expect(await reader.until(2)).to.deep.equal([1, 'state']);
      expect(tails).to.deep.equal({});
    });

    it('errors if the log is told to', async () => {
      const { add, snapshots, places } = listed({ maxEvents: 1, onGap: 'error' });
      const [first] = await add('a', 'b', 'c');
      expect(await read(snapshots, first).over)
        .to.be.instanceOf(SseLogError)
        .and.include({ reason: 'gap' });
      expect(places).to.deep.equal([]);
    });
  });

  describe('ends', () => {
    it('as the log does', async () => {
      for (const end of [EMPTY, throwError(() => failure)]) {
        const { log } = scriptedLog();
        const ended = { ...log, after: () => concat(of({ data: 1, id: 'a' }), end) };
        const outcome = end === EMPTY ? 'complete' : failure;
        expect(await read(withSnapshot(ended, () => [{ data: 'state' }])).over).to.equal(outcome);
        expect(
          await read(
            withSnapshot(ended, () => [{ data: 'state' }]),
            'x',
          ).over,
        ).to.equal(outcome);
      }
    });

    it('with the log that its readers wait at', async () => {
      const { log, snapshots } = listed();
      const readers = [read(snapshots), read(snapshots, await log.tip())];
      await readers[0]?.until(1);
      await log.close();
      for (const { over } of readers) expect(await over).to.equal('complete');
    });

    it('before the place is known, if it is unsubscribed from', async () => {
      const { log, asked, tip } = scriptedLog();
      let count = 0;
      const reader = read(withSnapshot(log, () => [{ data: ++count }]));
      reader.leave();
      tip('p');
      await settled();
      expect([count, asked]).to.deep.equal([0, ['tip']]);
    });

    it('while the state is read, of which it lets go', async () => {
      const { log, asked, tip } = scriptedLog();
      tip('p');
      const state = new Subject<SseEvent>();
      const reader = read(withSnapshot(log, () => state));
      await settled();
      expect(state.observed).to.equal(true);
      reader.leave();
      expect(state.observed).to.equal(false);
      state.next({ data: 'late' });
      expect([reader.events, asked]).to.deep.equal([[], ['tip']]);
    });

    it('in the middle of the state, before the log is read', async () => {
      const { log, asked, tip } = scriptedLog();
      tip('p');
      const left = new Subject<void>();
      new Observable<SseEvent>(subscriber => {
        left.subscribe(() => subscriber.complete());
        withSnapshot(log, () => [{ data: 'state' }])
          .after(undefined)
          .subscribe(subscriber);
      }).subscribe(() => left.next());
      await settled();
      expect(asked).to.deep.equal(['tip']);
    });

    it('while it reads the log, which it leaves', async () => {
      const { log, asked, tip } = scriptedLog();
      tip('p');
      const reader = read(withSnapshot(log, () => [{ data: 'state' }]));
      await reader.until(1);
      reader.leave();
      expect(asked).to.deep.equal(['tip', 'p', 'left p']);
    });
  });

  it('is one of several logs that are merged', async () => {
    const { add, snapshots } = listed({ maxEvents: 1 });
    const other = memoryLog();
    const merged = mergeLogs({ list: snapshots, other });
    await add('a');
    const first = read(merged);
    await first.until(1);
    const place = first.leave();
    await add('b');
    await other.append({ data: 1 });
    const second = read(merged, place);
    expect(await second.until(2)).to.have.deep.members(['b', 1]);
    await add('c', 'd');
    // Its place in the list has been trimmed, that in the other not.
    expect(await read(merged, place).until(2)).to.have.deep.members([['a', 'b', 'c', 'd'], 1]);
  });

  describe('over HTTP', () => {
    const serve = logServers();

    it('gives the state to who is new or was away for too long, and to nobody else', async () => {
      const { add, snapshots } = listed({ maxEvents: 2 });
      await add('a');
      const { read } = await serve(snapshots);
      const first = read();
      await first.until('data: ["a"]\n\n');
      first.leave();
      const [, place] = /^id: (.*)$/m.exec(first.body()) ?? [];
      await add('b', 'c');
      const second = read(place);
      await second.until('data: c\n\n');
      expect(dispatched(second.body()).map(({ data }) => data)).to.deep.equal(['b', 'c']);
      await add('d');
      const third = read(place);
      await third.until('data: ["a","b","c","d"]\n\n');
      await add('e');
      await third.until('data: e\n\n');
      expect(dispatched(third.body()).map(({ type }) => type)).to.deep.equal(['list', 'message']);
    });

    it('gives a slow reader all that changes, or the state again', async () => {
      const padding = 'x'.repeat(65_536);
      for (const maxEvents of [Infinity, 5]) {
        const log = memoryLog({ maxEvents });
        let count = 0;
        const add = () => log.append({ data: `${++count} ${padding}` });
        const { read, lag } = await serve(withSnapshot(log, () => [{ type: 'count', data: count }]));
        const reader = read();
        await reader.until('event: count\n');
        await reader.until('data: 0\n\n');
        await lag(reader, add);
        // Of the state it is all that there is, of an event only the beginning.
        await reader.until(maxEvents === 5 ? `data: ${count}\n\n` : `data: ${count} `);
        await add();
        await log.append({ data: 'last' });
        await reader.until('data: last\n\n');

        const events = dispatched(reader.body()).slice(0, -1);
        // Each number is the one after that before, but for that of a state.
        let states = 0;
        let number = -1;
        for (const { type, data } of events) {
          const next = Number(data.split(' ', 1)[0]);
          if (type === 'count') states++;
          else expect(next).to.equal(number + 1);
          number = next;
        }
        expect(number).to.equal(count);
        expect(states).to.equal(maxEvents === 5 ? 2 : 1);
      }
    }).timeout(30_000);
  });

  it('has types of both, and none of gaps', () => {
    interface Price {
      readonly type: 'price';
      readonly data: { readonly price: number };
    }
    const log: EventLog<Price> = memoryLog();
    const board = withSnapshot(log, place => [{ type: 'board', data: { place } } as const]);
    board.after(undefined).subscribe(event => {
      if (event.type === 'price') return event.data.price.toFixed();
      if (event.type === 'board') return event.data.place.length;
      const rest: PlaceEvent = event;
      return rest;
    });
    // @ts-expect-error a state is an event
    withSnapshot(log, () => [5]);
    // @ts-expect-error and there is one
    withSnapshot(log, () => undefined);
    expect(board).to.have.property('after');
  });

  /** A log that gives what the spec has it give, by the place that it is read from. */
  function scriptedLog() {
    const asked: string[] = [];
    const tails: Record<string, Subject<LogEvent>> = {};
    let place = 'p';
    const log: Pick<EventLog, 'after' | 'tip'> = {
      tip() {
        asked.push('tip');
        return Promise.resolve(place);
      },
      after: (id = 'none') =>
        new Observable(subscriber => {
          asked.push(id);
          const tail = (tails[id] = new Subject<LogEvent>());
          const subscription = tail.subscribe(subscriber);
          return () => {
            asked.push(`left ${id}`);
            subscription.unsubscribe();
          };
        }),
    };
    return { log, asked, tails, tip: (is: string) => (place = is) };
  }

  function gapAt(id: string): LogEvent {
    return { type: 'gap', data: { reason: 'trimmed' }, id };
  }
});
