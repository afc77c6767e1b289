import { firstValueFrom, Subject } from 'rxjs';
import { rawServer, startStream, type RawExchange, type RawServer } from '../../support/rawServer.js';
import type { ClientDriver, Sight, StreamConfig } from './driver.js';

/** A claim about clients, and how it is tried. */
export interface Scenario {
  readonly title: string;
  readonly run: (scene: Scene) => Promise<void>;
}

export interface OpenConfig extends Partial<StreamConfig> {
  readonly server?: RawServer;
  readonly query?: string;
}

/** Where one scenario is played. */
export interface Scene {
  readonly server: RawServer;
  /** Another server, for this scenario alone. */
  readonly anotherServer: () => Promise<RawServer>;
  /** Has the client open a stream at a path that no other has. */
  readonly open: (config?: OpenConfig) => Promise<Stream>;
  /** The same, after a first connection that told it `retry: 100`. What it saw of that is forgotten. */
  readonly openQuick: (config?: OpenConfig) => Promise<Stream>;
  /** Waits until the client has come back to another stream so many times, with `retry: 100`. */
  readonly aWhile: (times?: number) => Promise<void>;
}

/** A stream, as the server and the client see it. */
export interface Stream {
  readonly path: string;
  /** What the client saw. */
  readonly sights: readonly Sight[];
  /** The kinds of what it saw. */
  readonly kinds: () => Sight['kind'][];
  /** The events that it saw. */
  readonly events: () => Extract<Sight, { kind: 'event' }>[];
  /** The data of the events that it saw. */
  readonly data: () => string[];
  /** Forgets what it has seen until now. */
  readonly forget: () => void;
  /** How many requests it has made. */
  readonly requestCount: () => number;
  /** Takes its next request. Fails if the client has given up. */
  readonly request: () => Promise<RawExchange>;
  /** Takes its next request that was redirected to this place below its path. */
  readonly requestBelow: (place: string) => Promise<RawExchange>;
  /** Waits until it has seen so many of a kind. Fails if the client has given up. */
  readonly saw: (kind: Sight['kind'], count?: number) => Promise<void>;
  /** Waits until the client has given up, and says how. */
  readonly over: () => Promise<Sight['kind']>;
  readonly stop: () => Promise<void>;
  /**
   * Stops it, and closes its connections from the server's side. Browsers open six connections to an origin, so that each one
   * that is left open keeps other streams waiting.
   */
  readonly close: () => Promise<void>;
}

/** Where all scenarios of a client are played, at one server. */
export interface Stage {
  /** Plays a scenario. Whatever it waits for has to come within `patience` milliseconds. */
  readonly play: (scenario: Scenario, patience: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

export async function openStage(driver: ClientDriver): Promise<Stage> {
  const server = await rawServer();
  const metronome = await startMetronome(server, driver);
  let count = 0;

  return {
    async play({ run }, patience) {
      const streams: Stream[] = [];
      const servers: RawServer[] = [];
      const open = async (config: OpenConfig = {}) => {
        const stream = await openStream(driver, `/${++count}`, { server, ...config });
        streams.push(stream);
        return stream;
      };
      const scene: Scene = {
        server,
        async anotherServer() {
          const another = await rawServer();
          servers.push(another);
          return another;
        },
        open,
        async openQuick(config) {
          const stream = await open(config);
          const first = startStream(await stream.request());
          await first.send('retry: 100\n\n');
          await first.end();
          await stream.saw('loss');
          stream.forget();
          return stream;
        },
        aWhile: metronome.ticks,
      };
      try {
        await within(patience, run(scene), () => streams.map(({ sights }) => sights));
      } finally {
        await Promise.all(streams.map(stream => stream.close()));
        await Promise.all(servers.map(another => another.close().catch(() => undefined)));
      }
    },
    async close() {
      await metronome.stop();
      await server.close();
    },
  };
}

async function openStream(
  driver: ClientDriver,
  path: string,
  { server, query = '', ...config }: OpenConfig & { readonly server: RawServer },
): Promise<Stream> {
  const sights: Sight[] = [];
  const news = new Subject<void>();
  const givingUp = new AbortController();
  const stop = await driver.open(
    `${server.origin}${path}${query}`,
    { types: ['message'], ...config },
    sight => {
      sights.push(sight);
      if (isFinal(sight)) givingUp.abort(new Error(`Expected more, got ${JSON.stringify(sight)}`));
      news.next();
    },
  );

  const kinds = () => sights.map(({ kind }) => kind);
  const ownRequests = () => server.requests.filter(request => request.path === path + query);
  const events = () => sights.filter(sight => sight.kind === 'event');
  return {
    path,
    sights,
    kinds,
    events,
    forget: () => void sights.splice(0),
    data: () => events().map(({ data }) => data),
    requestCount: () => ownRequests().length,
    request: () => server.next(path + query, givingUp.signal),
    requestBelow: place => server.next(path + place, givingUp.signal),
    async saw(kind, count = 1) {
      while (kinds().filter(seen => seen === kind).length < count) {
        givingUp.signal.throwIfAborted();
        await firstValueFrom(news);
      }
    },
    async over() {
      for (;;) {
        const end = sights.find(isFinal);
        if (end) return end.kind;
        await firstValueFrom(news);
      }
    },
    stop: async () => stop(),
    async close() {
      await stop();
      for (const request of ownRequests()) request.destroy();
    },
  };
}

function isFinal({ kind }: Sight): boolean {
  return kind === 'failed' || kind === 'stopped';
}

/** A stream that the client comes back to for ever: where nothing is to happen, it says that there was time for it. */
async function startMetronome(server: RawServer, driver: ClientDriver) {
  const stream = await openStream(driver, '/metronome', { server });
  const tick = new Subject<void>();
  const over = new AbortController();
  const run = async () => {
    for (;;) {
      const response = startStream(await server.next('/metronome', over.signal));
      tick.next();
      await response.send('retry: 100\ndata: tick\n\n');
      await response.end();
    }
  };
  run().catch(() => undefined);
  return {
    ticks: async (times = 3) => {
      for (let n = 0; n < times; n++) await firstValueFrom(tick);
    },
    async stop() {
      over.abort();
      await stream.stop();
    },
  };
}

async function within(patience: number, done: Promise<void>, seen: () => unknown): Promise<void> {
  let timeout: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timeout = setTimeout(() => {
      const facts = JSON.stringify(seen()).slice(0, 1000);
      reject(new Error(`Expected to be done within ${patience} ms; the client has seen ${facts}`));
    }, patience);
  });
  await Promise.race([done, tooLate]).finally(() => clearTimeout(timeout));
}
