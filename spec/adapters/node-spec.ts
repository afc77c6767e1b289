import { expect } from 'chai';
import Fastify from 'fastify';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createServer as createH2cServer, createSecureServer } from 'node:http2';
import type { Server as NetServer } from 'node:net';
import { concat, NEVER, of, Subject, throwError } from 'rxjs';
import { toSSE, type NodeRequest, type NodeResponse } from '../../src/adapters/node.js';
import type { SseEvent } from '../../src/index.js';
import type { SseProject, SseSource, ToSseConfig } from '../../src/server/index.js';
import { serverContract, type Door } from '../contracts/server.js';
import { begun, wholeBody } from '../contracts/server/stage.js';
import type { Connection } from '../support/connection.js';
import { connectHttp1 } from '../support/http1.js';
import { connectH2, connectH2c } from '../support/http2.js';
import { listen } from '../support/listen.js';
import { tlsFixture } from '../support/tls.js';

type Listener = (request: NodeRequest, response: NodeResponse) => void;

/** A listener that has an error handling to leave errors to. */
function listenerOf(project: SseProject<unknown>, config?: ToSseConfig): Listener {
  const answer = toSSE(project, config);
  return (request, response) => answer(request, response, () => void response.writeHead(500).end());
}

const protocols: readonly [name: string, create: (listener: Listener) => NetServer, Door['connect']][] = [
  ['HTTP/1.1', listener => createServer(listener), connectHttp1],
  ['HTTP/2 in the clear', listener => createH2cServer(listener), connectH2c],
  ['HTTP/2 over TLS', listener => createSecureServer(tlsFixture, listener), connectH2],
];

for (const [protocol, create, connect] of protocols) {
  describe(`toSSE of node, over ${protocol}, as any door`, () =>
    serverContract({ serve: (project, config) => create(listenerOf(project, config)), connect }));

  describe(`toSSE of node, over ${protocol}`, () => {
    let server: NetServer;
    let connection: Connection;
    let errors: unknown[];
    let warnings: Error[];
    const warned = (warning: Error) => warnings.push(warning);

    beforeEach(() => {
      errors = [];
      warnings = [];
      process.on('warning', warned);
    });
    afterEach(() => {
      process.off('warning', warned);
      connection.close();
      server.close();
    });
    const serve = async (listener: Listener) => {
      server = create(listener);
      connection = connect(await listen(server));
    };
    const errorObserver = (error: unknown) => errors.push(error);

    it('answers a failure with a bare 500, and tells of it, where there is no next', async () => {
      const mine = new Error('db password');
      await serve(toSSE(() => throwError(() => mine), { errorObserver }));
      const { head, over, body } = connection.ask();
      const { status, headers } = await head();
      expect(status).to.equal(500);
      expect(headers).not.to.have.any.keys('content-type', 'cache-control', 'x-accel-buffering');
      expect(await over()).to.equal('ended');
      expect(body()).to.equal('');
      expect(errors).to.deep.equal([mine]);
    });

    it("keeps what the route and the project set of the answer's head", async () => {
      const stream = toSSE(async (_, { response }) => {
        await Promise.resolve();
        response.statusCode = 201;
        response.setHeader('X-Mine', 'yes');
        return of({ data: 'a' });
      });
      await serve((request, response) => {
        response.setHeader('Set-Cookie', ['a=1', 'b=2']);
        response.setHeader('Cache-Control', 'private');
        stream(request, response);
      });
      const reader = connection.ask();
      const { status, headers } = await reader.head();
      expect(status).to.equal(201);
      expect(headers).to.deep.include({
        'cache-control': 'private',
        'set-cookie': ['a=1', 'b=2'],
        'x-mine': 'yes',
        'x-accel-buffering': 'no',
      });
      expect(await wholeBody(reader)).to.equal(`${begun}data: a\n\n`);
    });

    it('leaves a head that cannot be sent to the error handling, and nothing of it on the response', async () => {
      for (const head of ['eager', 'first-event'] as const) {
        const stream = toSSE(
          (_, { response }) => {
            response.statusCode = 99;
            return of({ data: 'a' });
          },
          { head, errorObserver },
        );
        await serve(stream);
        const { head: headOf, over, body } = connection.ask();
        const { status, headers } = await headOf();
        expect(status).to.equal(500);
        expect(headers).not.to.have.any.keys('content-type', 'cache-control', 'x-accel-buffering');
        expect(await over()).to.equal('ended');
        expect(body()).to.equal('');
        connection.close();
        server.close();
      }
      expect(errors.map(String)).to.deep.equal(Array(2).fill(errors.map(String)[0]));
      expect(String(errors[0])).to.match(/status code/i);
    });

    it('gives no warning for anything that it does', async () => {
      const events$ = new Subject<SseEvent>();
      const sources: SseSource[] = [events$, of({ data: 'a' }), [], throwError(() => 'mine')];
      await serve(toSSE(() => sources.shift() ?? NEVER, { errorObserver }));
      const reader = connection.ask();
      await reader.until(begun);
      for (let count = 0; count < 100; count++) events$.next({ data: count });
      await reader.until('data: 99');
      events$.complete();
      await reader.over();
      for (let count = 0; count < 3; count++) await connection.ask().over();
      await connection.ask({ method: 'HEAD' }).over();
      expect(sources).to.deep.equal([]);
      expect(warnings).to.deep.equal([]);
    });
  });
}

describe('toSSE of node, over HTTP/2', () => {
  it('sends no header that HTTP/2 forbids', async () => {
    const server = createH2cServer(toSSE(() => NEVER));
    const connection = connectH2c(await listen(server));
    const { headers } = await connection.ask().head();
    expect(headers).not.to.have.any.keys('connection', 'keep-alive', 'transfer-encoding');
    connection.close();
    server.close();
  });
});

describe('toSSE of node, over HTTP/1.1', () => {
  it('cuts off a response that waits behind another one, after what it gave, once it is its turn', async () => {
    const sources: Subject<SseEvent>[] = [];
    const server = createServer(
      toSSE(
        () => {
          const source = new Subject<SseEvent>();
          sources.push(source);
          return source;
        },
        { errorObserver: () => undefined },
      ),
    );
    const connection = connectHttp1(await listen(server));
    const [first, second] = [connection.ask(), connection.ask()];
    await first.until(begun);
    while (sources.length < 2) await new Promise(setImmediate);
    sources[1]?.next({ data: 'a' });
    sources[1]?.error('mine');
    sources[0]?.complete();
    expect(await first.over()).to.equal('ended');
    expect(await second.over()).to.equal('cut');
    expect(second.body()).to.equal(`${begun}data: a\n\n`);
    server.close();
  });

  it('cuts off the response to a request that a framework injects', async () => {
    const source = concat(
      of({ data: 'a' }),
      throwError(() => 'mine'),
    );
    const stream = toSSE(() => source, { errorObserver: () => undefined });
    const app = Fastify().get('/', ({ raw }, reply) => stream(raw, reply.hijack().raw));
    const outcome = await app.inject('/').then(
      ({ body }) => body,
      (error: unknown) => error,
    );
    expect(outcome).to.be.instanceOf(Error);
  });

  it('does not keep a connection for another request once the server is closed', async () => {
    const events$ = new Subject<SseEvent>();
    const server = createServer(toSSE(() => events$));
    server.keepAliveTimeout = 0;
    const connection = connectHttp1(await listen(server));
    const { until, over } = connection.ask();
    await until(begun);
    const closed = once(server, 'close');
    server.close();
    events$.complete();
    expect(await over()).to.equal('ended');
    await closed;
  });

  it('listens once, for however many requests are waiting on a connection', async () => {
    const warnings: Error[] = [];
    const warned = (warning: Error) => warnings.push(warning);
    process.on('warning', warned);
    const events$ = new Subject<SseEvent>();
    const server: Server = createServer(toSSE(() => events$));
    const connection = connectHttp1(await listen(server));
    const readers = Array.from({ length: 30 }, () => connection.ask());
    await readers[0]?.until(begun);
    connection.close();
    while (events$.observed) await new Promise(setImmediate);
    expect(warnings).to.deep.equal([]);
    process.off('warning', warned);
    server.close();
  });
});
