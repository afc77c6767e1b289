import { createAdaptorServer } from '@hono/node-server';
import { Logger, NotFoundException, type DynamicModule, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { expect } from 'chai';
import { EventSource } from 'eventsource';
import express, { type ErrorRequestHandler, type Express, type Request, type RequestHandler } from 'express';
import type { FastifyInstance } from 'fastify';
import { Hono } from 'hono';
import type Koa from 'koa';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { connect as connectHttp2, type Http2SecureServer } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import type { Server as NetServer } from 'node:net';
import type { Readable } from 'node:stream';
import {
  concat,
  defer,
  finalize,
  firstValueFrom,
  map,
  NEVER,
  Observable,
  of,
  ReplaySubject,
  Subject,
  take,
  throwError,
  timer,
  toArray,
} from 'rxjs';
import { fromSSE, type Resumable, type SseEvent } from 'rxjs-sse';
import { toSSE, type SseSource } from 'rxjs-sse/express';
import { memoryLog, type EventLog } from 'rxjs-sse/log';
import type { RawRequest, Reader } from './support/connection.js';
import { connectHttp1 } from './support/http1.js';
import { listen } from './support/listen.js';
import { standstill } from './support/standstill.js';
import { recipesNotRun, removeRecipes, runRecipe } from './support/recipe.js';

describe('the recipe for servers', () => {
  /** Undoes what a spec has begun, the last first. */
  const cleanUps: (() => unknown)[] = [];
  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  });
  after(removeRecipes);

  const serve = async (listener: RequestListener | Server) => {
    const server = typeof listener === 'function' ? createServer(listener) : listener;
    const port = await listen(server);
    cleanUps.push(() => closed(server, () => server.closeAllConnections()));
    return port;
  };
  const closed = async (server: NetServer, cut: () => void) => {
    if (!server.listening) return;
    const close = once(server, 'close');
    server.close();
    cut();
    await close;
  };
  const connect = (port: number) => {
    const connection = connectHttp1(port);
    cleanUps.push(connection.close);
    return connection;
  };
  const read = (port: number, request?: RawRequest): Reader => connect(port).ask(request);
  const urlOf = (port: number, path = '/') => `http://127.0.0.1:${port}${path}`;

  const price: SseEvent = { type: 'price', data: { symbol: 'A', price: 1 } };
  const priceText = 'event: price\ndata: {"symbol":"A","price":1}\n\n';
  const begun = ': keep-alive 15000\n\n';
  /** Quiet after its event. `left` resolves when it is unsubscribed from. */
  const source = () => {
    const leaving = new Subject<void>();
    const event$ = concat(of(price), NEVER).pipe(finalize(() => leaving.next()));
    return { event$, left: firstValueFrom(leaving) };
  };
  /** A log of which a reader that does not read has no room for all. It is read whenever there is some. */
  const flood = () => {
    let reads = 0;
    const event = { data: 'x'.repeat(65_536), id: '1' };
    const log: Resumable = {
      after: () =>
        new Observable(subscriber => {
          reads++;
          while (!subscriber.closed) subscriber.next(event);
        }),
    };
    return { log, reads: () => reads };
  };
  it('"Plain node:http" routes by hand', async () => {
    const { serverOf } = await runRecipe<{
      serverOf: (prices$: Observable<SseEvent>, trades$: Observable<SseEvent>) => Server;
    }>('Plain node:http');
    const { event$, left } = source();
    const port = await serve(serverOf(event$, of({ data: 'trade' })));

    const reader = read(port, { path: '/prices?from=here' });
    await reader.until(priceText);
    reader.leave();
    await left;
    expect(await (await fetch(urlOf(port, '/trades'))).text()).to.equal(`${begun}data: trade\n\n`);
    expect((await fetch(urlOf(port, '//'))).status).to.equal(404);
    const post = await fetch(urlOf(port, '/prices'), { method: 'POST' });
    expect([post.status, post.headers.get('allow')]).to.deep.equal([405, 'GET, HEAD']);
  });

  const tls = async () => {
    const [key, cert] = await Promise.all(
      ['key.pem', 'cert.pem'].map(file => readFile(new URL(`fixtures/tls/${file}`, import.meta.url))),
    );
    if (!key || !cert) throw new Error('Expected a key and its certificate');
    return { key, cert };
  };
  const startHttp2 = async (event$: Observable<SseEvent>) => {
    const { serverOf } = await runRecipe<{
      serverOf: (prices$: Observable<SseEvent>, pair: { key: Buffer; cert: Buffer }) => Http2SecureServer;
    }>('HTTP/2');
    const pair = await tls();
    const server = serverOf(event$, pair);
    const port = await listen(server);
    cleanUps.push(() => closed(server, () => undefined));
    return { port, ca: pair.cert };
  };

  const untilIn = async (stream: Readable, text: string) => {
    let received = '';
    while (!received.includes(text)) received += String((await once(stream, 'data'))[0]);
  };

  it('"HTTP/2" has streams share a connection, without a warning', async () => {
    const warnings: Error[] = [];
    const warn = (warning: Error) => warnings.push(warning);
    process.on('warning', warn);
    cleanUps.push(() => process.off('warning', warn));
    const { event$, left } = source();
    const { port, ca } = await startHttp2(event$);
    const session = connectHttp2(`https://127.0.0.1:${port}`, { ca });
    cleanUps.push(() => session.destroy());

    const streams = [1, 2].map(() => session.request({ ':path': '/prices' }).setEncoding('utf8'));
    await Promise.all(
      streams.map(async stream => {
        const [headers] = await once(stream, 'response');
        expect(headers).to.include({ ':status': 200, 'content-type': 'text/event-stream; charset=utf-8' });
        await untilIn(stream, priceText);
      }),
    );
    for (const stream of streams) stream.close();
    await left;
    const other = session.request({ ':path': '/' });
    const [headers] = await once(other, 'response');
    expect(headers).to.include({ ':status': 404 });
    other.close();
    await new Promise(setImmediate);
    expect(warnings).to.deep.equal([]);
  });

  it('"HTTP/2" serves a client of HTTP/1.1', async () => {
    const { event$, left } = source();
    const { port, ca } = await startHttp2(event$);
    const request = httpsRequest({ host: '127.0.0.1', port, path: '/prices', ca, agent: false }).end();
    const [response] = await once(request, 'response');
    expect(response).to.include({ httpVersion: '1.1', statusCode: 200 });
    await untilIn(response, priceText);
    request.destroy();
    await left;
  });

  const listenerOf = (app: Koa): RequestListener => {
    const answer = app.callback();
    return (request, response) => void answer(request, response);
  };
  /** Serves the recipe at `/prices`, after middleware that sets `X-Before`. */
  const frameworks: Readonly<
    Record<string, { start: (event$: Observable<SseEvent>) => Promise<number>; onError: string }>
  > = {
    Fastify: {
      async start(event$) {
        const { appOf } = await runRecipe<{ appOf: (prices$: Observable<SseEvent>) => FastifyInstance }>(
          'Fastify',
        );
        const app = appOf(event$);
        app.addHook('onRequest', async (_request, reply) => void reply.header('X-Before', 'kept'));
        app.setErrorHandler<Error>(({ message }, _request, reply) => reply.code(418).send(message));
        await app.ready();
        const port = await listen(app.server);
        cleanUps.push(() => {
          app.server.closeAllConnections();
          return app.close();
        });
        return port;
      },
      onError: '418 mine',
    },
    NestJS: {
      async start(event$) {
        const { PricesModule } = await runRecipe<{
          PricesModule: { of: (prices$: Observable<SseEvent>) => DynamicModule };
        }>('NestJS');
        Logger.overrideLogger(false);
        const app: INestApplication<Server> = await NestFactory.create(PricesModule.of(event$));
        app.use((_request: unknown, response: ServerResponse, next: () => void) => {
          response.setHeader('X-Before', 'kept');
          next();
        });
        app.useGlobalFilters({
          catch(error: Error, host) {
            const response = host.switchToHttp().getResponse<ServerResponse>();
            response.writeHead(error instanceof NotFoundException ? 404 : 418).end(error.message);
          },
        });
        await app.init();
        return serve(app.getHttpServer());
      },
      onError: '418 mine',
    },
    Koa: {
      async start(event$) {
        const { appOf } = await runRecipe<{ appOf: (prices$: Observable<SseEvent>) => Koa }>('Koa');
        const app = appOf(event$);
        app.middleware.unshift(async (context, next) => {
          context.set('X-Before', 'kept');
          try {
            await next();
          } catch (error) {
            context.status = 418;
            context.body = (error as Error).message;
          }
        });
        return serve(listenerOf(app));
      },
      onError: '418 mine',
    },
    Hono: {
      async start(event$) {
        const { appOf } = await runRecipe<{ appOf: (prices$: Observable<SseEvent>) => Hono }>('Hono');
        const app = new Hono();
        app.use(async (context, next) => {
          context.res.headers.set('X-Before', 'kept');
          await next();
        });
        return serve(createAdaptorServer(app.route('/', appOf(event$))) as Server);
      },
      onError: '503 {"error":"Try again later"}',
    },
  };
  for (const [name, { start, onError }] of Object.entries(frameworks)) {
    it(`"${name}" streams, keeps what was set before, and leaves with the reader`, async () => {
      const { event$, left } = source();
      const port = await start(event$);
      const reader = read(port, { path: '/prices' });
      await reader.until(priceText);
      const { status, headers } = await reader.head();
      expect(status).to.equal(200);
      expect(headers).to.include({
        'x-before': 'kept',
        'content-type': 'text/event-stream; charset=utf-8',
      });
      reader.leave();
      await left;
      expect((await fetch(urlOf(port, '/other'))).status).to.equal(404);
    });

    it(`"${name}" ends the stream properly, on a connection that goes on`, async () => {
      const end = new Subject<never>();
      const connection = connect(await start(concat(of(price), end)));
      const { until, over } = connection.ask({ path: '/prices' });
      await until(priceText);
      end.complete();
      expect(await over()).to.equal('ended');
      expect(await connection.ask({ method: 'HEAD', path: '/prices' }).head()).to.include({ status: 200 });
    });

    it(`"${name}" has an error before the first event answered by the framework`, async () => {
      const response = await fetch(urlOf(await start(throwError(() => new Error('mine'))), '/prices'));
      expect(`${response.status} ${await response.text()}`).to.equal(onError);
    });
  }

  it('"Koa" has the middleware around it wait for the end', async () => {
    const { appOf } = await runRecipe<{ appOf: (prices$: Observable<SseEvent>) => Koa }>('Koa');
    const { event$, left } = source();
    const through = new Subject<string>();
    const order: string[] = [];
    through.subscribe(what => order.push(what));
    const app = appOf(event$);
    app.middleware.unshift(async (_context, next) => {
      await next();
      through.next('through');
    });
    const reader = read(await serve(listenerOf(app)), { path: '/prices' });
    await reader.until(priceText);
    const end = firstValueFrom(through);
    order.push('read');
    reader.leave();
    await Promise.all([left, end]);
    expect(order).to.deep.equal(['read', 'through']);
  });

  it('"Only what the user may see" is what comes, from whatever place', async () => {
    const { appOf, log } = await runRecipe<{
      appOf: (userOf: (authorization?: string) => Promise<string | undefined>) => Express;
      log: EventLog;
    }>('Only what the user may see');
    const port = await serve(appOf(authorization => Promise.resolve(authorization)));
    const readAs = (user: string, lastEventId = '') =>
      read(port, { path: '/notices', headers: { Authorization: user, 'Last-Event-ID': lastEventId } });
    const send = (to: string, text: string) => log.append({ type: 'notice', data: { to, text } });

    expect((await fetch(urlOf(port, '/notices'))).status).to.equal(401);
    const ann = readAs('ann');
    // The place that she begins at.
    await ann.until('\n\nid: ');
    const ofBob = await send('bob', 'secret');
    await send('ann', 'one');
    await ann.until('"one"');
    const again = readAs('ann', ofBob);
    await again.until('"one"');
    const lost = readAs('ann', 'of another log');
    await lost.until('"one"');
    expect(lost.body()).to.include('event: gap\n');
    for (const { body } of [ann, again, lost]) expect(body()).not.to.include('secret');
  });

  it('"A token that expires" ends the stream, and the next one needs a fresh token', async () => {
    const { appOf } = await runRecipe<{ appOf: AppOfToken }>('A token that expires');
    const log = memoryLog();
    const asked: unknown[] = [];
    const expiries = new Map([['old', new Date(Date.now() + 100)]]);
    const app = appOf(log, verifier(expiries));
    const port = await serve(app.use(quietly));
    const data$ = new Subject<string>();
    const subscription = fromSSE(urlOf(port, '/prices'), {
      reconnect: { delay: 100 },
      headers: ({ refusedWith }) => {
        asked.push(refusedWith);
        if (refusedWith) expiries.set('new', new Date(Date.now() + 60_000));
        return { Authorization: refusedWith ? 'new' : 'old' };
      },
      closeObserver: ({ reason }) => asked.push(reason),
      openObserver: () => void log.append({ data: asked.length }),
    }).subscribe(({ data }) => data$.next(data));
    expect(await firstValueFrom(data$.pipe(take(2), toArray()))).to.deep.equal(['1', '4']);
    subscription.unsubscribe();
    expect(asked).to.deep.equal([undefined, 'end', undefined, 401, 'unsubscribed']);
  });

  it('"A token that expires" ends the stream of a slow reader, too', async () => {
    const { appOf } = await runRecipe<{ appOf: AppOfToken }>('A token that expires');
    const expiresAt = new Date(Date.now() + 200);
    const { log, reads } = flood();
    const port = await serve(appOf(log, verifier(new Map([['', expiresAt]]))));
    const { pause, resume, over } = read(port, { path: '/prices' });
    pause();
    await firstValueFrom(timer(expiresAt));
    await standstill(reads);
    const before = reads();
    resume();
    expect(await over()).to.equal('ended');
    expect(reads()).to.equal(before);
  });

  type AppOfToken = (
    prices: Resumable,
    verify: (authorization: string | undefined) => Promise<{ expiresAt: Date }>,
  ) => Express;
  const verifier =
    (expiries: ReadonlyMap<string, Date>) =>
    (authorization = '') => {
      const expiresAt = expiries.get(authorization);
      return expiresAt && expiresAt > new Date()
        ? Promise.resolve({ expiresAt })
        : Promise.reject(Object.assign(new Error('expired'), { status: 401 }));
    };
  // Express prints what its own error handling gets.
  const quietly: ErrorRequestHandler = ({ status = 500, headers }: Refusal, _request, response, _next) =>
    void response.status(status).set(headers).end();
  interface Refusal {
    readonly status?: number;
    readonly headers?: Readonly<Record<string, string>>;
  }

  it('"Another origin" may read if it is listed, and resume', async () => {
    const { appOf } = await runRecipe<{ appOf: (prices: Resumable, origins: readonly string[]) => Express }>(
      'Another origin',
    );
    const port = await serve(appOf(memoryLog(), ['https://app.example.com']));
    const ask = (method: string, Origin: string) =>
      read(port, { method, path: '/prices', headers: { Origin } }).head();
    const preflight = await ask('OPTIONS', 'https://app.example.com');
    expect(preflight.status).to.equal(204);
    expect(preflight.headers['vary']).to.match(/origin/i);
    expect(preflight.headers['access-control-allow-headers']).to.match(/last-event-id/i);
    expect((await ask('GET', 'https://app.example.com')).headers).to.include({
      'access-control-allow-origin': 'https://app.example.com',
      'access-control-allow-credentials': 'true',
      'content-type': 'text/event-stream; charset=utf-8',
    });
    for (const method of ['OPTIONS', 'GET']) {
      const { headers } = await ask(method, 'https://evil.example.com');
      expect(Object.keys(headers).join()).not.to.include('access-control');
    }
  });

  it('"One source for all readers" begins with the latest, and is subscribed to once', async () => {
    type Price = { symbol: string; price: number };
    const { prices } = await runRecipe<{ prices: (price$: Observable<Price>) => RequestHandler }>(
      'One source for all readers',
    );
    const price$ = new Subject<Price>();
    const leaving = new Subject<void>();
    const left = firstValueFrom(leaving);
    let subscribed = 0;
    const upstream$ = defer(() => {
      subscribed++;
      return price$;
    }).pipe(finalize(() => leaving.next()));
    const port = await serve(express().use(prices(upstream$)));

    const first = read(port);
    await first.until(begun);
    for (const n of [1, 2]) price$.next({ symbol: 'A', price: n });
    await first.until('"price":2');
    const second = read(port);
    await second.until('"price":2');
    price$.next({ symbol: 'A', price: 3 });
    await Promise.all([first, second].map(({ until }) => until('"price":3')));
    expect(second.body()).not.to.include('"price":1');
    expect(subscribed).to.equal(1);
    first.leave();
    second.leave();
    await left;
  });

  interface Easing {
    load: (sampledEvery: (milliseconds: number) => Observable<SseEvent>) => RequestHandler;
    prices: (price$: Observable<SseEvent>) => RequestHandler;
    trades: (trade$: Observable<SseEvent>) => RequestHandler;
    watchTrades: (url: string, sums: () => Observable<unknown>) => Observable<unknown>;
  }
  const easing = () => runRecipe<Easing>('A source that eases off');
  const padding = 'x'.repeat(16_384);

  it('"A source that eases off" is asked for less while its reader is behind', async () => {
    const { load } = await easing();
    const periods = new ReplaySubject<number>();
    const port = await serve(
      express().use(
        load(period => {
          periods.next(period);
          return period === 100 ? concat(of({ data: padding.repeat(1000) }), NEVER) : NEVER;
        }),
      ),
    );
    const { pause, resume, until } = read(port);
    await until(begun);
    pause();
    await firstValueFrom(periods.pipe(take(2), toArray()));
    resume();
    expect(await firstValueFrom(periods.pipe(take(3), toArray()))).to.deep.equal([100, 5000, 100]);
  });

  /** Gives a reader more than it has room for before it reads on. */
  const lag = async (
    { pause, resume, until }: Reader,
    source: Subject<SseEvent>,
    events: readonly SseEvent[],
  ) => {
    await until(begun);
    pause();
    for (const event of events) {
      source.next(event);
      await new Promise(setImmediate);
    }
    resume();
  };

  it('"A source that eases off" leaves out prices that a later one supersedes', async () => {
    const { prices } = await easing();
    const price$ = new Subject<SseEvent>();
    const reader = read(await serve(express().use(prices(price$))));
    const events = Array.from({ length: 1600 }, (_, n) => ({
      type: 'price',
      data: { symbol: n % 2 ? 'A' : 'B', n, padding },
    }));
    await lag(reader, price$, events);
    await reader.until('"n":1599');
    const numbers = Array.from(reader.body().matchAll(/"n":(\d+)/g), ({ 1: n }) => Number(n));
    expect(numbers.length).to.be.lessThan(1600);
    expect(numbers.slice(-2)).to.deep.equal([1598, 1599]);
    expect(reader.body()).not.to.include('gap');
  });

  it('"A source that eases off" tells a reader of trades how many it has missed', async () => {
    const { trades } = await easing();
    const trade$ = new Subject<SseEvent>();
    const reader = read(await serve(express().use(trades(trade$))));
    const events = Array.from({ length: 1600 }, (_, n) => ({ type: 'trade', data: { n, padding } }));
    await lag(reader, trade$, events);
    await reader.until('"n":1599');
    const [, dropped] = /event: gap\ndata: \{"dropped":(\d+)\}/.exec(reader.body()) ?? [];
    expect(reader.body().match(/^event: trade/gm)).to.have.length(1600 - Number(dropped));
  });

  it('"A source that eases off" has its reader ask for the sums in place of a gap', async () => {
    const { watchTrades } = await easing();
    const events = [
      { type: 'trade', data: 1 },
      { type: 'gap', data: { dropped: 2 } },
      { type: 'trade', data: 4 },
    ];
    const port = await serve(express().use(toSSE(() => events)));
    const seen$ = watchTrades(urlOf(port), () => timer(10).pipe(map(() => 'sums')));
    expect(await firstValueFrom(seen$.pipe(take(3), toArray()))).to.deep.equal([1, 'sums', 4]);
  });

  interface Row {
    id: number;
    note?: string;
  }
  type Query = (afterId: number) => Promise<{ read(count: number): Promise<Row[]>; close(): Promise<void> }>;
  const orders = async (query: Query) => {
    const module = await runRecipe<{ orders: (query: Query) => RequestHandler }>(
      'A result larger than memory',
    );
    return serve(express().use(module.orders(query)));
  };

  it('"A result larger than memory" is read to its end, once', async () => {
    const log: string[] = [];
    const port = await orders(afterId => {
      log.push(`after ${afterId}`);
      const rows = [1, 2, 3].filter(id => id > afterId).map(id => ({ id }));
      return Promise.resolve({
        read: () => Promise.resolve(rows.splice(0, 2)),
        close: () => Promise.resolve(void log.push('closed')),
      });
    });
    const ids = fromSSE(urlOf(port), { reconnect: { delay: 100 } }).pipe(map(({ id }) => id));
    expect(await firstValueFrom(ids.pipe(toArray()))).to.deep.equal(['1', '2', '3']);
    expect(log).to.deep.equal(['after 0', 'closed', 'after 3', 'closed']);
  });

  it('"A result larger than memory" is read no faster than its reader, and closed when that leaves', async () => {
    const total = 100_000;
    const closing = new Subject<void>();
    const isClosed = firstValueFrom(closing);
    let id = 0;
    const port = await orders(() =>
      Promise.resolve({
        read(count) {
          const length = Math.min(count, total - id);
          return Promise.resolve(Array.from({ length }, () => ({ id: ++id, note: 'x'.repeat(1000) })));
        },
        close: () => Promise.resolve(closing.next()),
      }),
    );
    const { pause, until, leave } = read(port);
    await until('id: 1\n');
    pause();
    await standstill(() => id);
    expect(id).to.be.lessThan(total);
    leave();
    await isClosed;
  });

  const startToShutDown = async (prices: Resumable, window: number) => {
    const { serverOf } = await runRecipe<{
      serverOf: (
        prices: Resumable,
        config: { window: number },
      ) => { server: Server; shutDown: () => Promise<void> };
    }>('Shutdown without a storm');
    const { server, shutDown } = serverOf(prices, { window });
    return { port: await serve(server), shutDown };
  };
  const farewell = /\nretry: (\d+)\n\n$/;

  it('"Shutdown without a storm" ends a thousand streams, each in its time, and then is through', async function () {
    this.timeout(20_000);
    const log = memoryLog();
    const { port, shutDown } = await startToShutDown(log, 300);
    const readers: Reader[] = [];
    // Not all at once, which is more than a listening socket takes.
    for (let n = 0; n < 10; n++) {
      const some = Array.from({ length: 100 }, () => read(port, { path: '/prices' }));
      await Promise.all(some.map(({ until }) => until(begun)));
      readers.push(...some);
    }
    const id = await log.append(price);
    await Promise.all(readers.map(({ until }) => until(id)));

    const ends = new Map<Reader, number>();
    const allOver = Promise.all(
      readers.map(async reader => {
        expect(await reader.over()).to.equal('ended');
        ends.set(reader, performance.now());
      }),
    );
    await shutDown();
    await allOver;
    const retries = readers.map(({ body }) => Number(farewell.exec(body())?.[1]));
    expect(Math.min(...retries)).to.be.within(1000, 1500);
    expect(Math.max(...retries)).to.be.within(4500, 4999);
    expect(Math.max(...ends.values()) - Math.min(...ends.values())).to.be.greaterThan(100);
    await expectRefused(port);
  });

  it('"Shutdown without a storm" ends the stream of a slow reader, too', async () => {
    const { log, reads } = flood();
    const { port, shutDown } = await startToShutDown(log, 1);
    const { pause, resume, body, over } = read(port, { path: '/prices' });
    pause();
    await standstill(reads);
    const before = reads();
    const shut = shutDown();
    // Its moment comes while it has no room.
    await firstValueFrom(timer(10));
    resume();
    expect(await over()).to.equal('ended');
    expect(body()).to.match(farewell);
    expect(reads()).to.equal(before);
    await shut;
  });

  const expectRefused = async (port: number) => {
    const error = await fetch(urlOf(port)).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(TypeError);
  };

  it('"Metrics" counts streams, and what they have sent', async () => {
    const { metrics } = await runRecipe<{ metrics: RequestHandler }>('Metrics');
    const closings = new Subject<unknown>();
    const app = express()
      .get('/metrics', metrics)
      .get(
        '/one',
        toSSE(() => of(price), { closeObserver: closings }),
      )
      .get(
        '/quiet',
        toSSE(() => NEVER, { maxConnections: 1, closeObserver: closings }),
      )
      .get(
        '/failing',
        toSSE(() => concat(of(price), timer(1).pipe(map(() => expect.fail('mine')))), {
          errorObserver: () => undefined,
          closeObserver: closings,
        }),
      );
    const port = await serve(app);
    const figures = async () => {
      const response = await fetch(urlOf(port, '/metrics'));
      expect(response.headers.get('content-type')).to.match(/^text\/plain; version=0\.0\.4/);
      const text = await response.text();
      expect(text).to.match(/^(# TYPE \w+ (gauge|counter)\n|\w+(\{reason="\w+"\})? \d+\n)+$/);
      return Object.fromEntries(
        Array.from(text.matchAll(/^(sse_\S+) (\d+)$/gm), ({ 1: name, 2: value }) => [name, Number(value)]),
      ) as Record<string, number>;
    };

    const quiet = read(port, { path: '/quiet' });
    await quiet.until(begun);
    expect((await fetch(urlOf(port, '/quiet'))).status).to.equal(503);
    expect(await figures()).to.include({ sse_streams: 1, sse_opened_total: 1, sse_refused_total: 1 });
    for (const path of ['/one', '/failing']) {
      const closing = firstValueFrom(closings);
      await read(port, { path }).over();
      await closing;
    }
    const closing = firstValueFrom(closings);
    quiet.leave();
    await closing;
    expect(await figures()).to.deep.include({
      sse_streams: 0,
      sse_opened_total: 3,
      sse_failed_total: 1,
      sse_events_total: 2,
      sse_bytes_total: 3 * begun.length + 2 * priceText.length,
      'sse_closed_total{reason="complete"}': 1,
      'sse_closed_total{reason="error"}': 1,
      'sse_closed_total{reason="gone"}': 1,
    });
  });

  it('"Limits" holds for each user, for all of them, and for how long', async () => {
    const { limited } = await runRecipe<{
      limited: (
        source: SseSource,
        userOf: (request: Request) => string,
        limits?: { perUser?: number; maxConnections?: number; maxDuration?: number },
      ) => RequestHandler;
    }>('Limits');
    const { event$, left } = source();
    const userOf = ({ headers }: Request) => headers.authorization ?? '';
    const app = express()
      .get('/', limited(event$, userOf, { perUser: 1, maxConnections: 2 }))
      .get('/short', limited(event$, userOf, { maxDuration: 20 }))
      .use(quietly);
    const port = await serve(app);
    const readAs = (Authorization: string, path = '/') => read(port, { path, headers: { Authorization } });
    const statusOf = async (Authorization: string) => {
      const response = await fetch(urlOf(port), { headers: { Authorization } });
      return `${response.status} ${response.headers.get('retry-after')}`;
    };

    const ann = readAs('ann');
    await ann.until(priceText);
    expect(await statusOf('ann')).to.equal('429 60');
    ann.leave();
    await left;
    const again = readAs('ann');
    const bob = readAs('bob');
    await Promise.all([again, bob].map(({ until }) => until(priceText)));
    expect(await statusOf('cid')).to.equal('503 5');
    expect(await readAs('ann', '/short').over()).to.equal('ended');
  });

  it('"The browser\'s own EventSource", in Node, listens by type and comes back', async () => {
    const { watch } = await runRecipe<{ watch: (url: string, show: (line: string) => void) => () => void }>(
      "The browser's own EventSource",
    );
    Object.assign(globalThis, { EventSource });
    cleanUps.push(() => Reflect.deleteProperty(globalThis, 'EventSource'));
    const log = memoryLog({ maxEvents: 1 });
    const server = createServer(express().use(toSSE(() => log, { retry: 100 })));
    const port = await serve(server);
    const lines = new ReplaySubject<string>();
    const until = (count: number) => firstValueFrom(lines.pipe(take(count), toArray()));
    cleanUps.push(watch(urlOf(port), line => lines.next(line)));

    await until(1);
    const first = await log.append({ type: 'price', data: 'a' });
    await until(2);
    await log.append({ type: 'other', data: 'b' });
    await log.append({ type: 'other', data: 'b' });
    const last = await log.append({ type: 'price', data: 'c' });
    await until(3);
    expect(await until(3)).to.deep.equal(['open', `${first}: a`, `${last}: c`]);
  });

  it('"Behind a proxy" begins with the options that one needs', async () => {
    const { app, prices } = await runRecipe<{ app: Express; prices: EventLog }>('Behind a proxy');
    const { head, until, body } = read(await serve(app), { path: '/prices' });
    await until('\nid: ');
    await prices.append(price);
    await until('event: price');
    expect((await head()).headers).to.include({ 'x-accel-buffering': 'no' });
    expect(body()).to.match(/^: keep-alive 20000\n: {2048}/);
  });

  it('is run, whichever it is', async () => {
    expect(await recipesNotRun('SERVER.md')).to.deep.equal([]);
  });
});
