import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { getEventListeners, once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import {
  defer,
  firstValueFrom,
  lastValueFrom,
  NEVER,
  Observable,
  repeat,
  retry,
  Subject,
  take,
  tap,
  toArray,
} from 'rxjs';
import {
  backoff,
  fromSSE,
  SseConnectionError,
  SseResponseError,
  SseSizeError,
  type SseClosing,
  type FromSseConfig,
  type SseLoss,
  type SseOpening,
  type ReceivedSseEvent,
  type ResumePoint,
} from '../../src/index.js';
import {
  cut,
  end,
  open,
  refuse,
  scriptedServer,
  status,
  stop,
  type Answer,
  type ScriptedServer,
} from '../support/scriptedServer.js';
import { uncaught, unhandledRejections } from '../support/uncaught.js';

describe('fromSSE', () => {
  let server: ScriptedServer;
  afterEach(() => server.close());

  const serve = async (...answers: Answer[]) => (server = await scriptedServer(...answers));
  const quick = { reconnect: { delay: 100 } } as const;
  /** All data until the server says stop, or the error. */
  const dataOf = (config: FromSseConfig = quick, url: Parameters<typeof fromSSE>[0] = server.url) =>
    lastValueFrom(fromSSE(url, config).pipe(toArray())).then(events => events.map(({ data }) => data));
  const errorOf = (events$: Observable<unknown>) =>
    lastValueFrom(events$, { defaultValue: undefined }).then(
      () => expect.fail('completed'),
      (error: unknown) => error,
    );

  /** A wait that only `again` or unsubscribing ends. */
  const endlessWait = () => {
    const again = new Subject<void>();
    const begun = new Subject<void>();
    const ended = new Subject<void>();
    const delay = () =>
      new Observable(subscriber => {
        const subscription = again.subscribe(subscriber);
        begun.next();
        return () => {
          subscription.unsubscribe();
          ended.next();
        };
      });
    return { delay, again, begun: firstValueFrom(begun), ended: firstValueFrom(ended) };
  };
  const eventStream = (body: BodyInit | null) =>
    new Response(body, { headers: { 'Content-Type': 'text/event-stream' } });

  describe('as an Observable', () => {
    it('makes no request before it is subscribed to, and one for each subscription', async () => {
      await serve(open('data: a\n\n'), open('data: b\n\n'));
      const events$ = fromSSE(server.url);
      expect(server.requests).to.have.length(0);

      expect(await firstValueFrom(events$)).to.include({ data: 'a' });
      expect(await firstValueFrom(events$)).to.include({ data: 'b' });
      expect(server.requests).to.have.length(2);
    });

    it('gives the events in order, with all that is known of them', async () => {
      await serve(end('data: a\n\nevent: t\nid: 1\ndata: b\n\ndata: c\n\n'));
      const origin = server.url;
      expect(await lastValueFrom(fromSSE(server.url, quick).pipe(toArray()))).to.deep.equal([
        { type: 'message', data: 'a', lastEventId: '', origin },
        { type: 't', data: 'b', id: '1', lastEventId: '1', origin },
        { type: 'message', data: 'c', lastEventId: '1', origin },
      ]);
    });

    it('keeps a place of its own for each subscription', async () => {
      await serve(open('id: 1\ndata: a\n\n'), open('data: b\n\n'));
      const events$ = fromSSE(server.url);
      await firstValueFrom(events$);
      expect(await firstValueFrom(events$)).to.include({ lastEventId: '' });
      expect(server.requests[1]?.headers).not.to.have.property('last-event-id');
    });

    it('completes at 204', async () => {
      await serve(stop);
      expect(await dataOf()).to.deep.equal([]);
      expect(server.requests).to.have.length(1);
    });

    it('goes on after a next handler that throws, over the same connection', async () => {
      const streams = new Subject<ServerResponse>();
      const stream = firstValueFrom(streams);
      await serve((response, request) => {
        open('data: a\n\ndata: b\n\n')(response, request);
        streams.next(response);
      });
      const seen: string[] = [];
      const error = uncaught();
      await new Promise<void>(resolve => {
        const subscription = fromSSE(server.url).subscribe(({ data }) => {
          seen.push(data);
          if (data === 'a') throw new Error('mine');
          if (data === 'b') void stream.then(response => response.write('data: c\n\n'));
          if (data === 'c') resolve(subscription.unsubscribe());
        });
      });
      expect(await error).to.include({ message: 'mine' });
      expect(seen).to.deep.equal(['a', 'b', 'c']);
      expect(server.requests).to.have.length(1);
    });

    it('keeps two subscribers apart that are there at the same time', async () => {
      await serve(end('id: a1\ndata: a\n\n'), end('id: b1\ndata: b\n\n'));
      const [first, second] = [endlessWait(), endlessWait()];
      const waits = [first.delay, second.delay];
      const events$ = fromSSE(server.url, { reconnect: { delay: () => waits.shift()?.() ?? NEVER } });

      const whole = [lastValueFrom(events$)];
      await first.begun;
      whole.push(lastValueFrom(events$));
      await second.begun;
      expect(server.requests[1]?.headers).not.to.have.property('last-event-id');

      first.again.next();
      await server.request(2);
      second.again.next();
      expect((await Promise.all(whole)).map(({ data }) => data)).to.deep.equal(['a', 'b']);
      expect(server.requests.map(({ headers }) => headers['last-event-id']).slice(2)).to.deep.equal([
        'a1',
        'b1',
      ]);
    });
  });

  describe('asks', () => {
    it('for an event stream that is not cached, and names no event', async () => {
      await serve();
      await dataOf();
      const { method, headers } = await server.request(0);
      expect(method).to.equal('GET');
      expect(headers).to.include({ accept: 'text/event-stream', 'cache-control': 'no-cache' });
      expect(headers).not.to.have.property('last-event-id');
    });

    it('an injected fetch, which may not know `cache`, for what is not cached', async () => {
      await serve();
      const sent: (string | null)[] = [];
      const answer: typeof fetch = (_, init) => {
        sent.push(new Headers(init?.headers).get('cache-control'));
        return Promise.resolve(new Response(null, { status: 204 }));
      };
      await dataOf({ fetch: answer }, '/relative');
      await dataOf({ fetch: answer, headers: { 'Cache-Control': 'no-store' } }, '/relative');
      // The platform's adds it by itself: a header set by hand would cost a preflight.
      const { fetch: platform } = globalThis;
      globalThis.fetch = answer;
      await dataOf().finally(() => (globalThis.fetch = platform));
      expect(sent).to.deep.equal(['no-cache', 'no-store', null]);
    });

    it('with an Accept header of your own', async () => {
      await serve();
      await dataOf({ headers: { Accept: 'text/event-stream, */*' } });
      expect(server.requests[0]?.headers.accept).to.equal('text/event-stream, */*');
    });

    it('from the last event ID that it was given', async () => {
      await serve();
      await dataOf({ lastEventId: '7' });
      expect(server.requests[0]?.headers['last-event-id']).to.equal('7');
    });

    it('from the resume point that it was given, rather than from lastEventId', async () => {
      await serve();
      const resumePoint: ResumePoint = { lastEventId: '8', reconnectionTime: undefined };
      await dataOf({ lastEventId: '7', resumePoint });
      expect(server.requests[0]?.headers['last-event-id']).to.equal('8');
    });

    it('with url, headers and body made for each connection, at once or later', async () => {
      await serve(end('id: 7\ndata: a\n\n'));
      await dataOf(
        {
          reconnect: { delay: 100, onEnd: 'reconnect' },
          method: 'POST',
          headers: ({ attempt }) => ({ authorization: `token ${attempt}` }),
          body: ({ lastEventId }) => Promise.resolve(`after ${lastEventId}`),
        },
        ({ attempt }) => Promise.resolve(`${server.url}/${attempt}`),
      );
      expect(
        server.requests.map(({ url, body, headers }) => [url, body, headers.authorization]),
      ).to.deep.equal([
        ['/1', 'after ', 'token 1'],
        ['/2', 'after 7', 'token 2'],
      ]);
    });

    it('with POST if there is a body', async () => {
      await serve();
      await dataOf({ body: 'question' });
      expect(server.requests[0]).to.include({ method: 'POST', body: 'question' });
    });

    it('and takes a response that has no absolute URL, as an injected fetch may make it up', async () => {
      await serve();
      const answer = () =>
        Promise.resolve(Object.defineProperty(eventStream('data: a\n\n'), 'url', { value: '/a' }));
      expect(await firstValueFrom(fromSSE('/a', { fetch: answer }))).to.include({ data: 'a', origin: '' });
    });

    it('with the method that it is given, body or not', async () => {
      await serve();
      await dataOf({ method: 'PUT', body: 'question' });
      expect(server.requests[0]).to.include({ method: 'PUT', body: 'question' });
    });

    it('through the fetch that it is given', async () => {
      await serve(stop);
      const calls: unknown[] = [];
      await dataOf({
        fetch: (input, init) => {
          calls.push(input);
          return fetch(input, init);
        },
      });
      expect(calls).to.deep.equal([server.url]);
    });

    it('where redirects lead, and the original URL after a loss', async () => {
      await serve(status(307, { Location: '/there' }), end('data: a\n\n'));
      const urls: string[] = [];
      await dataOf({ ...quick, openObserver: ({ url }) => urls.push(url) }, `${server.url}/here`);
      expect(server.requests.map(({ url }) => url)).to.deep.equal(['/here', '/there', '/here']);
      expect(urls).to.deep.equal([`${server.url}/there`]);
    });
  });

  describe('after a loss', () => {
    for (const [name, answer] of [
      ['the stream ended', end('id: 7\ndata: a\n\n')],
      ['the stream broke', cut('id: 7\ndata: a\n\n')],
    ] as const) {
      it(`connects again from the last event, when ${name}`, async () => {
        await serve(answer, end('data: b\n\n'));
        expect(await dataOf()).to.deep.equal(['a', 'b']);
        expect(server.requests.map(({ headers }) => headers['last-event-id'])).to.deep.equal([
          undefined,
          '7',
          '7',
        ]);
      });
    }

    it('connects again when there was no response to a body that is a stream', async () => {
      await serve(refuse, end('data: a\n\n'));
      const body = () => new Blob(['question']).stream();
      expect(await dataOf({ ...quick, body })).to.deep.equal(['a']);
      expect(server.requests.map(({ body }) => body)).to.deep.equal(['question', 'question']);
    });

    it('connects again when an injected fetch that knows relative URLs is refused', async () => {
      await serve();
      const answers = [
        () => Promise.reject(new TypeError('offline')),
        () => Promise.resolve(eventStream('data: a\n\n')),
      ];
      const answer = () => answers.shift()?.() ?? Promise.resolve(new Response(null, { status: 204 }));
      expect(await dataOf({ ...quick, fetch: answer }, '/relative')).to.deep.equal(['a']);
    });

    it('connects again when there was no response', async () => {
      await serve(refuse, end('data: a\n\n'));
      expect(await dataOf()).to.deep.equal(['a']);
    });

    for (const code of [408, 425, 429, 500, 502, 503, 504]) {
      it(`connects again after ${code}`, async () => {
        await serve(status(code), end('data: a\n\n'));
        expect(await dataOf()).to.deep.equal(['a']);
      });
    }

    it('drops the event that was cut, with its id', async () => {
      await serve(cut('id: 1\ndata: a\n\nevent: t\nid: 2\ndata: b\n'), end('data: c\n\n'));
      expect(await dataOf()).to.deep.equal(['a', 'c']);
      expect(server.requests[1]?.headers['last-event-id']).to.equal('1');
    });

    it('sends the id as UTF-8', async () => {
      await serve(end('id: é…😀\ndata: a\n\n'));
      await dataOf();
      const id = server.requests[1]?.headers['last-event-id'];
      expect(Buffer.from(String(id), 'latin1').toString()).to.equal('é…😀');
    });

    for (const [name, id] of [
      ['a control character', 'a\x01b'],
      ['more than a header can carry', 'x'.repeat(20_000)],
    ] as const) {
      it(`goes on without the id if it has ${name}`, async () => {
        await serve(end(`id: ${id}\ndata: a\n\n`), end('data: b\n\n'));
        expect(await dataOf()).to.deep.equal(['a', 'b']);
        expect(server.requests[1]?.headers).not.to.have.property('last-event-id');
      });
    }

    it('starts afresh after an event that clears the id', async () => {
      await serve(end('id: 7\ndata: a\n\n'), end('id\ndata: b\n\n'));
      await dataOf();
      expect(server.requests.map(({ headers }) => headers['last-event-id'])).to.deep.equal([
        undefined,
        '7',
        undefined,
      ]);
    });

    it('goes on from a block that has an id and no data', async () => {
      await serve(end('id: 7\n\n'));
      expect(await dataOf()).to.deep.equal([]);
      expect(server.requests[1]?.headers['last-event-id']).to.equal('7');
    });

    it('connects again after any refusal that isTransient makes so', async () => {
      await serve(status(404), end('data: a\n\n'));
      expect(await dataOf({ reconnect: { delay: 100, isTransient: () => true } })).to.deep.equal(['a']);
    });

    it('tells its lossObserver', async () => {
      await serve(refuse);
      const losses: SseLoss[] = [];
      await dataOf({ reconnect: { delay: 100, lossObserver: loss => losses.push(loss) } });
      expect(losses.map(({ attempt, retryIn }) => [attempt, retryIn])).to.deep.equal([[1, 100]]);
    });

    it('knows the place and the reconnection time in each error', async () => {
      await serve(end('retry: 150\nid: 7\ndata: a\n\n'), status(503), refuse);
      const errors: unknown[] = [];
      await dataOf({ ...quick, closeObserver: ({ error }) => error && errors.push(error) });
      expect(errors).to.have.length(3);
      for (const error of errors) expect(error).to.include({ lastEventId: '7', reconnectionTime: 150 });
    });

    it("waits for the server's retry", async () => {
      await serve(end('retry: 150\ndata: a\n\n'));
      const waits: unknown[] = [];
      await dataOf({
        reconnect: { delay: backoff({ random: () => 0 }) },
        closeObserver: ({ retryIn }) => waits.push(retryIn),
      });
      expect(waits).to.deep.equal([150, undefined]);
    });

    it('obeys Retry-After', async () => {
      await serve(status(503, { 'Retry-After': '7' }));
      const closing = await new Promise<SseClosing>(resolve => {
        const subscription = fromSSE(server.url, {
          closeObserver: closing => {
            resolve(closing);
            subscription.unsubscribe();
          },
        }).subscribe();
      });
      expect(closing).to.include({ reason: 'refused', retryIn: 7000 });
    });

    it('gives up after the given number of failures in a row', async () => {
      await serve(refuse, refuse, refuse, refuse);
      const error = await errorOf(fromSSE(server.url, { reconnect: { delay: 100, count: 2 } }));
      expect(error).to.be.instanceOf(SseConnectionError).and.include({ reason: 'refused' });
      expect(server.requests).to.have.length(3);
    });

    it('keeps the process alive while it waits', async () => {
      await serve(end('data: a\n\n'));
      const script = `
        import { fromSSE } from './src/index.ts';
        fromSSE('${server.url}', { reconnect: { delay: 300 } }).subscribe({ complete: () => console.log('stopped') });
      `;
      const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script]);
      const [output] = await Promise.all([text(child.stdout), once(child, 'exit')]);
      expect(output).to.equal('stopped\n');
    }).timeout(20_000);
  });

  describe('fails', () => {
    it('at a response that is neither an event stream nor a matter of time', async () => {
      await serve(status(404, { 'Content-Type': 'text/html', 'X-Why': 'gone' }, 'x'.repeat(5000)));
      const error = await errorOf(fromSSE(`${server.url}/none`));
      expect(error).to.be.instanceOf(SseResponseError);
      expect(error).to.include({
        status: 404,
        contentType: 'text/html',
        url: `${server.url}/none`,
        body: 'x'.repeat(1024),
      });
      expect(error)
        .property('headers')
        .satisfies((headers: Headers) => headers.get('x-why') === 'gone');
      expect(server.requests).to.have.length(1);
    });

    for (const type of ['text/html', 'text/event-streams', 'text/plain; text/event-stream', 'x bogus', '']) {
      it(`at 200 with the content type "${type}"`, async () => {
        await serve(status(200, type ? { 'Content-Type': type } : {}, 'data: a\n\n'));
        expect(await errorOf(fromSSE(server.url))).to.be.instanceOf(SseResponseError);
      });
    }

    for (const type of [
      'Text/Event-Stream; charset=UTF-8',
      'text/event-stream;',
      'text/event-stream ; charset=utf-8',
      'text/event-stream;charset=windows-1252',
    ]) {
      it(`not at the content type "${type}"`, async () => {
        await serve(open('data: …\n\n', { 'Content-Type': type }));
        expect(await firstValueFrom(fromSSE(server.url))).to.include({ data: '…' });
      });
    }

    it('at an event stream whose status is not 200', async () => {
      await serve(status(201, { 'Content-Type': 'text/event-stream' }, 'data: a\n\n'));
      expect(await errorOf(fromSSE(server.url)))
        .to.be.instanceOf(SseResponseError)
        .and.include({ status: 201 });
    });

    it('at a refusal whose text does not end, with what there is of it', async () => {
      await serve(response => response.writeHead(404).write('not here'));
      expect(await errorOf(fromSSE(server.url))).to.include({ status: 404, body: 'not here' });
    });

    it('at a refusal whose text breaks, with what there is of it', async () => {
      await serve(response => {
        response.writeHead(404, { 'Content-Length': 100 }).write('not here');
        response.socket?.destroySoon();
      });
      expect(await errorOf(fromSSE(server.url))).to.include({ status: 404, body: 'not here' });
    });

    it('at a refusal whose text is cut inside a character, as text', async () => {
      await serve();
      const text$ = new ReadableStream({
        start(controller) {
          for (const byte of new TextEncoder().encode('né')) controller.enqueue(Uint8Array.of(byte));
          controller.close();
        },
      });
      const answer = () => Promise.resolve(new Response(text$, { status: 404 }));
      expect(await errorOf(fromSSE(server.url, { fetch: answer }))).to.include({ body: 'né' });
    });

    it('at a refusal, and cancels the rest of its text, also in vain', async () => {
      await serve();
      let isCancelled = false;
      const text$ = new ReadableStream({
        pull: controller => controller.enqueue(new Uint8Array(800).fill(120)),
        cancel: () => {
          isCancelled = true;
          throw new Error('not now');
        },
      });
      const answer = () => Promise.resolve(new Response(text$, { status: 404 }));
      const rejections = await unhandledRejections(() => errorOf(fromSSE(server.url, { fetch: answer })));
      expect(isCancelled).to.equal(true);
      expect(rejections).to.deep.equal([]);
    });

    it('at an event that is too large, for good, after those before it', async () => {
      await serve(open(`data: a\n\ndata: ${'x'.repeat(100)}\n\n`));
      const seen: string[] = [];
      const error = await errorOf(
        fromSSE(server.url, { maxEventSize: 50 }).pipe(tap(({ data }) => seen.push(data))),
      );
      expect(error).to.be.instanceOf(SseSizeError).and.include({ maxEventSize: 50 });
      expect(seen).to.deep.equal(['a']);
      expect(server.requests).to.have.length(1);
    });

    it('at a URL that is none', async () => {
      await serve();
      expect(await errorOf(fromSSE('not a url'))).to.be.instanceOf(TypeError);
    });

    it('at a header that is none', async () => {
      await serve();
      expect(await errorOf(fromSSE(server.url, { headers: { 'not a name': '' } }))).to.be.instanceOf(
        TypeError,
      );
    });

    it('with what a function throws, untouched', async () => {
      await serve();
      const mine = new Error('mine');
      const fail = () => {
        throw mine;
      };
      expect(await errorOf(fromSSE(server.url, { headers: fail }))).to.equal(mine);
      expect(await errorOf(fromSSE(server.url, { body: fail, ...quick }))).to.equal(mine);
      expect(await errorOf(fromSSE(fail))).to.equal(mine);
      expect(await errorOf(fromSSE(server.url, { fetch: fail }))).to.equal(mine);
      expect(server.requests).to.have.length(0);
    });

    it('with what a function throws, although another one rejects', async () => {
      await serve();
      const mine = new Error('mine');
      const headers = () => {
        throw mine;
      };
      const url = () => Promise.reject<string>(new Error('offline'));
      expect(await errorOf(fromSSE(url, { headers, reconnect: false }))).to.include({ reason: 'refused' });
      const lateUrl = () => Promise.resolve(server.url);
      expect(await errorOf(fromSSE(lateUrl, { headers }))).to.equal(mine);
    });

    it('not when a function rejects: that is a refusal', async () => {
      await serve(end('data: a\n\n'));
      const closings: SseClosing[] = [];
      const data = await dataOf({
        ...quick,
        headers: ({ attempt }) => (attempt === 1 ? Promise.reject(new Error('offline')) : {}),
        closeObserver: closing => closings.push(closing),
      });
      expect(data).to.deep.equal(['a']);
      expect(closings[0]).to.include({ reason: 'refused' });
      expect(closings[0]?.error).to.have.property('cause').that.includes({ message: 'offline' });
    });
  });

  describe('with a method that may do something twice', () => {
    for (const config of [{ method: 'POST' }, { method: 'delete' }, { body: 'question' }]) {
      it(`does not repeat it after a loss: ${JSON.stringify(config)}`, async () => {
        await serve(cut('data: a\n\n'));
        expect(await errorOf(fromSSE(server.url, config))).to.include({ reason: 'cut' });
        expect(server.requests).to.have.length(1);
      });
    }

    for (const method of ['get', 'QUERY', 'query']) {
      it(`has none in ${method}, and repeats it after its end`, async () => {
        await serve();
        const answers = [eventStream('retry: 100\ndata: a\n\n'), eventStream('data: b\n\n')];
        const answer = () => Promise.resolve(answers.shift() ?? new Response(null, { status: 204 }));
        expect(await dataOf({ method, fetch: answer })).to.deep.equal(['a', 'b']);
      });
    }

    it('has its defaults also where an option is undefined', async () => {
      await serve(end('data: a\n\n'));
      const reconnect = { delay: 100, onEnd: undefined, isTransient: undefined };
      expect(await dataOf({ method: 'POST', reconnect })).to.deep.equal(['a']);
      expect(await errorOf(fromSSE('not a url', { reconnect }))).to.be.instanceOf(TypeError);
      expect(server.requests).to.have.length(1);
      const passedOn: object = { ...quick, cache: undefined };
      await dataOf(passedOn);
      expect(server.requests.at(-1)?.headers).to.include({ 'cache-control': 'no-cache' });
    });

    it('completes when the stream ends', async () => {
      await serve(end('data: a\n\n'));
      expect(await dataOf({ method: 'POST' })).to.deep.equal(['a']);
      expect(server.requests).to.have.length(1);
    });

    it('repeats it after a loss, but not after its end, if asked to', async () => {
      await serve(cut('data: a\n\n'), end('data: b\n\n'));
      expect(await dataOf({ method: 'POST', ...quick })).to.deep.equal(['a', 'b']);
      expect(server.requests).to.have.length(2);
    });
  });

  describe('without reconnecting', () => {
    it('errors when the connection is lost', async () => {
      await serve(cut('data: a\n\n'));
      const error = await errorOf(fromSSE(server.url, { reconnect: false }));
      expect(error).to.be.instanceOf(SseConnectionError).and.include({ reason: 'cut', isUsed: true });
    });

    it('completes when the stream ends', async () => {
      await serve(end('data: a\n\n'));
      expect(await dataOf({ reconnect: false })).to.deep.equal(['a']);
    });

    it('completes at 204', async () => {
      await serve(stop);
      expect(await dataOf({ reconnect: false })).to.deep.equal([]);
    });

    it('errors at a refusal, transient or not', async () => {
      await serve(status(503, { 'Retry-After': '7' }));
      const error = await errorOf(fromSSE(server.url, { reconnect: false }));
      expect(error).to.be.instanceOf(SseResponseError).and.include({ status: 503, retryAfter: 7000 });
      expect(server.requests).to.have.length(1);
    });

    it('completes at a response that has no body', async () => {
      await serve();
      const answer = () => Promise.resolve(eventStream(null));
      expect(await dataOf({ reconnect: false, fetch: answer })).to.deep.equal([]);
    });

    it("goes on from the last event under RxJS's own retry alone, to a 204, if an end is a failure, too", async () => {
      await serve(cut('retry: 100\nid: 1\ndata: a\n\n'), end('id: 2\ndata: b\n\n'), stop);
      const resumePoint: ResumePoint = { lastEventId: '', reconnectionTime: undefined };
      const events$ = fromSSE(server.url, { reconnect: { count: 0 }, resumePoint }).pipe(
        retry({ count: 5, delay: backoff() }),
      );
      expect((await lastValueFrom(events$.pipe(toArray()))).map(({ data }) => data)).to.deep.equal([
        'a',
        'b',
      ]);
      expect(server.requests).to.have.length(3);
    });

    it("goes on from the last event under RxJS's own retry and repeat, given a resume point", async () => {
      await serve(cut('retry: 100\nid: 1\ndata: a\n\n'), end('id: 2\ndata: b\n\n'), end('data: c\n\n'));
      const events$ = defer(() => {
        const resumePoint: ResumePoint = { lastEventId: '', reconnectionTime: undefined };
        return fromSSE(server.url, { reconnect: false, resumePoint }).pipe(
          retry({ count: 5, delay: backoff() }),
          repeat({ delay: 1 }),
        );
      });
      const events = await lastValueFrom(events$.pipe(take(3), toArray()));
      expect(events.map(({ data }) => data)).to.deep.equal(['a', 'b', 'c']);
      expect(server.requests.map(({ headers }) => headers['last-event-id'])).to.deep.equal([
        undefined,
        '1',
        '2',
      ]);
    });
  });

  describe('unsubscribed', () => {
    it('aborts the request that has no answer yet', async () => {
      await serve(() => undefined);
      const subscription = fromSSE(server.url).subscribe();
      const { closed } = await server.request(0);
      subscription.unsubscribe();
      await closed;
    });

    it('aborts the stream that is open', async () => {
      await serve(open());
      const opened = new Subject<unknown>();
      const subscription = fromSSE(server.url, { openObserver: opened }).subscribe();
      await firstValueFrom(opened);
      subscription.unsubscribe();
      await (
        await server.request(0)
      ).closed;
    });

    it('ends the wait, and makes no further request', async () => {
      await serve(end());
      const { delay, again, begun, ended } = endlessWait();
      const subscription = fromSSE(server.url, { reconnect: { delay } }).subscribe();
      await begun;
      subscription.unsubscribe();
      await ended;
      again.next();
      await dataOf({}, `${server.url}/later`);
      expect(server.requests.map(({ url }) => url)).to.deep.equal(['/', '/later']);
    });

    it('lets the process go, however long the wait was', async () => {
      await serve(end());
      const script = `
        import { fromSSE } from './src/index.ts';
        const subscription = fromSSE('${server.url}', {
          reconnect: { delay: 3_600_000 },
          closeObserver: () => setImmediate(() => subscription.unsubscribe()),
        }).subscribe();
      `;
      const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script]);
      expect((await once(child, 'exit'))[0]).to.equal(0);
      expect(server.requests).to.have.length(1);
    }).timeout(20_000);

    it('delivers nothing more of the chunk, and keeps the place of what it delivered', async () => {
      await serve(open('id: 1\ndata: a\n\nid: 2\ndata: b\n\nid: 3\ndata: c\n\n'));
      const resumePoint: ResumePoint = { lastEventId: '', reconnectionTime: undefined };
      const seen: string[] = [];
      await lastValueFrom(
        fromSSE(server.url, { resumePoint }).pipe(
          take(2),
          tap(({ data }) => seen.push(data)),
        ),
      );
      expect(seen).to.deep.equal(['a', 'b']);
      expect(resumePoint.lastEventId).to.equal('2');
    });

    it('tells of no comment and no event after it, within a chunk', async () => {
      await serve(open(':a\n:b\ndata: c\n\n'));
      const told: unknown[] = [];
      const opened = new Subject<SseOpening>();
      const subscription = fromSSE(server.url, {
        openObserver: opened,
        commentObserver: comment => {
          told.push(comment);
          subscription.unsubscribe();
        },
      }).subscribe(event => told.push(event));
      await firstValueFrom(opened);
      await (
        await server.request(0)
      ).closed;
      expect(told).to.deep.equal(['a']);
    });

    it('tells nothing more from within its openObserver', async () => {
      await serve(open(':a\ndata: b\n\n'));
      const told: unknown[] = [];
      const subscription = fromSSE(server.url, {
        openObserver: ({ status: code }) => {
          told.push(code);
          subscription.unsubscribe();
        },
        commentObserver: comment => told.push(comment),
        closeObserver: ({ reason }) => told.push(reason),
      }).subscribe({ next: event => told.push(event), error: error => told.push(error) });
      await (
        await server.request(0)
      ).closed;
      expect(told).to.deep.equal([200, 'unsubscribed']);
    });

    it('cancels the body of an injected fetch that does not listen to its signal', async () => {
      await serve();
      const cancelled = new Promise(resolve => {
        const body = new ReadableStream({
          start: controller => controller.enqueue(new TextEncoder().encode('data: a\n\n')),
          cancel: resolve,
        });
        const headers = { 'Content-Type': 'text/event-stream' };
        const answer = () => Promise.resolve(new Response(body, { headers }));
        fromSSE('/relative', { fetch: answer }).pipe(take(1)).subscribe();
      });
      await cancelled;
    });

    it('reports nothing if that body refuses to be cancelled', async () => {
      await serve();
      const body = new ReadableStream({
        start: controller => controller.enqueue(new TextEncoder().encode('data: a\n\n')),
        cancel: () => Promise.reject(new Error('not now')),
      });
      const rejections = await unhandledRejections(() =>
        firstValueFrom(fromSSE('/relative', { fetch: () => Promise.resolve(eventStream(body)) })),
      );
      expect(rejections).to.deep.equal([]);
    });

    it('asks no fetch, if it was still making the request', async () => {
      await serve();
      const calls: unknown[] = [];
      const made = new Subject<Record<string, string>>();
      const answer = (input: unknown) => {
        calls.push(input);
        return Promise.resolve(eventStream(null));
      };
      const subscription = fromSSE('/relative', {
        fetch: answer,
        headers: () => firstValueFrom(made),
      }).subscribe();
      await Promise.resolve();
      await Promise.resolve();
      subscription.unsubscribe();
      made.next({});
      await new Promise(setImmediate);
      expect(calls).to.deep.equal([]);
    });

    it('tells nothing if that fetch answers later', async () => {
      await serve();
      const told: unknown[] = [];
      const cancelled = new Promise(resolve => {
        const body = new ReadableStream({ cancel: resolve });
        const response = new Response(body, { headers: { 'Content-Type': 'text/event-stream' } });
        const subscription = fromSSE('/relative', {
          fetch: () => {
            queueMicrotask(() => subscription.unsubscribe());
            return new Promise(answer => setImmediate(answer, response));
          },
          openObserver: opening => told.push(opening),
        }).subscribe();
      });
      await cancelled;
      expect(told).to.deep.equal([]);
    });
  });

  describe('with a signal', () => {
    it('makes no request if that is aborted already', async () => {
      await serve();
      const reason = new Error('no');
      expect(await errorOf(fromSSE(server.url, { signal: AbortSignal.abort(reason) }))).to.equal(reason);
      expect(server.requests).to.have.length(0);
    });

    it('errors with its reason at once, and closes the connection, while it is connecting', async () => {
      await serve(() => undefined);
      const abort = new AbortController();
      const log: unknown[] = [];
      fromSSE(server.url, { signal: abort.signal }).subscribe({ error: error => log.push(error) });
      const { closed } = await server.request(0);
      abort.abort('enough');
      expect(log).to.deep.equal(['enough']);
      await closed;
    });

    it('errors with its reason at once, and closes the connection, while it is open', async () => {
      await serve(open('data: a\n\n'));
      const abort = new AbortController();
      const log: unknown[] = [];
      const arrived = new Subject<ReceivedSseEvent>();
      const arrival = firstValueFrom(arrived);
      fromSSE(server.url, {
        signal: abort.signal,
        closeObserver: ({ reason }) => log.push(reason),
      }).subscribe({ next: event => arrived.next(event), error: error => log.push(error) });
      await arrival;
      abort.abort('enough');
      expect(log).to.have.members(['enough', 'unsubscribed']);
      await (
        await server.request(0)
      ).closed;
    });

    it('errors with its reason at once, and ends the wait, while it waits', async () => {
      await serve(end('data: a\n\n'));
      const { delay, begun, ended } = endlessWait();
      const abort = new AbortController();
      const log: unknown[] = [];
      fromSSE(server.url, {
        signal: abort.signal,
        reconnect: { delay },
        closeObserver: ({ reason }) => log.push(reason),
      }).subscribe({ error: error => log.push(error) });
      await begun;
      abort.abort('enough');
      expect(log).to.deep.equal(['end', 'enough']);
      await ended;
      expect(server.requests).to.have.length(1);
    });

    it('forgets it when it is over', async () => {
      await serve(stop, open());
      const { signal } = new AbortController();
      await dataOf({ signal });
      const subscription = fromSSE(server.url, { signal }).subscribe();
      expect(getEventListeners(signal, 'abort')).to.have.length(1);
      subscription.unsubscribe();
      expect(getEventListeners(signal, 'abort')).to.have.length(0);
    });
  });

  describe('tells', () => {
    /** Everything that happens, in order. */
    const logOf = async (
      config: FromSseConfig = {},
      use: (events$: Observable<ReceivedSseEvent>) => Observable<unknown> = e => e,
    ) => {
      const log: string[] = [];
      const events$ = fromSSE(server.url, {
        ...quick,
        openObserver: ({ attempt, status: code, lastEventId }) =>
          log.push(`open ${attempt} ${code} ${lastEventId}`.trim()),
        closeObserver: ({ reason, retryIn }) => log.push(`close ${reason} ${retryIn ?? 'for good'}`),
        commentObserver: { next: comment => log.push(`comment${comment}`) },
        ...config,
      });
      await lastValueFrom(use(events$.pipe(tap(({ data }) => log.push(data)))), {
        defaultValue: undefined,
      }).catch(() => log.push('error'));
      return log;
    };

    it('each opening before its events and each closing after them, once', async () => {
      await serve(end(': hi\nid: 7\ndata: a\n\n'), cut('data: b\n\n'), refuse, status(503), stop);
      expect(await logOf()).to.deep.equal([
        'open 1 200',
        'comment hi',
        'a',
        'close end 100',
        'open 2 200 7',
        'b',
        'close cut 100',
        'close refused 100',
        'close refused 100',
        'close stopped for good',
      ]);
    });

    it('a closing for good, when there is no further attempt', async () => {
      await serve(end('data: a\n\n'));
      expect(await logOf({ reconnect: false })).to.deep.equal(['open 1 200', 'a', 'close end for good']);
    });

    it('an event that is too large', async () => {
      await serve(open(`data: ${'x'.repeat(100)}`));
      expect(await logOf({ maxEventSize: 50 })).to.deep.equal(['open 1 200', 'close size for good', 'error']);
    });

    it('that you left', async () => {
      await serve(open('data: a\n\n'));
      expect(await logOf({}, take(1))).to.deep.equal(['open 1 200', 'a', 'close unsubscribed for good']);
    });

    it('NaN for a wait that only your own notifier knows', async () => {
      await serve(end('data: a\n\n'));
      const waits: unknown[] = [];
      await dataOf({ reconnect: { delay: () => [1] }, closeObserver: ({ retryIn }) => waits.push(retryIn) });
      expect(waits).to.deep.equal([NaN, undefined]);
    });

    it('how long the connection was open and whether it was used', async () => {
      await serve(cut('data: a\n\n'));
      const error = await errorOf(fromSSE(server.url, { reconnect: false }));
      expect(error).to.include({ isUsed: true, lastEventId: '' });
      expect(error).property('openFor').to.be.within(0, 5000);
    });

    it('the head of an event stream, before its first event', async () => {
      await serve(open(':\n', { 'X-From': 'a' }));
      const opened = new Subject<SseOpening>();
      const opening = firstValueFrom(opened);
      const subscription = fromSSE(`${server.url}/a`, { lastEventId: '7', openObserver: opened }).subscribe();
      const { headers, ...facts } = await opening;
      subscription.unsubscribe();
      expect(facts).to.deep.equal({ url: `${server.url}/a`, status: 200, attempt: 1, lastEventId: '7' });
      expect(headers.get('x-from')).to.equal('a');
    });

    it('that you left before there was an answer', async () => {
      await serve(() => undefined);
      const told: SseClosing[] = [];
      const subscription = fromSSE(server.url, { closeObserver: closing => told.push(closing) }).subscribe();
      await server.request(0);
      subscription.unsubscribe();
      expect(told).to.deep.equal([{ reason: 'unsubscribed' }]);
    });

    it('each closing once, though you leave when you are told', async () => {
      await serve(end());
      const told = await new Promise(resolve => {
        const reasons: string[] = [];
        const subscription = fromSSE(server.url, {
          closeObserver: ({ reason }) => {
            reasons.push(reason);
            subscription.unsubscribe();
            resolve(reasons);
          },
        }).subscribe();
      });
      expect(told).to.deep.equal(['end']);
    });

    it('a closing also where your own isTransient throws', async () => {
      await serve(end());
      const mine = new Error('mine');
      const told: SseClosing[] = [];
      const isTransient = () => {
        throw mine;
      };
      const closeObserver = (closing: SseClosing) => told.push(closing);
      expect(await errorOf(fromSSE(server.url, { reconnect: { isTransient }, closeObserver }))).to.equal(
        mine,
      );
      expect(told).to.have.length(1);
      expect(told[0]).to.include({ reason: 'end' });
      expect(told[0]?.error).to.be.instanceOf(SseConnectionError);
    });

    it('nothing of a wait that you left', async () => {
      await serve(end());
      const { delay, begun } = endlessWait();
      const told: unknown[] = [];
      const closeObserver = ({ reason }: SseClosing) => told.push(reason);
      const subscription = fromSSE(server.url, { reconnect: { delay }, closeObserver }).subscribe();
      await begun;
      subscription.unsubscribe();
      expect(told).to.deep.equal(['end']);
    });

    it('the error that ended a connection, where one did', async () => {
      await serve(cut(':\n'), status(503), stop);
      const told: SseClosing[] = [];
      await dataOf({ ...quick, closeObserver: closing => told.push(closing) });
      expect(told.map(({ error }) => error instanceof Error && error.name)).to.deep.equal([
        'SseConnectionError',
        'SseResponseError',
        false,
      ]);
    });

    for (const observer of ['openObserver', 'commentObserver', 'closeObserver']) {
      it(`undisturbed by what its ${observer} throws`, async () => {
        await serve(end(':\ndata: a\n\n'));
        const error = uncaught();
        let isThrown = false;
        const failOnce = () => {
          if (isThrown) return;
          isThrown = true;
          throw new Error('mine');
        };
        expect(await dataOf({ ...quick, [observer]: failOnce })).to.deep.equal(['a']);
        expect(await error).to.include({ message: 'mine' });
        expect(server.requests).to.have.length(2);
      });
    }
  });
});
