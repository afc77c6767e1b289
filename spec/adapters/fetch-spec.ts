import { createAdaptorServer } from '@hono/node-server';
import { expect } from 'chai';
import { concat, EMPTY, map, NEVER, of, Subject, throwError, timer } from 'rxjs';
import { toSSE, type ResponseHead } from '../../src/adapters/fetch.js';
import type { SseEvent } from '../../src/index.js';
import type { SseContext, SseProject, SseStreamClosing, ToSseConfig } from '../../src/server/index.js';
import { serverContract } from '../contracts/server.js';
import { connectHttp1 } from '../support/http1.js';
import { unhandledRejections } from '../support/uncaught.js';
import { settled } from '../support/virtualTime.js';

describe('toSSE of fetch', () => {
  describe('as any door, under Hono', () => {
    // It prints what a body fails with.
    const { error } = console;
    before(() => {
      console.error = (...what: unknown[]) => {
        if (!/cut off/.test(String(what[0]))) error(...what);
      };
    });
    after(() => {
      console.error = error;
    });
    serverContract({
      serve: (project, config) => createAdaptorServer({ fetch: toSSE(project, config) }),
      connect: connectHttp1,
    });
  });

  const url = 'https://example.com/';
  const begun = ': keep-alive 15000\n\n';
  let events$: Subject<SseEvent>;
  let closings: SseStreamClosing[];
  let errors: unknown[];
  beforeEach(() => {
    events$ = new Subject();
    closings = [];
    errors = [];
  });

  const answer = (
    project: SseProject<Request, SseEvent, ResponseHead> = () => events$,
    init: RequestInit = {},
    config: ToSseConfig = {},
  ) =>
    toSSE(project, {
      closeObserver: closing => closings.push(closing),
      errorObserver: error => errors.push(error),
      ...config,
    })(new Request(url, init));
  /** The body as its reader gets it, one write after the other. */
  const readerOf = ({ body }: Response) => {
    const reader = body?.getReader();
    const text = new TextDecoder();
    return {
      read: async () => text.decode((await reader?.read())?.value),
      cancel: () => reader?.cancel(),
      rest: async () => {
        const all: string[] = [];
        for (let step = await reader?.read(); step && !step.done; step = await reader?.read()) {
          all.push(text.decode(step.value));
        }
        return all.join('');
      },
    };
  };
  const watchRoom = async () => {
    const rooms: boolean[] = [];
    const response = await answer((_, { writable$ }) => {
      writable$.subscribe(room => rooms.push(room));
      return events$;
    });
    return { rooms, ...readerOf(response) };
  };

  it('answers with the head of an event stream', async () => {
    const { status, headers, body } = await answer();
    expect(status).to.equal(200);
    expect(Object.fromEntries(headers)).to.deep.equal({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    });
    await body?.cancel();
  });

  it('keeps the status and the headers that the project sets before it decides', async () => {
    const response = await answer(async (_, { response }) => {
      await Promise.resolve();
      response.status = 201;
      response.headers.set('Cache-Control', 'private');
      response.headers.append('Set-Cookie', 'a=1');
      response.headers.append('Set-Cookie', 'b=2');
      return of({ data: 'a' });
    });
    expect(response.status).to.equal(201);
    expect(response.headers.get('cache-control')).to.equal('private');
    expect(response.headers.getSetCookie()).to.deep.equal(['a=1', 'b=2']);
    expect(await response.text()).to.equal(`${begun}data: a\n\n`);
  });

  it('keeps the headers that the project sets also where there is no stream', async () => {
    const response = await answer((_, { response }) => {
      response.headers.set('Access-Control-Allow-Origin', '*');
      return EMPTY;
    });
    expect(response.status).to.equal(204);
    expect(response.body).to.equal(null);
    expect(response.headers.get('access-control-allow-origin')).to.equal('*');
    expect(response.headers.get('content-type')).to.equal(null);
  });

  it('answers HEAD with no body', async () => {
    const { status, headers, body } = await answer(() => events$, { method: 'HEAD' });
    expect([status, body]).to.deep.equal([200, null]);
    expect(headers.get('content-type')).to.match(/^text\/event-stream/);
    expect(events$.observed).to.equal(false);
  });

  it('answers 503 to a reader who is one too many', async () => {
    const respond = toSSE(() => NEVER, { maxConnections: 1, retry: 2500 });
    const first = await respond(new Request(url));
    const second = await respond(new Request(url));
    expect([second.status, second.headers.get('retry-after')]).to.deep.equal([503, '3']);
    await first.body?.cancel();
    expect((await respond(new Request(url))).status).to.equal(200);
  });

  it('rejects with what failed before any event', async () => {
    const mine = new Error('mine');
    for (const project of [
      () => throwError(() => mine),
      () => Promise.reject(mine),
      () => {
        throw mine;
      },
    ]) {
      expect(await answer(project).catch((error: unknown) => error)).to.equal(mine);
    }
    expect(errors).to.deep.equal([]);
  });

  it('gives each write as a piece of its body, and then ends', async () => {
    const { read, rest } = readerOf(await answer());
    events$.next({ data: 1 });
    events$.next({ data: 2 });
    await settled();
    events$.next({ data: 3 });
    events$.complete();
    expect(await read()).to.equal(begun);
    expect(await read()).to.equal('data: 1\n\ndata: 2\n\n');
    expect(closings).to.deep.equal([]);
    expect(await rest()).to.equal('data: 3\n\n');
    expect(closings).to.have.length(1);
    expect(closings[0]).to.include({ reason: 'complete', events: 3 });
  });

  it('has room for 16 KiB, and for more once all of that is taken', async () => {
    const { read, rooms } = await watchRoom();
    events$.next({ data: 'x'.repeat(16_384) });
    await settled();
    events$.next({ data: 'later' });
    await settled();
    expect(rooms).to.deep.equal([true, false]);
    await read();
    expect(await read()).to.match(/^data: x+\n\n$/);
    expect(await read()).to.equal('data: later\n\n');
    expect(rooms).to.deep.equal([true, false, true]);
  });

  it('gives all that was written before its body fails, and nothing of the error', async () => {
    const { read } = readerOf(
      await answer(() =>
        concat(
          of({ data: 1 }),
          throwError(() => new Error('db password')),
        ),
      ),
    );
    expect(await read()).to.equal(`${begun}data: 1\n\n`);
    const error = await read().catch((error: unknown) => error);
    expect(error).to.be.instanceOf(Error);
    expect(String(error)).not.to.include('password');
    expect(errors.map(String)).to.deep.equal(['Error: db password']);
    expect(closings[0]).to.include({ reason: 'error', events: 1 });
  });

  it('unsubscribes when its body is cancelled', async () => {
    const { read, cancel } = readerOf(await answer());
    expect(await read()).to.equal(begun);
    expect(events$.observed).to.equal(true);
    await cancel();
    expect(events$.observed).to.equal(false);
    expect(closings[0]).to.include({ reason: 'gone' });
  });

  it('unsubscribes when the request is aborted, and fails the body', async () => {
    const leaving = new AbortController();
    const { read } = readerOf(await answer(() => events$, { signal: leaving.signal }));
    await read();
    leaving.abort(new Error('left'));
    expect(events$.observed).to.equal(false);
    expect(String(await read().catch((error: unknown) => error))).to.equal('Error: left');
    expect(closings).to.have.length(1);
  });

  it('rejects when the request is aborted while the project decides, and lets it know', async () => {
    const leaving = new AbortController();
    const contexts: SseContext[] = [];
    const response = answer(
      (_, context) => {
        contexts.push(context);
        return new Promise(() => undefined);
      },
      { signal: leaving.signal },
    );
    leaving.abort(new Error('left'));
    expect(String(await response.catch((error: unknown) => error))).to.equal('Error: left');
    expect(contexts[0]?.signal.aborted).to.equal(true);
  });

  it('asks no project for a request that was aborted before', async () => {
    const signal = AbortSignal.abort(new Error('left'));
    let asked = 0;
    const response = answer(() => (asked++, NEVER), { signal });
    expect(String(await response.catch((error: unknown) => error))).to.equal('Error: left');
    expect(asked).to.equal(0);
  });

  it('leaves no rejection behind when an aborted request fails, too', async () => {
    const leaving = new AbortController();
    const rejections = await unhandledRejections(async () => {
      const response = answer(
        (_, { signal }) =>
          new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
        { signal: leaving.signal },
      );
      leaving.abort();
      await response.catch(() => undefined);
    });
    expect(rejections).to.deep.equal([]);
    expect(errors).to.deep.equal([]);
  });

  it('gives up a body that nobody reads', async () => {
    const response = await answer(() => events$, {}, { stallTimeout: 1 });
    events$.next({ data: 'x'.repeat(16_384) });
    while (closings.length === 0) await settled();
    expect(closings[0]).to.include({ reason: 'stalled' });
    expect(events$.observed).to.equal(false);
    expect(await response.text().catch((error: unknown) => String(error))).to.match(/cut off/);
  });

  it('goes on to a body that is read, however slowly', async () => {
    const { read } = readerOf(await answer(() => events$, {}, { bufferLimit: 10 }));
    for (let count = 0; count < 100; count++) {
      events$.next({ data: 'x'.repeat(16_384) });
      await settled();
      while (!(await read()).startsWith('data: x'));
    }
    expect(events$.observed).to.equal(true);
  });

  it('has room again after each piece that is taken', async () => {
    const { read, rooms } = await watchRoom();
    for (let count = 0; count < 4; count++) {
      events$.next({ data: 'x'.repeat(5000) });
      await settled();
    }
    expect(rooms).to.deep.equal([true, false]);
    await read();
    expect(await read()).to.match(/^data: x/);
    expect(rooms).to.deep.equal([true, false, true]);
  });

  for (const head of ['eager', 'first-event'] as const) {
    it(`rejects where the status that was set can have no body, ${head}`, async () => {
      for (const source of [of({ data: 1 }), timer(1).pipe(map(() => ({ data: 1 })))]) {
        const response = answer(
          (_, { response }) => {
            response.status = 204;
            return source;
          },
          {},
          { head },
        );
        expect(await response.catch((error: unknown) => error)).to.be.instanceOf(Error);
      }
      expect(errors).to.deep.equal([]);
      expect(closings).to.deep.equal([]);
    });
  }
});
