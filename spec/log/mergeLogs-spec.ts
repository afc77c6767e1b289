import { expect } from 'chai';
import fc from 'fast-check';
import { EMPTY, finalize, merge, NEVER, Observable, of, Subject, throwError } from 'rxjs';
import type { Resumable, SseEvent } from '../../src/event-stream/index.js';
import {
  filterLog,
  memoryLog,
  mergeLogs,
  type EventLog,
  type GapEvent,
  type MergedEvent,
  type PlaceEvent,
} from '../../src/log/index.js';
import { dataOf, eventsOf, firstEvents } from '../support/eventsOf.js';
import { dispatched, logServers } from '../support/logServer.js';

const failure = new Error('mine');
const ascii = /^[!-~]+$/;

const lastIdOf = (events: readonly SseEvent[]) => events.at(-1)?.id ?? expect.fail('no id');

/** Gives these events whenever it is read, and notes where from. */
function scripted<E extends SseEvent>(...events: readonly E[]) {
  const asked: (string | undefined)[] = [];
  const log: Resumable<E> = {
    after(lastEventId) {
      asked.push(lastEventId);
      return merge(of(...events), NEVER);
    },
  };
  return { log, asked };
}

describe('mergeLogs', () => {
  describe('has ids', () => {
    it('that list the places in all logs', async () => {
      const prices = memoryLog();
      const news = memoryLog();
      const seen: SseEvent[] = [];
      const subscription = mergeLogs({ prices, news })
        .after(undefined)
        .subscribe(event => seen.push(event));
      const price = await prices.append({ data: 1 });
      const headline = await news.append({ data: 2 });
      subscription.unsubscribe();
      const [begun, empty] = [price, headline].map(id => id.replace(/1$/, '0'));
      expect(seen).to.deep.equal([
        { id: `prices=${begun}`, log: 'prices' },
        { id: `prices=${begun}&news=${empty}`, log: 'news' },
        { id: `prices=${price}&news=${empty}`, log: 'prices', data: 1 },
        { id: `prices=${price}&news=${headline}`, log: 'news', data: 2 },
      ]);
    });

    const names = ['a&b', 'a=b', '100%', '%41', 'a b', 'é', '😀', '\n', '"', '__proto__', 'constructor', '0'];
    for (const name of names) {
      it(`that a header can carry, of a log called ${JSON.stringify(name)}`, async () => {
        const log = memoryLog();
        const other = memoryLog();
        const merged = mergeLogs(Object.fromEntries([[name, log] as const, ['other', other] as const]));
        const begun = lastIdOf(eventsOf(merged));
        expect(begun).to.match(ascii);
        await log.append({ data: 1 });
        await other.append({ data: 2 });
        const events = eventsOf(merged, begun);
        expect(events.map(({ log, data }) => [log, data])).to.have.deep.members([
          [name, 1],
          ['other', 2],
        ]);
        expect(lastIdOf(events)).to.match(ascii);
        expect(eventsOf(merged, lastIdOf(events))).to.deep.equal([]);
      });
    }

    it('that bring each log its own, whatever they are and whatever the logs are called', () => {
      const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
      const some = fc.uniqueArray(fc.tuple(text, text), {
        selector: ([name]) => name,
        minLength: 1,
        maxLength: 5,
      });
      fc.assert(
        fc.property(some, pairs => {
          const logs = pairs.map(([name, id]) => [name, scripted({ data: 1, id })] as const);
          const merged = mergeLogs(Object.fromEntries(logs.map(([name, { log }]) => [name, log])));
          const id = lastIdOf(eventsOf(merged));
          expect(id).to.match(ascii);
          eventsOf(merged, id);
          expect(logs.map(([, { asked }]) => asked)).to.deep.equal(pairs.map(([, own]) => [undefined, own]));
        }),
        { numRuns: 300 },
      );
    });

    it('of 4096 characters, and no longer', () => {
      const merged = (length: number) =>
        mergeLogs({ a: scripted({ data: 1, id: 'x'.repeat(length - 2) }).log });
      expect(lastIdOf(eventsOf(merged(4096)))).to.have.length(4096);
      let error: unknown;
      merged(4097)
        .after(undefined)
        .subscribe({ error: (is: unknown) => (error = is) });
      expect(error)
        .to.be.instanceOf(RangeError)
        .with.property('message')
        .that.includes('4096')
        .and.includes('4097');
    });

    it('only of events that have one', () => {
      const a = scripted<SseEvent>({ data: 1, id: 'x' }, { data: 2 }, { comment: 'a' });
      const b = scripted({ data: 3, id: 'y' });
      expect(eventsOf(mergeLogs({ a: a.log, b: b.log }))).to.deep.equal([
        { data: 1, id: 'a=x', log: 'a' },
        { data: 2, log: 'a' },
        { comment: 'a', log: 'a' },
        { data: 3, id: 'a=x&b=y', log: 'b' },
      ]);
    });
  });

  describe('resumes each log', () => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ append: fc.constantFrom('a', 'b', 'c') }) },
      { weight: 1, arbitrary: fc.constant('leave' as const) },
      { weight: 1, arbitrary: fc.constant('come' as const) },
      // Comes back, and is cut off again after so many events.
      { weight: 2, arbitrary: fc.record({ take: fc.integer({ min: 1, max: 5 }) }) },
    );

    it('exactly where the reader was, whenever it is cut off', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 60 }), async steps => {
          const logs = {
            a: memoryLog({ from: 'earliest' }),
            b: memoryLog({ from: 'earliest' }),
            c: memoryLog({ from: 'earliest' }),
          };
          const appended: Record<keyof typeof logs, number[]> = { a: [], b: [], c: [] };
          const merged = mergeLogs(logs);
          const seen: MergedEvent<typeof logs>[] = [];
          const read = (most = Infinity) => {
            let count = 0;
            const leaving = new Subject<void>();
            const reader = new Observable<MergedEvent<typeof logs>>(subscriber => {
              leaving.subscribe(() => subscriber.complete());
              merged.after(seen.at(-1)?.id).subscribe(subscriber);
            }).subscribe(event => {
              seen.push(event);
              if (++count === most) leaving.next();
            });
            return () => reader.unsubscribe();
          };
          let leave: () => void = () => undefined;

          for (const [n, what] of steps.entries()) {
            if (typeof what === 'object' && 'append' in what) {
              await logs[what.append].append({ data: n });
              appended[what.append].push(n);
              continue;
            }
            leave();
            if (what === 'leave') continue;
            leave = read(what === 'come' ? undefined : what.take);
          }
          leave();
          read()();

          const ofLog = (events: typeof seen, name: string) =>
            dataOf(events.filter(({ log }) => log === name));
          for (const name of ['a', 'b', 'c'] as const) {
            expect(ofLog(seen, name)).to.deep.equal(appended[name]);
          }
          // So does anybody who comes back to any of the ids.
          for (const [index, { id }] of seen.entries()) {
            const before = seen.slice(0, index + 1);
            const after = eventsOf(merged, id);
            for (const name of ['a', 'b', 'c'] as const) {
              expect([...ofLog(before, name), ...ofLog(after, name)]).to.deep.equal(appended[name]);
            }
          }
        }),
        { numRuns: 150 },
      );
    });

    it('in order, where a reader appends to one as it gets an event of another', async () => {
      const a = memoryLog();
      const b = memoryLog();
      const merged = mergeLogs({ a, b });
      const seen: SseEvent[] = [];
      const subscription = merged.after(undefined).subscribe(event => {
        seen.push(event);
        if (event.log === 'a' && 'data' in event) void b.append({ data: `after ${String(event.data)}` });
      });
      const begun = lastIdOf(seen);
      for (const data of [1, 2]) await a.append({ data });
      subscription.unsubscribe();
      expect(dataOf(seen)).to.deep.equal([1, 'after 1', 2, 'after 2']);
      expect(dataOf(eventsOf(merged, begun))).to.deep.equal([1, 2, 'after 1', 'after 2']);
      expect(eventsOf(merged, lastIdOf(seen))).to.deep.equal([]);
    });

    it('of a merge of merges', async () => {
      const logs = { a: memoryLog(), b: memoryLog(), c: memoryLog() };
      const merged = mergeLogs({ inner: mergeLogs({ a: logs.a, b: logs.b }), c: logs.c });
      const begun = lastIdOf(eventsOf(merged));
      expect(begun).to.match(ascii);
      for (const [data, log] of [logs.a, logs.b, logs.c, logs.a].entries()) await log.append({ data });
      const events = eventsOf(merged, begun);
      expect(events.map(({ log, data }) => [log, data])).to.deep.equal([
        ['inner', 0],
        ['inner', 3],
        ['inner', 1],
        ['c', 2],
      ]);
      expect(dataOf(eventsOf(merged, events[1]?.id))).to.deep.equal([1, 2]);
      expect(dataOf(eventsOf(merged, events[2]?.id))).to.deep.equal([2]);
      expect(eventsOf(merged, events[3]?.id)).to.deep.equal([]);
    });

    it('that is new as for a reader without an id', async () => {
      const old = memoryLog();
      const latest = memoryLog();
      const earliest = memoryLog({ from: 'earliest' });
      const id = lastIdOf(eventsOf(mergeLogs({ old })));
      for (const log of [old, latest, earliest]) for (const data of [1, 2]) await log.append({ data });
      const events = eventsOf(mergeLogs({ old, latest, earliest }), id);
      expect(events.map(({ log, data }) => [log, data])).to.deep.equal([
        ['old', 1],
        ['old', 2],
        ['latest', undefined],
        ['earliest', 1],
        ['earliest', 2],
      ]);
      // From then on it has a place in each.
      expect(eventsOf(mergeLogs({ old, latest, earliest }), lastIdOf(events))).to.deep.equal([]);
    });

    it('but one that is gone', async () => {
      const stays = memoryLog();
      const id = lastIdOf(eventsOf(mergeLogs({ gone: memoryLog(), stays })));
      expect(id).to.include('gone=');
      const own = await stays.append({ data: 1 });
      expect(eventsOf(mergeLogs({ stays }), id)).to.deep.equal([
        { data: 1, id: `stays=${own}`, log: 'stays' },
      ]);
    });
  });

  describe('has each log say that an id is none of its own', () => {
    const a = memoryLog({ from: 'earliest' });
    const b = memoryLog();
    before(async () => {
      for (const log of [a, b]) await log.append({ data: 1 });
    });

    const ids = ['', 'x', '&', '=', 'a', 'a=', '=x', 'a&b', '%', 'a=%', 'a=%zz', 'a=%ff', 'a=x=y', 'a=x&b=%'];
    for (const id of ids) {
      it(`if it is "${id}", and goes on in each from the earliest`, () => {
        expect(eventsOf(mergeLogs({ a, b }), id).map(({ log, data }) => [log, data])).to.deep.equal([
          ['a', { reason: 'invalid', log: 'a' }],
          ['a', 1],
          ['b', { reason: 'invalid', log: 'b' }],
          ['b', 1],
        ]);
      });
    }

    it('but not if it is a list, whatever else is in it: the others are new', () => {
      for (const id of ['other=x', 'A=x', 'A=x&B=y']) {
        expect(eventsOf(mergeLogs({ a, b }), id).map(({ log, data }) => [log, data])).to.deep.equal([
          ['a', 1],
          ['b', undefined],
        ]);
      }
      const { id: place } = eventsOf(a)[0] ?? expect.fail();
      for (const id of [`a=${place}`, `a=${place}&x=y`, `a=x&a=${place}`]) {
        expect(eventsOf(mergeLogs({ a, b }), id)).to.deep.equal([
          { id: `a=${place}&b=${lastIdOf(eventsOf(b))}`, log: 'b' },
        ]);
      }
    });
  });

  it('refuses a log without a name that an id can carry', () => {
    const log = memoryLog();
    for (const name of ['', 'a\ud800']) expect(() => mergeLogs({ [name]: log })).to.throw(RangeError, 'name');
  });

  it('passes on no id that is empty, which would clear the place in all logs', () => {
    const log = { after: () => of({ data: 1, id: '' }) };
    expect(eventsOf(mergeLogs({ log }))).to.deep.equal([{ data: 1, log: 'log' }]);
  });

  describe('where one log has a gap', () => {
    it('says which, and does not disturb the others', async () => {
      const short = memoryLog({ maxEvents: 1 });
      const long = memoryLog();
      const merged = mergeLogs({ short, long });
      const id = lastIdOf(eventsOf(merged));
      for (const data of [1, 2, 3]) for (const log of [short, long]) await log.append({ data });
      const events = await firstEvents(merged, 5, id);
      const of = (name: string) =>
        events.filter(({ log }) => log === name).map(({ type, data }) => [type, data]);
      expect(of('short')).to.deep.equal([
        ['gap', { reason: 'trimmed', log: 'short' }],
        [undefined, 3],
      ]);
      expect(of('long')).to.deep.equal([1, 2, 3].map(data => [undefined, data]));
      // The place of the gap is one to come back to.
      expect(events[0]?.type).to.equal('gap');
      expect(dataOf(await firstEvents(merged, 4, events[0]?.id))).to.have.members([3, 1, 2, 3]);
    });

    it('does not change what the log has emitted', () => {
      const gap = Object.freeze({ type: 'gap', data: Object.freeze({ reason: 'trimmed' }), id: 'x' });
      const { log } = scripted(gap);
      expect(dataOf(eventsOf(mergeLogs({ a: log })))).to.deep.equal([{ reason: 'trimmed', log: 'a' }]);
      expect(gap).to.deep.equal({ type: 'gap', data: { reason: 'trimmed' }, id: 'x' });
    });

    it('lets data be that has no room for a name', () => {
      for (const data of ['text', 5, null]) {
        const { log } = scripted({ type: 'gap', data, id: 'x' });
        expect(eventsOf(mergeLogs({ a: log }))).to.deep.equal([{ type: 'gap', data, id: 'a=x', log: 'a' }]);
      }
    });
  });

  it('labels events without changing them, nor what is in them', () => {
    const event = Object.freeze({
      data: Object.freeze({ n: 1 }),
      id: 'x',
      type: 't',
      retry: 5,
      comment: 'c',
    });
    const { log } = scripted(event);
    const events = [...eventsOf(mergeLogs({ a: log })), ...eventsOf(mergeLogs({ b: log, a: log }))];
    expect(events).to.deep.equal([
      { ...event, id: 'a=x', log: 'a' },
      { ...event, id: 'b=x', log: 'b' },
      { ...event, id: 'b=x&a=x', log: 'a' },
    ]);
    for (const { data } of events) expect(data).to.equal(event.data);
    expect(event.id).to.equal('x');
  });

  it('errors as soon as any log does, and leaves the others', () => {
    let left = 0;
    const failing = new Subject<SseEvent>();
    const other = { after: () => NEVER.pipe(finalize(() => left++)) };
    const outcome: unknown[] = [];
    mergeLogs({ failing: { after: () => failing }, other })
      .after(undefined)
      .subscribe({ next: ({ data }) => outcome.push(data), error: (error: unknown) => outcome.push(error) });
    failing.next({ data: 1 });
    failing.error(failure);
    expect(outcome).to.deep.equal([1, failure]);
    expect(left).to.equal(1);
  });

  it('errors where a log throws as it is asked', () => {
    const thrower: Resumable = { after: () => expect.fail('mine') };
    let error: unknown;
    mergeLogs({ thrower })
      .after(undefined)
      .subscribe({ error: (is: unknown) => (error = is) });
    expect(String(error)).to.include('mine');
    mergeLogs({ failing: { after: () => throwError(() => failure) } })
      .after('x')
      .subscribe({ error: (is: unknown) => (error = is) });
    expect(error).to.equal(failure);
  });

  it('completes once all logs are closed, and goes on with one until then', async () => {
    const a = memoryLog();
    const b = memoryLog();
    const outcome: unknown[] = [];
    mergeLogs({ a, b })
      .after(undefined)
      .subscribe({
        next: ({ data }) => data !== undefined && outcome.push(data),
        complete: () => outcome.push('complete'),
      });
    await a.close();
    await b.append({ data: 1 });
    expect(outcome).to.deep.equal([1]);
    await b.close();
    expect(outcome).to.deep.equal([1, 'complete']);
  });

  it('completes at once with no log, or none that goes on', () => {
    for (const logs of [{}, { a: { after: () => EMPTY } }]) {
      let isComplete = false;
      mergeLogs(logs)
        .after(undefined)
        .subscribe({ complete: () => (isComplete = true) });
      expect(isComplete).to.equal(true);
    }
  });

  it('reads nothing before it is subscribed to, and leaves all logs when it is unsubscribed from', () => {
    let asked = 0;
    let open = 0;
    const counting = {
      after: () => {
        asked++;
        return new Observable<SseEvent>(() => {
          open++;
          return () => open--;
        });
      },
    };
    const events$ = mergeLogs({ a: counting, b: counting }).after('a=x');
    expect([asked, open]).to.deep.equal([0, 0]);
    const subscriptions = [events$.subscribe(), events$.subscribe()];
    expect([asked, open]).to.deep.equal([4, 4]);
    for (const subscription of subscriptions) subscription.unsubscribe();
    expect(open).to.equal(0);
  });

  it('leaves all logs where it is left in the middle of an event', () => {
    const seen: unknown[] = [];
    let asked = 0;
    const endless = {
      after: () =>
        new Observable<SseEvent>(subscriber => {
          asked++;
          for (let n = 0; !subscriber.closed; n++) subscriber.next({ data: n, id: String(n) });
        }),
    };
    const leaving = new Subject<void>();
    new Observable<SseEvent>(subscriber => {
      leaving.subscribe(() => subscriber.complete());
      mergeLogs({ a: endless, b: endless }).after(undefined).subscribe(subscriber);
    }).subscribe(({ data }) => {
      seen.push(data);
      if (data === 2) leaving.next();
    });
    expect(seen).to.deep.equal([0, 1, 2]);
    expect(asked).to.equal(1);
  });

  it('counts for each of two subscribers of one Observable', async () => {
    const a = memoryLog({ from: 'earliest' });
    const b = memoryLog({ from: 'earliest' });
    for (const log of [a, b]) await log.append({ data: 1 });
    const events$ = mergeLogs({ a, b }).after(undefined);
    const same = { after: () => events$ };
    const first = eventsOf(same);
    expect(eventsOf(same)).to.deep.equal(first);
    expect(first[0]?.id).not.to.include('b=');
  });

  describe('over HTTP', () => {
    const serve = logServers();

    it('goes on where Last-Event-ID says, with each log', async () => {
      const prices = memoryLog();
      const news = memoryLog({ maxEvents: 1 });
      const { read } = await serve(mergeLogs({ prices, news, 'é&=%': memoryLog() }));
      const first = read();
      await first.until('&%C3%A9%26%3D%25=');
      await prices.append({ type: 'price', data: 1 });
      await first.until('data: 1\n\n');
      first.leave();
      const place = /^id: (.*)$/m.exec(first.body().slice(first.body().indexOf('price\n')))?.[1];

      for (const data of [2, 3]) {
        await prices.append({ type: 'price', data });
        await news.append({ type: 'news', data });
      }
      const second = read(place);
      await second.until('event: news\n');
      await second.until('data: 3\n\n');
      const events = dispatched(second.body()).map(({ type, data }) => `${type} ${data}`);
      expect(events).to.deep.equal(['price 2', 'price 3', 'gap {"reason":"trimmed","log":"news"}', 'news 3']);
    });

    it('keeps nothing for a slow reader, and goes on with it', async () => {
      const a = memoryLog<{ type: 'a'; data: string }>({ maxEvents: Infinity });
      const b = memoryLog<{ type: 'b'; data: string }>({ maxEvents: Infinity });
      const { read, lag } = await serve(mergeLogs({ a, b }));
      const reader = read();
      await reader.until('&b=');
      const padding = 'x'.repeat(65_536);
      let count = 0;
      await lag(reader, async () => {
        await a.append({ type: 'a', data: `${count} ${padding}` });
        await b.append({ type: 'b', data: `${count++} ${padding}` });
      });
      await a.append({ type: 'a', data: 'last of a' });
      await b.append({ type: 'b', data: 'last of b' });
      await Promise.all(['a', 'b'].map(name => reader.until(`data: last of ${name}\n\n`)));
      const events = dispatched(reader.body());
      for (const name of ['a', 'b']) {
        const numbers = events.filter(({ type }) => type === name).map(({ data }) => data.split(' ', 1)[0]);
        expect(numbers).to.deep.equal([...Array.from({ length: count }, (_, n) => String(n)), 'last']);
      }
    }).timeout(20_000);
  });

  it('has types that tell one log from another', () => {
    interface Price {
      readonly type: 'price';
      readonly data: { readonly price: number };
    }
    interface News {
      readonly type: 'news';
      readonly data: string;
    }
    const prices = memoryLog<Price>();
    const news: EventLog<News> = memoryLog();
    const merged = mergeLogs({ prices, news: filterLog(news, ({ data }) => data.length > 0) });
    const check = (event: MergedEvent<{ prices: typeof prices; news: typeof news }>) => {
      const name: 'prices' | 'news' = event.log;
      const id: string = event.id;
      if (event.log === 'prices') {
        const types: 'price' | 'gap' | undefined = event.type;
        // @ts-expect-error there may be a gap, or only a place
        return [types, event.data.price];
      }
      const types: 'news' | 'gap' | undefined = event.type;
      if (event.type === 'news') return event.data.length;
      const rest: GapEvent | PlaceEvent = event;
      return [name, id, types, rest];
    };
    merged.after(undefined).subscribe(event => {
      if (event.type === 'price') {
        const from: 'prices' = event.log;
        return [from, event.data.price.toFixed()];
      }
      if (event.type === 'news') return event.data.length;
      // @ts-expect-error there is no such log
      return event.log === 'other';
    });
    // @ts-expect-error that is no log
    expect(mergeLogs({ prices: {} })).to.have.property('after');
    expect(check({ log: 'news', type: 'news', data: 'abc', id: 'news=1' })).to.equal(3);
  });
});
