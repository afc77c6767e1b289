import { expect } from 'chai';
import { once } from 'node:events';
import type { Server } from 'node:http';
import request from 'supertest';
import {
  concat,
  defer,
  EMPTY,
  finalize,
  firstValueFrom,
  ignoreElements,
  lastValueFrom,
  map,
  NEVER,
  Observable,
  of,
  range,
  Subject,
  take,
  throwError,
  timer,
  toArray,
} from 'rxjs';
import { fromSSE, SseEventError, SseOverflowError, type SseEvent } from '../../src/index.js';
import type { SseContext, SseProject, SseStreamClosing, ToSseConfig } from '../../src/server/index.js';
import { listen } from '../support/listen.js';
import { rawReader, type RawRequest } from '../support/rawReader.js';

/** Serves, at every path, what the door's `toSSE` makes of a project. */
export type Door = (project: SseProject<unknown>, config?: ToSseConfig) => Server;

/** What `toSSE` promises, at whatever door. */
export function serverContract(door: Door): void {
  let server: Server;
  let port: number;
  let errors: unknown[];
  let closings: Subject<SseStreamClosing>;
  const a: SseEvent = { data: 'a' };
  const b: SseEvent = { data: 'b' };
  /** The first bytes of a stream. */
  const begun = ': keep-alive 15000\n\n';

  beforeEach(() => {
    errors = [];
    closings = new Subject();
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const serve = async (project: SseProject<unknown>, config: ToSseConfig = {}) => {
    server = door(project, {
      errorObserver: error => errors.push(error),
      closeObserver: closings,
      ...config,
    });
    port = await listen(server);
  };
  const reader = (rawRequest?: RawRequest) => rawReader(port, rawRequest);
  const url = () => `http://127.0.0.1:${port}`;
  const closing = () => firstValueFrom(closings);
  const bodyOf = async () => (await request(url()).get('/').expect(200)).text;
  /** A source that tells of each subscription and each end of one. */
  const watched = (source: Observable<SseEvent> = NEVER) => {
    const subscribed = new Subject<void>();
    const finalized = new Subject<void>();
    const log: string[] = [];
    subscribed.subscribe(() => log.push('subscribed'));
    finalized.subscribe(() => log.push('finalized'));
    const events$ = defer(() => {
      subscribed.next();
      return source.pipe(finalize(() => finalized.next()));
    });
    return {
      events$,
      log,
      subscribed: firstValueFrom(subscribed),
      finalized: firstValueFrom(finalized),
    };
  };

  describe('begins a stream', () => {
    it('with its head and a comment, at once, however quiet the source is', async () => {
      await serve(() => NEVER);
      const { until, received } = reader();
      await until(begun);
      const head = received().toLowerCase();
      expect(head).to.match(/^http\/1\.1 200 ok\r\n/);
      expect(head).to.include('\r\ncontent-type: text/event-stream; charset=utf-8\r\n');
      expect(head).to.include('\r\ncache-control: no-cache, no-transform\r\n');
      expect(head).to.include('\r\nx-accel-buffering: no\r\n');
    });

    it('with a comment also where there is no keep-alive to announce', async () => {
      await serve(() => of(a), { keepAlive: false });
      expect(await bodyOf()).to.match(/^: .+\n\ndata: a\n\n$/);
    });

    it('with the reconnection time that it is given, before any event', async () => {
      await serve(() => of(a), { retry: 0 });
      expect(await bodyOf()).to.equal(': keep-alive 15000\nretry: 0\n\ndata: a\n\n');
    });

    it('never with a reconnection time that cannot be written', () => {
      for (const retry of [-1, 1.5, NaN, Infinity]) {
        expect(() => door(() => NEVER, { retry })).to.throw(SseEventError, 'retry');
      }
    });

    const outOfRange: Readonly<Record<string, readonly number[]>> = {
      keepAlive: [0, -1, NaN, Infinity, 2 ** 31],
      stallTimeout: [0, -1, NaN, 2 ** 31],
      bufferLimit: [-1, NaN],
    };
    for (const [option, values] of Object.entries(outOfRange)) {
      it(`never with a ${option} out of its range`, () => {
        for (const value of values) {
          expect(() => door(() => NEVER, { [option]: value })).to.throw(RangeError, option);
        }
      });
    }

    it('and subscribes to nothing, where only the head is asked for', async () => {
      const source = watched();
      await serve(() => source.events$);
      const { socket, until, received } = reader({ method: 'HEAD' });
      await until('\r\n\r\n');
      expect(received()).to.match(/^HTTP\/1\.1 200 OK\r\n[^]*content-type: text\/event-stream/i);
      // The connection serves the next request.
      socket.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
      await until(begun);
      expect(received().match(/HTTP\/1\.1/g)).to.have.length(2);
      expect(source.log).to.deep.equal(['subscribed']);
    });
  });

  describe('writes', () => {
    it('each event as it comes', async () => {
      const events$ = new Subject<SseEvent>();
      await serve(() => events$);
      const { until } = reader();
      await until(begun);
      for (const n of [1, 2, 3]) {
        events$.next({ data: n });
        await until(`data: ${n}\n\n`);
      }
    });

    it('all fields of an event, and of a received one no more than those', async () => {
      const received = { type: 'tick', data: 'a', id: '', lastEventId: '7', origin: 'https://example.com' };
      await serve(() => of({ type: 't', data: { n: 1 }, id: '0', retry: 5, comment: 'c' }, received));
      expect(await bodyOf()).to.match(
        /^: .*\n\n: c\nretry: 5\nevent: t\nid: 0\ndata: {"n":1}\n\nevent: tick\nid: \ndata: a\n\n$/,
      );
    });

    it('the events of one turn at once', async () => {
      const events$ = new Subject<SseEvent>();
      await serve(() => events$);
      const { until, writes } = reader();
      await until(begun);
      for (const n of [1, 2, 3]) events$.next({ data: n });
      await until('data: 3');
      expect(writes()).to.deep.equal([begun, 'data: 1\n\ndata: 2\n\ndata: 3\n\n']);
    });

    it('what was emitted while it subscribed together with the head', async () => {
      await serve(() => concat(of(a, b), NEVER));
      const { until, writes } = reader();
      await until('data: b');
      expect(writes()).to.deep.equal([': keep-alive 15000\n\ndata: a\n\ndata: b\n\n']);
    });

    it('one object to many readers, frozen or not, and leaves it as it is', async () => {
      const event = Object.freeze({ data: { n: 1 } });
      const events$ = new Subject<SseEvent>();
      await serve(() => events$);
      const readers = [reader(), reader(), reader()];
      await Promise.all(readers.map(({ until }) => until(begun)));
      events$.next(event);
      await Promise.all(readers.map(({ until }) => until('data: {"n":1}\n\n')));
      expect(event).to.deep.equal({ data: { n: 1 } });
    });

    const sources: Readonly<Record<string, () => ReturnType<SseProject<unknown>>>> = {
      'an Observable': () => of(a, b),
      'an iterable': () => [a, b],
      'an async iterable': async function* () {
        yield* await Promise.resolve([a, b]);
      },
      'a ReadableStream': () =>
        new ReadableStream<SseEvent>({
          start(controller) {
            controller.enqueue(a);
            controller.enqueue(b);
            controller.close();
          },
        }),
      'something that can be read from a place': () => ({
        after: id => of({ ...a, id: `${id} a` }, { ...b, id: `${id} b` }),
      }),
      'a promise of any of them': () => Promise.resolve(of(a, b)),
    };
    for (const [name, source] of Object.entries(sources)) {
      it(`what ${name} gives`, async () => {
        await serve(source);
        const data = fromSSE(url()).pipe(
          take(2),
          map(event => event.data),
          toArray(),
        );
        expect(await lastValueFrom(data)).to.deep.equal(['a', 'b']);
      });
    }

    it('a relay of another stream, ids kept', async () => {
      await serve(() =>
        concat(of({ type: 'tick', data: '1\n2', id: 'x1' }, { data: 'b' }, { data: 'c', id: '' })),
      );
      const upstream = server;
      const from$ = fromSSE(url(), { reconnect: false });
      await serve(() => from$);
      const relayed = await lastValueFrom(fromSSE(url(), { reconnect: false }).pipe(toArray()));
      upstream.close();
      const origin = url();
      expect(relayed).to.deep.equal([
        { type: 'tick', data: '1\n2', id: 'x1', lastEventId: 'x1', origin },
        { type: 'message', data: 'b', lastEventId: 'x1', origin },
        { type: 'message', data: 'c', id: '', lastEventId: '', origin },
      ]);
    });
  });

  describe('tells the project', () => {
    const contextOf = async (rawRequest: RawRequest) => {
      const contexts = new Subject<SseContext>();
      const first = firstValueFrom(contexts);
      await serve((_, context) => {
        contexts.next(context);
        return EMPTY;
      });
      const { socket } = reader(rawRequest);
      const context = await first;
      socket.destroy();
      return context;
    };

    it('the last event ID of the header', async () => {
      const headers = { 'Last-Event-ID': '7' };
      expect(await contextOf({ path: '/?lastEventId=8', headers })).to.include({ lastEventId: '7' });
    });

    it('as text, where it came as UTF-8', async () => {
      const headers = { 'Last-Event-ID': 'é…😀' };
      expect(await contextOf({ headers })).to.include({ lastEventId: 'é…😀' });
    });

    it('the one of the query, where the header has none', async () => {
      expect(await contextOf({ path: '/?a=b&lastEventId=%C3%A9' })).to.include({ lastEventId: 'é' });
    });

    it('that there is none', async () => {
      expect(await contextOf({ headers: { 'Last-Event-ID': '' } })).to.include({ lastEventId: undefined });
    });

    it('none that no event could have had', async () => {
      expect(await contextOf({ path: '/?lastEventId=a%0Ab' })).to.include({ lastEventId: undefined });
    });
  });

  describe('ends a stream', () => {
    it('properly when the source completes, after all that it gave', async () => {
      await serve(() => of(a, b));
      const { over, received } = reader();
      const closed = closing();
      expect(await over()).to.equal('ended');
      expect(received()).to.include('data: a\n\ndata: b\n\n');
      expect(await closed).to.include({ reason: 'complete', events: 2 });
    });

    it('properly when the source completes later, though it gave nothing', async () => {
      await serve(() => timer(1).pipe(ignoreElements()));
      expect(await reader().over()).to.equal('ended');
    });

    it('with a 204 when the source completes at once and empty, on a connection that goes on', async () => {
      await serve(() => EMPTY);
      const { socket, until, received } = reader();
      await until('\r\n\r\n');
      socket.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
      await until('\r\n\r\nHTTP/1.1 204');
      expect(received()).to.match(/^HTTP\/1\.1 204 No Content\r\n/);
      expect(received().toLowerCase()).not.to.include('event-stream');
    });

    it('with a 204 also when the project took its time', async () => {
      await serve(() => Promise.resolve([]));
      await request(url()).get('/').expect(204);
    });

    it('without a loss, though its reader takes it slowly', async () => {
      const data = 'x'.repeat(1000);
      await serve(() => range(1, 900).pipe(map(id => ({ data, id: String(id) }))));
      const { socket, over, received } = reader();
      socket.pause();
      await once(socket, 'connect');
      const closed = closing();
      socket.resume();
      expect(await over()).to.equal('ended');
      expect(received().match(/^id: /gm)).to.have.length(900);
      expect(await closed).to.include({ reason: 'complete', events: 900 });
    });

    it('by cutting it off when the source fails, after all that it gave', async () => {
      await serve(() =>
        concat(
          of(a),
          defer(() => Promise.reject(new Error('db password'))),
        ),
      );
      const { over, received } = reader();
      const closed = closing();
      expect(await over()).to.equal('cut');
      expect(received()).to.include('data: a\n\n').and.not.include('password');
      expect(errors.map(String)).to.deep.equal(['Error: db password']);
      expect(await closed).to.include({ reason: 'error', error: errors[0], events: 1 });
    });

    it('by cutting it off also when the source fails at once, after an event', async () => {
      await serve(() =>
        concat(
          of(a),
          throwError(() => new Error('mine')),
        ),
      );
      const { over, received } = reader();
      expect(await over()).to.equal('cut');
      expect(received()).to.include('data: a\n\n');
    });

    it('and tells the console of a failure, if nobody else', async () => {
      const mine = new Error('mine');
      const { error: original } = console;
      const told = new Promise(resolve => (console.error = resolve));
      await serve(() => timer(1).pipe(map(() => expect.fail(mine.message))), {
        errorObserver: console.error,
      });
      expect(await reader().over()).to.equal('cut');
      expect(await told).to.include({ message: 'mine' });
      console.error = original;
    });

    const invalid: Readonly<Record<string, SseEvent>> = {
      'a line break in its id': { data: 'x', id: '1\ndata: forged' },
      'a line break in its type': { data: 'x', type: 't\r\n\r\ndata: forged' },
      'data that JSON refuses': { data: 1n },
    };
    for (const [name, event] of Object.entries(invalid)) {
      it(`by cutting it off at an event with ${name}, while other readers go on`, async () => {
        const bad$ = new Subject<SseEvent>();
        const good$ = new Subject<SseEvent>();
        const sources = [bad$, good$];
        await serve(() => sources.shift() ?? EMPTY);
        const bad = reader();
        await bad.until(begun);
        const good = reader();
        await good.until(begun);

        bad$.next(a);
        bad$.next(event);
        bad$.next(b);
        expect(await bad.over()).to.equal('cut');
        expect(bad.received())
          .to.include('data: a\n\n')
          .and.not.match(/forged|data: [bx]/);
        expect(errors).to.have.length(1);
        expect(errors[0]).to.be.instanceOf(SseEventError);
        expect(bad$.observed).to.equal(false);

        good$.next(b);
        await good.until('data: b\n\n');
      });
    }
  });

  describe('leaves it to the framework', () => {
    const mine = new Error('mine');
    const failures: Readonly<Record<string, SseProject<unknown>>> = {
      'when the project throws': () => {
        throw mine;
      },
      'when its promise is rejected': () => Promise.reject(mine),
      'when the source fails at once': () => throwError(() => mine),
      'when the source that was promised fails at once': () => Promise.resolve(throwError(() => mine)),
      // What JavaScript may return, whatever the types say.
      'when there is no source': () => JSON.parse('null'),
    };
    for (const [name, project] of Object.entries(failures)) {
      it(name, async () => {
        await serve(project);
        const { headers } = await request(url()).get('/').expect(500);
        expect(headers['content-type'] ?? '').not.to.include('event-stream');
        expect(headers['cache-control'] ?? '').not.to.include('no-transform');
        expect(errors).to.deep.equal([]);
      });
    }
  });

  describe('unsubscribes', () => {
    it('as soon as the reader leaves, once, however quiet the source is', async () => {
      const source = watched();
      await serve(() => source.events$);
      const { until, leave } = reader();
      await until(begun);
      const closed = closing();
      leave();
      await source.finalized;
      expect(await closed).to.include({ reason: 'gone', events: 0 });
      expect(source.log).to.deep.equal(['subscribed', 'finalized']);
    });

    it('one reader, while the others go on', async () => {
      const events$ = new Subject<SseEvent>();
      await serve(() => events$);
      const [leaver, stayer] = [reader(), reader()];
      await leaver.until(begun);
      await stayer.until(begun);
      const closed = closing();
      leaver.leave();
      await closed;
      events$.next(a);
      await stayer.until('data: a');
    });

    it('from a source that failed to clean up after itself, and reports that', async () => {
      const failing$ = new Observable<SseEvent>(() => () => {
        throw new Error('teardown');
      });
      await serve(() => failing$);
      const { until, leave } = reader();
      await until(begun);
      const closed = closing();
      leave();
      expect(await closed).to.include({ reason: 'gone' });
      expect(errors.map(String).join()).to.include('teardown');
    });

    it('from a source that replays without end while it is subscribed to', async () => {
      const source = watched(range(0, Infinity).pipe(map(data => ({ data }))));
      await serve(() => source.events$, { bufferLimit: 10_000 });
      const closed = closing();
      reader();
      expect(await closed).to.include({ reason: 'overflow' });
      expect(source.log).to.deep.equal(['subscribed', 'finalized']);
    });

    it('aborts the signal of a reader that leaves while the project decides, and reads nothing', async () => {
      const source = watched();
      const contexts = new Subject<SseContext>();
      const decided = new Subject<void>();
      const context = firstValueFrom(contexts);
      await serve(async (_, context) => {
        contexts.next(context);
        await once(context.signal, 'abort');
        decided.next();
        return source.events$;
      });
      const done = firstValueFrom(decided);
      const told: SseStreamClosing[] = [];
      closings.subscribe(closing => told.push(closing));
      const { leave } = reader();
      await context;
      leave();
      await done;
      await new Promise(setImmediate);
      expect(source.log).to.deep.equal([]);
      expect(errors).to.deep.equal([]);
      expect(told).to.deep.equal([]);
    });

    for (const [name, reason] of [
      ['reports what the project rejects with then', new Error('late')],
      ['reports nothing if the project rejects since it was aborted', undefined],
    ] as const) {
      it(name, async () => {
        const decided = new Subject<void>();
        const contexts = new Subject<SseContext>();
        const context = firstValueFrom(contexts);
        await serve(async (_, context) => {
          contexts.next(context);
          return once(new EventTarget(), 'never', { signal: context.signal }).finally(() => {
            decided.next();
            if (reason) throw reason;
          });
        });
        const done = firstValueFrom(decided);
        const { leave } = reader();
        await context;
        leave();
        await done;
        await new Promise(setImmediate);
        expect(errors).to.deep.equal(reason ? [reason] : []);
      });
    }
  });

  describe('while it is silent', () => {
    it('sends a comment each time, until the source completes', async () => {
      const events$ = new Subject<SseEvent>();
      await serve(() => events$, { keepAlive: 20 });
      const { until, over } = reader();
      await until(': keep-alive 20\n\n');
      await until(':\n\n\r\n3\r\n:\n\n');
      events$.complete();
      expect(await over()).to.equal('ended');
    });

    it('does not count that as an event', async () => {
      const events$ = new Subject<SseEvent>();
      await serve(() => events$, { keepAlive: 20 });
      const { until, received } = reader();
      await until('\n:\n\n');
      const closed = closing();
      events$.complete();
      const { events, bytes, duration } = await closed;
      expect(events).to.equal(0);
      expect(bytes).to.be.greaterThan(': keep-alive 20\n\n'.length);
      expect(duration).to.be.greaterThan(0);
      expect(received()).to.include(': keep-alive 20');
    });
  });

  describe('a reader that lags', () => {
    const large = 'x'.repeat(100_000);
    /** A reader that does not read, of a source that nothing slows. */
    const lagging = async (config: ToSseConfig) => {
      const events$ = new Subject<SseEvent>();
      await serve(() => events$, config);
      const lagger = reader();
      await lagger.until(begun);
      lagger.socket.pause();
      return { events$, ...lagger };
    };

    it('is cut off once more than the limit waits for it, and told of', async () => {
      const { events$ } = await lagging({ bufferLimit: 250_000 });
      const closed = closing();
      let emitted = 0;
      while (events$.observed) {
        events$.next({ data: large, id: String(emitted++) });
        await new Promise(setImmediate);
      }
      const { reason, error, events, bytes } = await closed;
      expect(reason).to.equal('overflow');
      expect(error).to.be.instanceOf(SseOverflowError).and.include({ bufferLimit: 250_000 });
      // Two wait, and the one that was too much came after them.
      expect(events).to.equal(emitted - 3);
      expect(bytes).to.be.within(events * large.length, events * (large.length + 100) + 100);
    });

    it('has 1 MiB of room unless said otherwise', async () => {
      const { events$ } = await lagging({});
      const closed = closing();
      let emitted = 0;
      while (events$.observed) {
        events$.next({ data: large, id: String(emitted++) });
        await new Promise(setImmediate);
      }
      const { error, events } = await closed;
      expect(error).to.include({ bufferLimit: 1_048_576 });
      expect(emitted - events).to.equal(11);
    });

    it('is no burden to the others', async () => {
      const { events$ } = await lagging({ bufferLimit: 250_000 });
      const other = reader();
      await other.until(begun);
      const closed = closing();
      const over = closed.then(() => true);
      for (let n = 0; !(await Promise.race([over, Promise.resolve(false)])); n++) {
        events$.next({ data: large, id: `<${n}>` });
        await other.until(`id: <${n}>\n`);
      }
      expect(await closed).to.include({ reason: 'overflow' });
      expect(events$.observed).to.equal(true);
    });

    it('gets a single event that is larger than the limit, if it reads', async () => {
      await serve(() => of({ data: large }, { data: 'a' }), { bufferLimit: 1000 });
      const { over, received } = reader();
      expect(await over()).to.equal('ended');
      expect(received().match(/xx+/)?.[0]).to.have.length(large.length);
    });

    it('has what was handed over when it is cut off within a turn, so that it gets on', async () => {
      const events = Array.from({ length: 50 }, (_, n) => ({ data: large, id: String(n + 1) }));
      const after = (id = '0') => concat(events.slice(Number(id)), NEVER);
      await serve(() => ({ after }), { bufferLimit: 1_000_000 });
      const ids = fromSSE(url(), { reconnect: { delay: 100 } }).pipe(
        map(({ id }) => id),
        take(50),
        toArray(),
      );
      expect(await lastValueFrom(ids)).to.deep.equal(events.map(({ id }) => id));
    });

    it('is cut off when it takes nothing for too long', async () => {
      const { events$ } = await lagging({ bufferLimit: Infinity, stallTimeout: 50 });
      const closed = closing();
      // More than the buffers of both ends hold.
      for (let n = 0; n < 100; n++) events$.next({ data: large });
      expect(await closed).to.include({ reason: 'stalled' });
      expect(events$.observed).to.equal(false);
    });

    it('is cut off also when all is written and it does not take the rest', async () => {
      const { events$ } = await lagging({ bufferLimit: Infinity, stallTimeout: 50 });
      const closed = closing();
      for (let n = 0; n < 100; n++) events$.next({ data: large });
      events$.complete();
      expect(await closed).to.include({ reason: 'stalled' });
    });

    it('gets everything once it reads again', async () => {
      const { events$, socket, over } = await lagging({ bufferLimit: Infinity, stallTimeout: Infinity });
      const closed = closing();
      for (let n = 0; n < 100; n++) events$.next({ data: large, id: `<${n}>` });
      events$.complete();
      socket.resume();
      expect(await over()).to.equal('ended');
      expect(await closed).to.include({ reason: 'complete', events: 100 });
    });
  });
}
