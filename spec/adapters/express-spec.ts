import { expect } from 'chai';
import compression from 'compression';
import express, { type ErrorRequestHandler, type Express } from 'express';
import express4 from 'express-4';
import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import { brotliDecompressSync, constants, gunzipSync } from 'node:zlib';
import request from 'supertest';
import {
  concat,
  defer,
  EMPTY,
  finalize,
  firstValueFrom,
  lastValueFrom,
  NEVER,
  of,
  Subject,
  take,
  throwError,
  toArray,
} from 'rxjs';
import { toSSE } from '../../src/adapters/express.js';
import type { SseContext } from '../../src/server/index.js';
import { serverContract } from '../contracts/server.js';
import { listen } from '../support/listen.js';
import type { RawRequest } from '../support/connection.js';
import { connectHttp1 } from '../support/http1.js';

for (const [name, create] of [
  ['Express 5', express],
  ['Express 4', express4],
] as const) {
  describe(`toSSE of ${name}`, () => {
    // Express prints what its own error handling gets.
    const quietly: ErrorRequestHandler = (_error, _request, response, _next) => void response.sendStatus(500);
    describe('as any door', () =>
      serverContract({
        serve: (project, config) => createServer(create().use(toSSE(project, config)).use(quietly)),
        connect: connectHttp1,
      }));

    let app: Express;
    let server: Server;
    const never = toSSE(() => NEVER);

    beforeEach(() => {
      app = create();
      server = createServer(app);
    });
    afterEach(() => {
      server.closeAllConnections();
      server.close();
    });
    const connect = async () => connectHttp1(await listen(server));
    const reader = async (request?: RawRequest) => (await connect()).ask(request);

    it('is middleware of a route, and knows its parameters', async () => {
      app.get(
        '/greet/:name',
        toSSE(({ params, query }) => of({ data: [query['greeting'], params['name']] })),
      );
      const { text } = await request(app).get('/greet/Ada?greeting=Hello').expect(200);
      expect(text).to.include('data: ["Hello","Ada"]\n\n');
    });

    it("keeps the route's own status, cookies, CORS and Cache-Control", async () => {
      app.use(
        (_request, response, next) => {
          response.status(201).cookie('a', '1').cookie('b', '2').set({
            'Access-Control-Allow-Origin': 'https://example.com',
            'Cache-Control': 'private',
            'X-Accel-Buffering': 'yes',
          });
          next();
        },
        toSSE(() => of({ data: 'a' })),
      );
      const { headers } = await request(app).get('/').expect(201);
      expect(headers).to.include({
        'content-type': 'text/event-stream; charset=utf-8',
        'access-control-allow-origin': 'https://example.com',
        'cache-control': 'private',
        'x-accel-buffering': 'yes',
      });
      expect(headers['set-cookie']).to.deep.equal(['a=1; Path=/', 'b=2; Path=/']);
    });

    it('keeps what an async project sets before it decides', async () => {
      app.use(async (_request, response, next) => {
        await toSSE(async () => {
          await Promise.resolve();
          response.status(202).set('X-Mine', 'yes');
          return of({ data: 'a' });
        })(_request, response, next);
      });
      await request(app).get('/').expect(202).expect('X-Mine', 'yes');
    });

    it("hands an error to Express's error handling as it is, with nothing of a stream left on the response", async () => {
      const mine = new Error('mine');
      const told: unknown[] = [];
      const handler: ErrorRequestHandler = (error, _request, response, _next) => {
        told.push(error);
        response.status(418).json({ sorry: true });
      };
      app.use(toSSE(() => throwError(() => mine))).use(handler);
      const { headers } = await request(app).get('/').expect(418, { sorry: true });
      expect(told).to.deep.equal([mine]);
      expect(headers['content-type']).to.equal('application/json; charset=utf-8');
      expect(headers).not.to.have.any.keys('cache-control', 'x-accel-buffering');
    });

    for (const [name, source, log] of [
      ['a source that gives at once', of({ data: 'a' }), /: keep-alive 15000\n\ndata: a\n\n$/],
      ['an empty source', EMPTY, /^$/],
    ] as const) {
      it(`goes on from a head that the route has sent: ${name}`, async () => {
        app.use(
          (_request, response, next) => {
            response.status(202).type('text/event-stream').flushHeaders();
            next();
          },
          toSSE(() => source),
        );
        const { text } = await request(app).get('/').expect(202);
        expect(text).to.match(log);
      });
    }

    it('leaves an answer alone that the project has given itself', async () => {
      let subscriptions = 0;
      const events$ = defer(() => of({ data: ++subscriptions }));
      app.use((request, response, next) =>
        toSSE(() => {
          response.status(401).send('no');
          return events$;
        })(request, response, next),
      );
      await request(app).get('/').expect(401, 'no');
      expect(subscriptions).to.equal(0);
    });

    for (const error of [undefined, null, 0, '', 'route', 'router']) {
      it(`hands the failure ${String(error)} to Express's error handling, too, not to the next route`, async () => {
        app.use(
          toSSE(() => throwError(() => error)),
          (_request, response) => void response.send('next'),
        );
        app.use(quietly);
        await request(app).get('/').expect(500);
      });
    }

    for (const method of ['GET', 'POST']) {
      it(`unsubscribes also where a reader leaves whose ${method} waits behind another on its connection`, async () => {
        const [asked$, gone$] = [new Subject<string>(), new Subject<string>()];
        app.use(
          express.json(),
          toSSE(({ url }) => {
            asked$.next(url);
            return NEVER.pipe(finalize(() => gone$.next(url)));
          }),
        );
        const [asked, gone] = [asked$, gone$].map(each$ => lastValueFrom(each$.pipe(take(3), toArray())));
        const json = { method, headers: { 'Content-Type': 'application/json' }, body: '{"a":1}' };
        const { ask, close } = await connect();
        for (const path of ['/1', '/2', '/3']) ask({ ...json, path });
        await asked;
        close();
        expect(await gone).to.have.members(['/1', '/2', '/3']);
      });
    }

    it('streams on after a body was parsed, until its reader leaves', async () => {
      const events$ = new Subject<{ data: unknown }>();
      const gone$ = new Subject<void>();
      const gone = firstValueFrom(gone$);
      app.use(
        express.json(),
        toSSE(({ body }) => concat(of({ data: body }), events$).pipe(finalize(() => gone$.next()))),
      );
      const { until, leave } = await reader({
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: '{"question":42}',
      });
      await until('data: {"question":42}\n\n');
      events$.next({ data: 'later' });
      await until('data: later\n\n');
      expect(events$.observed).to.equal(true);
      leave();
      await gone;
    });

    const flushed = {
      identity: (bytes: Buffer) => bytes,
      gzip: (bytes: Buffer) => gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }),
      br: (bytes: Buffer) => brotliDecompressSync(bytes, { finishFlush: constants.BROTLI_OPERATION_FLUSH }),
    };
    for (const [encoding, decompress] of Object.entries(flushed)) {
      it(`writes each event at once under compression(), and cuts off after those of an error's own turn, in ${encoding}`, async () => {
        const events$ = new Subject<{ data: string }>();
        app.use(
          compression({ threshold: 0 }),
          // Without `no-transform`, or it would not compress.
          (_request, response, next) => next(void response.set('Cache-Control', 'no-cache')),
          toSSE(() => events$, { errorObserver: () => undefined }),
        );
        const headers = { 'Accept-Encoding': encoding };
        const [response] = (await once(
          get({ port: await listen(server), headers, agent: false }),
          'response',
        )) as [IncomingMessage];
        expect(response.headers['content-encoding'] ?? 'identity').to.equal(encoding);
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        const arrived = () => decompress(Buffer.concat(chunks)).toString();
        const until = async (text: string) => {
          while (!arrived().includes(text)) await once(response, 'data');
        };

        await until(': keep-alive');
        events$.next({ data: 'a' });
        await until('data: a\n\n');
        const cut = once(response, 'error');
        for (const data of ['b', 'c']) events$.next({ data });
        events$.error('mine');
        expect(await cut).to.have.length(1);
        expect(response.complete).to.equal(false);
        expect(arrived()).to.include('data: b\n\ndata: c\n\n');
      });
    }

    for (const [encoding, middleware] of [
      ['identity', [compression()]],
      ['own', []],
    ] as const) {
      it(`writes nothing for a compressor where there is none, though the encoding is ${encoding}`, async () => {
        app.use(...middleware, (_request, response, next) => {
          response.set('Content-Encoding', encoding);
          next();
        });
        const events = concat(
          of({ data: 'a' }),
          throwError(() => 'mine'),
        );
        app.use(toSSE(() => events, { errorObserver: () => undefined }));
        const { over, body } = await reader();
        expect(await over()).to.equal('cut');
        expect(body()).to.equal(': keep-alive 15000\n\ndata: a\n\n');
      });
    }

    it('asks no project for a reader that left before it was its turn', async () => {
      const asked: SseContext[] = [];
      const passed = new Subject<void>();
      const done = firstValueFrom(passed);
      const stream = toSSE((_, context) => {
        asked.push(context);
        return NEVER;
      });
      app.use((request, response, next) => {
        request.socket.destroy();
        stream(request, response, next);
        response.on('close', () => {
          stream(request, response, next);
          passed.next();
        });
      });
      await reader();
      await done;
      expect(asked).to.deep.equal([]);
    });

    it('answers a failure with a bare 500, and tells of it, where it is called without next', async () => {
      const errors: unknown[] = [];
      const stream = toSSE(() => throwError(() => 'mine'), { errorObserver: error => errors.push(error) });
      app.use((request, response) => void stream(request, response, undefined as never));
      const { text } = await request(app).get('/').expect(500);
      expect(text).to.equal('');
      expect(errors).to.deep.equal(['mine']);
    });

    it('survives a route that ends the response behind its back', async () => {
      const events$ = new Subject<{ data: string }>();
      const stream = toSSE(() => events$);
      app.use(async (request, response, next) => {
        await stream(request, response, next);
        response.end();
        // So much that it is written at once.
        events$.next({ data: 'too late'.repeat(10_000) });
      });
      const { over, body } = await reader();
      expect(await over()).to.equal('ended');
      expect(body()).not.to.include('too late');
      expect(events$.observed).to.equal(false);
    });

    it('serves one path as a stream and another as it likes', async () => {
      app.get('/stream', never).get('/other', (_request, response) => void response.send('other'));
      app.get(
        '/done',
        toSSE(() => EMPTY),
      );
      await request(app).get('/other').expect(200, 'other');
      await request(app).get('/done').expect(204, '');
      await request(app)
        .head('/stream')
        .expect(200)
        .expect('Content-Type', /^text\/event-stream/);
    });
  });
}
