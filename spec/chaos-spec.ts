import { expect } from 'chai';
import express, { type ErrorRequestHandler } from 'express';
import { createServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import type { Server } from 'node:net';
import type { Readable } from 'node:stream';
import { concat, filter, firstValueFrom, map, NEVER, Observable, of, range, Subject } from 'rxjs';
import { toSSE as toSSEOfExpress } from '../src/adapters/express.js';
import { toSSE, type NodeRequest, type SseProject, type ToSseConfig } from '../src/adapters/node.js';
import { createDecoder, type SseEvent } from '../src/index.js';
import type { SseSource } from '../src/server/index.js';
import { http1Clients, http2Clients, type ChaosClient, type ChaosPoint } from './support/chaosClients.js';
import { failing, failingLate } from './support/chaosProjects.js';
import { listen } from './support/listen.js';
import { uproar } from './support/uproar.js';

type Project = SseProject<NodeRequest>;
type Config = ToSseConfig<NodeRequest>;

/** Express prints what its own error handling gets. */
const quietly: ErrorRequestHandler = (_error, _request, response, _next) => void response.sendStatus(500);

const doors = {
  'node:http': {
    clients: http1Clients,
    serve: (project: Project, config: Config): Server => createServer(toSSE(project, config)),
  },
  'node:http2': {
    clients: http2Clients,
    serve: (project: Project, config: Config): Server => createHttp2Server(toSSE(project, config)),
  },
  Express: {
    clients: http1Clients,
    serve: (project: Project, config: Config): Server =>
      createServer(express().use(toSSEOfExpress(project, config)).use(quietly)),
  },
};

/** How far clients get, beside those that do not finish their request. */
const points: readonly ChaosPoint[] = [
  { name: 'after the head', path: '/never' },
  { name: 'in the middle of a body', path: '/never', body: 'half' },
  { name: 'while the project is undecided', path: '/undecided' },
  { name: 'at the head', path: '/never', until: ': keep-alive' },
  { name: 'at the first event', path: '/one', until: 'data: 1' },
  { name: 'in the middle of a large write', path: '/large', until: 'data: x' },
  { name: 'while events are asked for', path: '/endless', until: 'data: 10\n' },
  { name: 'while a log is read', path: '/log', until: 'data: 10\n' },
  { name: 'after the end', path: '/ended', until: 'data: 1' },
];
const repetitions = 2;
/** More than there are at once, and few enough to be all taken at the end. */
const maxConnections = 400;

for (const [name, { clients, serve }] of Object.entries(doors)) {
  describe(`toSSE at the door ${name}, after all that clients and sources can do,`, function () {
    this.timeout(10_000);

    let server: Server;
    let port: number;
    let reader: Readable;
    let told: unknown[];
    const sources = chaosSources();
    const healthy = { sent: 0, received: [] as number[] };
    const streams = { opened: 0, closed: 0 };
    const connections: Promise<unknown>[] = [];
    const statuses = new Map<string, number>();

    before(async () => {
      server = serve(sources.project, {
        maxConnections,
        // So that it comes at each moment.
        keepAlive: 5,
        openObserver: () => streams.opened++,
        closeObserver: () => streams.closed++,
        errorObserver: () => undefined,
      });
      server.on('connection', socket =>
        connections.push(new Promise(resolve => socket.on('close', resolve))),
      );
      port = await listen(server);
      told = await uproar(run);
    });
    after(() => {
      reader.destroy();
      server.close();
    });

    const run = async () => {
      const begun = sources.isAsked('/healthy');
      reader = await clients.open(port, '/healthy');
      const isComplete = new Promise<void>(resolve => {
        const decoder = createDecoder(({ data }) => {
          if (data === 'last') resolve();
          else healthy.received.push(Number(data));
        });
        reader.on('data', chunk => decoder.decode(chunk as Uint8Array));
      });
      await begun;

      await Promise.all([
        ...Object.keys(failing).map(async name => {
          statuses.set(name, await clients.ask(port, `/failing/${encodeURI(name)}`));
        }),
        ...Object.keys(failingLate).map(async name => {
          const path = `/failingLate/${encodeURI(name)}`;
          const client = await clients.connect(port, { name, path, until: 'data: 1' });
          await client.destroy();
        }),
      ]);
      const left = await Promise.all([
        ...[...clients.unfinished, ...points].flatMap(point =>
          Array.from({ length: repetitions }, () => leaveInAllWays(() => meet(point))),
        ),
        ...clients.crowds.map(crowd => leaveInAllWays(() => crowd(port, '/never', '/ended'))),
      ]);
      sources.decide();
      await turn();
      await Promise.all(left.flat().map(client => client.destroy()));
      // By then the server knows of all connections before.
      await clients.ask(port, '/ended');
      await Promise.all(connections.slice(1));
      await turn();

      sources.healthy$.next({ data: 'last' });
      await isComplete;
    };
    /** One client after the other, until there is no further way to leave. */
    const leaveInAllWays = async (meetOne: () => Promise<ChaosClient>) => {
      const left: ChaosClient[] = [];
      for (;;) {
        const client = await meetOne();
        const departure = Object.values(client.departures)[left.length];
        if (!departure) {
          await client.destroy();
          return left;
        }
        left.push(client);
        sources.healthy$.next({ data: ++healthy.sent });
        departure();
      }
    };
    let undecided = 0;
    const meet = async (point: ChaosPoint): Promise<ChaosClient> => {
      if (point.path !== '/undecided') return clients.connect(port, point);
      const path = `/undecided/${++undecided}`;
      const asked = sources.isAsked(path);
      const client = await clients.connect(port, { ...point, path });
      await asked;
      return client;
    };
    const turn = () => new Promise(setImmediate);

    it('has told the process of nothing', () => {
      expect(told.map(news => (news instanceof Error ? news.stack : news))).to.deep.equal([]);
    });

    it('has asked each project that fails', () => {
      const { asked } = sources;
      expect(asked.failing).to.have.keys(Object.keys(failing));
      expect(asked.failingLate).to.have.keys(Object.keys(failingLate));
    });

    it('has answered each as an error or with a stream, and not as if there were nothing', () => {
      for (const [name, status] of statuses) expect(status, name).to.be.oneOf([200, 500]);
      expect(statuses.size).to.equal(Object.keys(failing).length);
    });

    it('has left each source, once', () => {
      const { begun, left } = sources.count;
      expect(begun).to.be.greaterThan(100);
      expect(left).to.equal(begun);
    });

    it('has told of the end of each stream, once', () => {
      const { opened, closed } = streams;
      expect(opened).to.be.greaterThan(200);
      expect(closed).to.equal(opened - 1);
    });

    it('has written to a healthy reader each event, in order', () => {
      expect(healthy.sent).to.be.greaterThan(100);
      expect(healthy.received).to.deep.equal(Array.from({ length: healthy.sent }, (_, index) => index + 1));
    });

    it('has all places free again, and no more', async () => {
      const point: ChaosPoint = { name: 'reading', path: '/never', until: ': keep-alive' };
      const readers = await Promise.all(
        Array.from({ length: maxConnections - 1 }, () => clients.connect(port, point)),
      );
      // It is over only where there is no place.
      await clients.ask(port, '/never');
      await Promise.all(readers.map(reader => reader.destroy()));
      const reader = await clients.connect(port, point);
      await reader.destroy();
    });
  });
}

/** A project that has something of everything, and counts what is read of it. */
function chaosSources() {
  const healthy$ = new Subject<SseEvent>();
  const asked$ = new Subject<string>();
  const decision = new Subject<void>();
  const count = { begun: 0, left: 0 };
  const asked = { failing: new Set<string>(), failingLate: new Set<string>() };

  const counted = (source$: Observable<SseEvent>) =>
    new Observable<SseEvent>(subscriber => {
      count.begun++;
      subscriber.add(() => count.left++);
      return source$.subscribe(subscriber);
    });
  async function* endless(): AsyncGenerator<SseEvent> {
    count.begun++;
    try {
      for (let n = 1; ; n++) yield await Promise.resolve({ data: n });
    } finally {
      count.left++;
    }
  }
  /** It is to be closed even by who does not read it. */
  const begun = (): AsyncIterable<SseEvent> => {
    count.begun++;
    const next = () => new Promise<never>(() => undefined);
    const end = () => Promise.resolve({ done: true as const, value: count.left++ });
    return { [Symbol.asyncIterator]: () => ({ next, return: end }) };
  };
  const log = {
    after: (id = '0') => counted(range(Number(id) + 1, 1000).pipe(map(n => ({ id: String(n), data: n })))),
  };
  const large: SseEvent = { data: 'x'.repeat(4_000_000) };
  const one: SseEvent = { data: 1 };

  const project: Project = ({ url = '' }) => {
    asked$.next(url);
    const [, kind = '', name = ''] = decodeURI(url).split('/');
    switch (kind) {
      case 'healthy':
        return healthy$;
      case 'undecided':
        return firstValueFrom(decision).then(() => (Number(name) % 2 ? counted(NEVER) : begun()));
      case 'one':
        return counted(concat(of(one), NEVER));
      case 'large':
        return counted(concat(of(large, large), NEVER));
      case 'endless':
        return endless();
      case 'log':
        return log;
      case 'ended':
        return counted(of(one));
      case 'failing':
        asked.failing.add(name);
        return failing[name]?.() as SseSource;
      case 'failingLate':
        asked.failingLate.add(name);
        return failingLate[name]?.() as SseSource;
      default:
        return counted(NEVER);
    }
  };

  return {
    project,
    healthy$,
    count,
    asked,
    decide: () => decision.next(),
    isAsked: (path: string) => firstValueFrom(asked$.pipe(filter(each => each === path))),
  };
}
