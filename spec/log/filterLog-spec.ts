import { expect } from 'chai';
import { EventSource } from 'eventsource';
import {
  filter,
  finalize,
  firstValueFrom,
  NEVER,
  Observable,
  of,
  ReplaySubject,
  Subject,
  take,
  throwError,
  toArray,
} from 'rxjs';
import { fromSSE, type Resumable, type SseEvent } from '../../src/index.js';
import {
  createLog,
  filterLog,
  memoryLog,
  mergeLogs,
  type GapEvent,
  type LogDriver,
  type LogEvent,
  type PlaceEvent,
} from '../../src/log/index.js';
import { numbers } from '../contracts/log/stage.js';
import { dataOf, eventsOf, firstEvents } from '../support/eventsOf.js';
import { dispatched, logServers } from '../support/logServer.js';

const failure = new Error('mine');

describe('filterLog', () => {
  interface Count {
    readonly data: number;
  }
  /** A log of the numbers from 1 on, and the place before them. */
  const counted = async (count: number, config: { readonly maxEvents?: number } = {}) => {
    const log = memoryLog<Count>({ maxEvents: Infinity, ...config });
    const begun = await log.tip();
    for (const data of numbers(count, 1)) await log.append({ data });
    const idAt = (position: number) => begun.replace(/0$/, String(position));
    return { log, begun, idAt };
  };
  const logOf = (...events: readonly SseEvent[]): Resumable => ({ after: () => of(...events) });
  const short = (events: readonly SseEvent[]) =>
    events.map(({ id, data }) => (data === undefined ? `place ${id?.split('.')[1]}` : data));

  it('gives the events that the predicate lets through, as they are', async () => {
    const { log, begun } = await counted(10);
    const all = eventsOf(log, begun);
    const asked: unknown[] = [];
    const events = eventsOf(
      filterLog(log, event => {
        asked.push(event);
        return event.data % 5 === 0;
      }),
      begun,
    );
    expect(events.map(event => all.indexOf(event))).to.deep.equal([4, 9]);
    expect(asked).to.deep.equal(all);
  });

  it('gives everything, or nothing, if the predicate does', async () => {
    const { log, begun } = await counted(3);
    expect(
      short(
        eventsOf(
          filterLog(log, () => true),
          begun,
        ),
      ),
    ).to.deep.equal([1, 2, 3]);
    expect(
      eventsOf(
        filterLog(log, () => false),
        begun,
      ),
    ).to.deep.equal([]);
    expect(eventsOf(filterLog({ after: () => NEVER }, () => true))).to.deep.equal([]);
  });

  describe('moves the place on', () => {
    it('by an event with nothing but its id, every 100 events that are left out', async () => {
      const { log, begun, idAt } = await counted(350);
      expect(
        eventsOf(
          filterLog(log, () => false),
          begun,
        ),
      ).to.deep.equal([100, 200, 300].map(position => ({ id: idAt(position) })));
    });

    it('as often as it is told to', async () => {
      const { log, begun } = await counted(7);
      const none = (placeEvery?: number) =>
        short(
          eventsOf(
            filterLog(log, () => false, { placeEvery }),
            begun,
          ),
        );
      expect(none(1)).to.deep.equal(numbers(7, 1).map(n => `place ${n}`));
      expect(none(3)).to.deep.equal(['place 3', 'place 6']);
      expect(none(7)).to.deep.equal(['place 7']);
      expect(none(8)).to.deep.equal([]);
      expect(none(undefined)).to.deep.equal([]);
    });

    it('of those in a row, counted anew after each event that is shown', async () => {
      const { log, begun } = await counted(12);
      const every3 = filterLog(log, ({ data }) => [3, 6, 10].includes(data), { placeEvery: 3 });
      expect(short(eventsOf(every3, begun))).to.deep.equal([3, 6, 'place 9', 10]);
    });

    it('and anew after what carries a place by itself, and for each reader', () => {
      const left = (id: string) => ({ data: 'left out', id });
      const log = logOf(left('1'), { id: '2' }, left('3'), left('4'), left('5'));
      const filtered = filterLog(log, ({ data }) => data !== 'left out', { placeEvery: 2 });
      for (let reader = 0; reader < 2; reader++) {
        expect(eventsOf(filtered)).to.deep.equal([{ id: '2' }, { id: '4' }]);
      }
      const events$ = filtered.after(undefined);
      const two = [eventsOf({ after: () => events$ }), eventsOf({ after: () => events$ })];
      expect(two[1]).to.deep.equal(two[0]);
    });

    it('where there is one', () => {
      const log = logOf({ data: 1 }, { data: 2, id: 'x' }, { data: 3 }, { data: 4, id: 'y' });
      expect(eventsOf(filterLog(log, () => false, { placeEvery: 1 }))).to.deep.equal([
        { id: 'x' },
        { id: 'y' },
      ]);
      expect(eventsOf(filterLog(log, () => false, { placeEvery: 2 }))).to.deep.equal([{ id: 'y' }]);
    });

    it('so that who comes back reads no more than so many again', async () => {
      const pages: string[] = [];
      const { log, idAt, begun } = countingLog(1050, place => pages.push(place));
      const filtered = filterLog(log, ({ data }) => data === 7);
      const events = await firstEvents(filtered, 11, begun);
      expect(dataOf(events)).to.deep.equal([7]);
      expect(events.at(-1)).to.deep.equal({ id: idAt(1007) });

      // In another process.
      const { log: another } = countingLog(1050, place => pages.push(place));
      pages.length = 0;
      const asked: unknown[] = [];
      const again = filterLog(another, ({ data }) => {
        asked.push(data);
        return data === 1050;
      });
      expect(dataOf(await firstEvents(again, 1, events.at(-1)?.id))).to.deep.equal([1050]);
      expect(asked).to.deep.equal(numbers(43, 1008));
      expect(pages).to.deep.equal([idAt(1050), idAt(1007)]);
    });

    /** A log of numbers from 1 on, that tells of each place that its engine is asked for. */
    const countingLog = (count: number, onPage: (place: string) => void) => {
      const entries = numbers(count, 1).map(data => ({ data, id: `p${data}` }));
      const driver: LogDriver<Count> = {
        append: () => of(''),
        tip: () => of(`p${count}`),
        origin: () => of('p0'),
        page(place, limit) {
          onPage(place);
          const position = Number(place.slice(1));
          const page = entries.slice(position, position + limit);
          return of({ entries: page, isLast: position + page.length === count });
        },
        tail: () => NEVER,
        isTransient: () => false,
        close: () => of(undefined),
      };
      return {
        log: createLog(driver, { idleTimeout: 0 }),
        begun: 'p0',
        idAt: (position: number) => `p${position}`,
      };
    };
  });

  describe('lets through unasked', () => {
    const refuse = (): boolean => expect.fail('asked');

    it('a gap', async () => {
      const { log, begun, idAt } = await counted(5, { maxEvents: 2 });
      const asked: unknown[] = [];
      const filtered = filterLog(log, ({ data }) => asked.push(data) === 2);
      expect(await firstEvents(filtered, 2, begun)).to.deep.equal([
        { type: 'gap', data: { reason: 'trimmed' }, id: idAt(3) },
        { data: 5, id: idAt(5) },
      ]);
      expect(asked).to.deep.equal([4, 5]);
    });

    it('what only carries an id', async () => {
      const { log, idAt } = await counted(2);
      expect(eventsOf(filterLog(log, refuse))).to.deep.equal([{ id: idAt(2) }]);
    });

    it('whatever has no data', () => {
      const events = [
        { retry: 5 },
        { comment: 'a' },
        { type: 'note', id: '1' },
        { data: undefined, id: '2' },
      ];
      expect(eventsOf(filterLog(logOf(...events), refuse))).to.deep.equal(events);
    });
  });

  it('asks for data that are empty', () => {
    const events = [{ data: '' }, { data: null }, { data: 0 }, { data: false }];
    expect(eventsOf(filterLog(logOf(...events), () => false))).to.deep.equal([]);
  });

  it('goes on from where its reader was', async () => {
    const { log, idAt } = await counted(9);
    const even = filterLog(log, ({ data }) => data % 2 === 0, { placeEvery: 1 });
    expect(short(eventsOf(even, idAt(4)))).to.deep.equal(['place 5', 6, 'place 7', 8, 'place 9']);
  });

  it('errors where the predicate throws, for that reader only, and leaves the log', () => {
    let open = 0;
    const events$ = new Subject<Count & { readonly id: string }>();
    const log = {
      after: () =>
        new Observable<LogEvent<Count>>(subscriber => {
          open++;
          const subscription = events$.subscribe(subscriber);
          return () => {
            open--;
            subscription.unsubscribe();
          };
        }),
    };
    const outcomes: unknown[] = [];
    const filtered = filterLog(log, ({ data }) => {
      if (data === 2) throw failure;
      return true;
    });
    const record = {
      next: ({ data }: SseEvent) => outcomes.push(data),
      error: (is: unknown) => outcomes.push(is),
    };
    filtered.after(undefined).subscribe(record);
    filterLog(log, () => true)
      .after(undefined)
      .subscribe(record);
    expect(open).to.equal(2);
    events$.next({ data: 1, id: '1' });
    events$.next({ data: 2, id: '2' });
    events$.next({ data: 3, id: '3' });
    expect(outcomes).to.deep.equal([1, 1, failure, 2, 3]);
    expect(open).to.equal(1);
  });

  it('completes and errors as the log does, which it reads only while it is read', () => {
    const ends: unknown[] = [];
    const end = { complete: () => ends.push('complete'), error: (error: unknown) => ends.push(error) };
    filterLog(logOf({ data: 1 }), () => false)
      .after(undefined)
      .subscribe(end);
    filterLog({ after: () => throwError(() => failure) }, () => false)
      .after(undefined)
      .subscribe(end);
    expect(ends).to.deep.equal(['complete', failure]);

    const asked: unknown[] = [];
    let left = 0;
    const log: Resumable = {
      after(id) {
        asked.push(id);
        return NEVER.pipe(finalize(() => left++));
      },
    };
    const events$ = filterLog(log, () => false).after('x');
    expect(asked).to.deep.equal([]);
    for (let n = 0; n < 2; n++) events$.subscribe().unsubscribe();
    expect([asked, left]).to.deep.equal([['x', 'x'], 2]);
  });

  it('leaves an endless source in the middle of an event', () => {
    let asked = 0;
    const endless: Resumable<SseEvent<string, number>> = {
      after: () =>
        new Observable(subscriber => {
          while (!subscriber.closed) subscriber.next({ data: ++asked, id: String(asked) });
        }),
    };
    const seen: unknown[] = [];
    const leaving = new Subject<void>();
    new Observable<SseEvent>(subscriber => {
      leaving.subscribe(() => subscriber.complete());
      filterLog(endless, ({ data = 0 }) => data % 10 === 0)
        .after(undefined)
        .subscribe(subscriber);
    }).subscribe(({ data }) => {
      seen.push(data);
      if (data === 30) leaving.next();
    });
    expect(seen).to.deep.equal([10, 20, 30]);
    expect(asked).to.equal(30);
  });

  it('filters what is filtered, and what is merged', async () => {
    const { log, begun } = await counted(12);
    const even = filterLog(log, ({ data }) => data % 2 === 0, { placeEvery: 1 });
    const asked: number[] = [];
    const sixth = filterLog(even, ({ data }) => {
      asked.push(data);
      return data % 3 === 0;
    });
    expect(dataOf(eventsOf(sixth, begun))).to.deep.equal([6, 12]);
    expect(asked).to.deep.equal([2, 4, 6, 8, 10, 12]);

    const merged = mergeLogs({ even, all: log });
    const place = eventsOf(merged)[1]?.id;
    await log.append({ data: 13 });
    await log.append({ data: 14 });
    const ofMerged = filterLog(merged, event => event.log === 'even', { placeEvery: 1 });
    const events = eventsOf(ofMerged, place);
    expect(dataOf(events)).to.deep.equal([14]);
    expect(eventsOf(merged, events.at(-1)?.id)).to.deep.equal([]);
  });

  it('refuses a number of events that is none', () => {
    for (const placeEvery of [0, -1, 1.5, NaN, Infinity]) {
      expect(() => filterLog(memoryLog(), () => true, { placeEvery })).to.throw(
        RangeError,
        `placeEvery to be a whole number from 1 on, got ${placeEvery}`,
      );
    }
  });

  describe('over HTTP', () => {
    const serve = logServers();

    it('moves the resume point of a client that dispatches nothing', async () => {
      const { log, begun, idAt } = await counted(250);
      const { url } = await serve(filterLog(log, ({ data }) => data > 250));
      const places$ = new ReplaySubject<string>();
      let place = begun;
      const resumePoint = {
        reconnectionTime: undefined,
        get lastEventId() {
          return place;
        },
        set lastEventId(id) {
          place = id;
          places$.next(id);
        },
      };
      const seen$ = new ReplaySubject<unknown>();
      const subscription = fromSSE(url, { resumePoint }).subscribe(({ data }) => seen$.next([data, place]));
      await firstValueFrom(places$.pipe(filter(id => id === idAt(200))));
      await log.append({ data: 251 });
      // The first that is dispatched, two hundred events later.
      expect(await firstValueFrom(seen$)).to.deep.equal(['251', idAt(251)]);
      subscription.unsubscribe();
      const places = await firstValueFrom(places$.pipe(take(3), toArray()));
      expect(places).to.deep.equal([100, 200, 251].map(idAt));
    });

    it("has a browser's EventSource come back to where it has moved on to", async () => {
      const { log, idAt } = await counted(0);
      const asked: (string | undefined)[] = [];
      const ends = new Subject<void>();
      const reads = new Subject<void>();
      const filtered = filterLog(log, ({ data }) => data === 1000);
      const { url } = await serve({
        after: id => {
          asked.push(id);
          reads.next();
          return new Observable(subscriber => {
            ends.subscribe(() => subscriber.complete());
            return filtered.after(id).subscribe(subscriber);
          });
        },
      });
      const source = new EventSource(url);
      const messages: unknown[] = [];
      const message = new Subject<void>();
      source.addEventListener('message', ({ data, lastEventId }) => {
        messages.push([data, lastEventId]);
        message.next();
      });
      await firstValueFrom(reads);
      for (const data of numbers(299, 1)) await log.append({ data });
      const again = firstValueFrom(reads);
      ends.next();
      await again;
      const news = firstValueFrom(message);
      await log.append({ data: 1000 });
      await news;
      source.close();
      expect(asked).to.deep.equal([undefined, idAt(200)]);
      expect(messages).to.deep.equal([['1000', idAt(300)]]);
    });

    it('goes on with a slow reader, and leaves nothing out that it is shown', async () => {
      interface Text {
        readonly data: string;
      }
      const log = memoryLog<Text>({ maxEvents: Infinity });
      const filtered = filterLog(log, ({ data }) => data.startsWith('shown'));
      const { read, lag } = await serve(filtered);
      const reader = read();
      await reader.until('id: ');
      let count = 0;
      await lag(reader, async () => {
        await log.append({ data: `shown ${count++} ${'x'.repeat(65_536)}` });
        await log.append({ data: 'other' });
      });
      await log.append({ data: 'shown last' });
      await reader.until('data: shown last\n\n');
      const seen = dispatched(reader.body()).map(({ data }) => data.split(' ')[1]);
      expect(seen).to.deep.equal([...numbers(count).map(String), 'last']);
    }).timeout(20_000);
  });

  it('has types that know the events of the log', () => {
    interface Price {
      readonly type: 'price';
      readonly data: { readonly price: number };
    }
    const log = memoryLog<Price>();
    const dear = filterLog(log, event => {
      const type: 'price' = event.type;
      const id: string = event.id;
      return event.data.price > 1 && id !== type;
    });
    const same: Resumable<LogEvent<Price>> = dear;
    dear.after(undefined).subscribe(event => {
      const types: 'price' | 'gap' | undefined = event.type;
      if (event.type === 'price') return event.data.price.toFixed();
      const rest: GapEvent | PlaceEvent = event;
      return [rest, types];
    });
    const merged = filterLog(mergeLogs({ log, other: memoryLog() }), event =>
      event.type === 'price' ? event.log.length > 0 : event.log === 'log',
    );
    // @ts-expect-error there is no such data
    filterLog(log, ({ data }) => data.volume > 1);
    // @ts-expect-error not of this log
    const other: Resumable<LogEvent<{ readonly data: string }>> = dear;
    expect([same, merged, other]).to.have.length(3);
  });
});
