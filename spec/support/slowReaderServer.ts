import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo, Server } from 'node:net';
import { firstValueFrom, Subject } from 'rxjs';
import { toSSE } from '../../src/adapters/node.js';
import type { SseEvent } from '../../src/index.js';
import { memoryLog } from '../../src/log/index.js';
import type { SseSource, ToSseConfig } from '../../src/server/index.js';
import {
  duration,
  published,
  type SlowReaderDoor,
  type SlowReaderReport,
  type SlowReaderSource,
} from './slowReader.js';
import { memoryInUse } from './memoryInUse.js';

// A program of its own, so that its memory is that of one kind of source at one door, and of nothing else. It publishes from
// when its first reader is there, and then tells by what its memory has grown.

/** A source, and how to have it go on. */
interface Feed {
  readonly source: SseSource;
  readonly config?: ToSseConfig;
  /** Undefined for a source that is asked for its events. */
  readonly publish?: (event: SseEvent) => void;
  readonly complete?: () => void;
}

let given = 0;
function nextEvent(): SseEvent {
  const n = ++given;
  // A kilobyte of its own: events that share their text would cost next to nothing.
  return { data: { n, text: String(n).padStart(1000, '.') } };
}

function* endless(): Generator<SseEvent> {
  for (;;) yield nextEvent();
}

function subject(config: ToSseConfig): Feed {
  const events$ = new Subject<SseEvent>();
  return {
    source: events$,
    config,
    publish: event => events$.next(event),
    complete: () => events$.complete(),
  };
}

const feeds: Readonly<Record<SlowReaderSource, () => Feed | Promise<Feed>>> = {
  disconnect: () => subject({ overflow: 'disconnect' }),
  'drop-oldest': () => subject({ overflow: 'drop-oldest' }),
  'drop-newest': () => subject({ overflow: 'drop-newest' }),
  latestBy: () => subject({ overflow: { latestBy: ({ data }) => (data as { n: number }).n % 100 } }),
  resumable: async () => {
    const log = memoryLog({ maxEvents: 1000 });
    // What it keeps is not what the reader costs.
    while (given < 1000) await log.append(nextEvent());
    given = 0;
    return { source: log, publish: event => void log.append(event) };
  },
  iterable: () => ({ source: endless() }),
  asyncIterable: () => ({
    source: (async function* () {
      for (;;) yield await Promise.resolve(nextEvent());
    })(),
  }),
  readableStream: () => ({
    source: new ReadableStream<SseEvent>({ pull: controller => controller.enqueue(nextEvent()) }),
  }),
  control: () => subject({}),
};

/** Loads no door but the one it is asked for: all servers start at once, on few cores. */
async function serverOf(door: SlowReaderDoor, source: SseSource, config: ToSseConfig): Promise<Server> {
  const project = () => {
    arrivals.next();
    return source;
  };
  switch (door) {
    case 'node':
      return createServer(toSSE(project, config));
    case 'http2':
      return createHttp2Server(toSSE(project, config));
    case 'express': {
      const { default: express } = await import('express');
      const { toSSE } = await import('../../src/adapters/express.js');
      return createServer(express().use(toSSE(project, config)));
    }
    case 'fetch': {
      const { getRequestListener } = await import('@hono/node-server');
      const { toSSE } = await import('../../src/adapters/fetch.js');
      const listener = getRequestListener(toSSE(project, config));
      return createServer((request, response) => void listener(request, response));
    }
    case 'naive':
      return createServer((_, response) => {
        const write = ({ data }: SseEvent) => response.write(`data: ${JSON.stringify(data)}\n\n`);
        if (source instanceof Subject) source.subscribe(write);
        arrivals.next();
      });
  }
}

/** Publishes as time goes by, however late a timer is. */
function publishAll(publish: (event: SseEvent) => void): Promise<void> {
  const begin = performance.now();
  return new Promise(resolve => {
    const timer = setInterval(() => {
      const due = Math.floor(((performance.now() - begin) / duration) * published);
      while (given < Math.min(due, published)) publish(nextEvent());
      if (given < published) return;
      clearInterval(timer);
      resolve();
    }, 1);
  });
}

const report = (news: SlowReaderReport) => process.send?.(news);
const arrivals = new Subject<void>();
const arrival = firstValueFrom(arrivals);
// Whoever started it has seen enough, or has gone.
for (const event of ['message', 'disconnect']) process.on(event, () => process.exit());

const [, , kind, door] = process.argv as unknown as [string, string, SlowReaderSource, SlowReaderDoor];
const { source, config, publish, complete } = await feeds[kind]();
const server = await serverOf(door, source, {
  ...config,
  stallTimeout: Infinity,
  closeObserver: ({ reason, dropped }) => report({ reason, dropped }),
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');

const before = await memoryInUse();
report({ port: (server.address() as AddressInfo).port });
await arrival;
if (publish) await publishAll(publish);
else await new Promise(resolve => setTimeout(resolve, duration));
report({ growth: (await memoryInUse()) - before, given });
complete?.();
