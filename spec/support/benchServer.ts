import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { EventLog } from 'rxjs-sse/log';
import { listen } from './listen.js';
import { memoryKept } from './memoryKept.js';
import type { BenchEngine, BenchOrder, BenchReply, BenchWay } from './benchProcess.js';

// A program of its own, which serves a log over HTTP, and appends to it when it is told to: the one process where the log is in
// its memory, else one of two that share an engine. It tells its port once it takes requests. Loads nothing that it does not use.

/** One way to serve a log. */
interface BenchLog {
  readonly serve: RequestListener;
  readonly append: (data: object) => Promise<unknown>;
}

const name = 'library';
const bareName = 'bare';
const mostKept = 200_000;

const redisClient = async (port: number) => {
  const { createClient } = await import('@redis/client');
  const client = createClient({ url: `redis://127.0.0.1:${port}` });
  client.on('error', fail);
  await client.connect();
  return client;
};

const natsConnection = async (port: number) => {
  const { connect } = await import('@nats-io/transport-node');
  return connect({ servers: `127.0.0.1:${port}` });
};

const ways: Readonly<Record<BenchWay, Readonly<Record<BenchEngine, (port: number) => Promise<BenchLog>>>>> = {
  library: {
    async memory() {
      const { memoryLog } = await import('rxjs-sse/log');
      return served(memoryLog({ maxEvents: mostKept }));
    },
    async redis(port) {
      const { redisLog } = await import('rxjs-sse/redis');
      return served(redisLog(await redisClient(port), name, { maxEvents: mostKept }));
    },
    async nats(port) {
      const { natsLog } = await import('rxjs-sse/nats');
      return served(natsLog(await natsConnection(port), name, { maxEvents: mostKept }));
    },
  },
  bare: {
    memory() {
      let id = 0;
      const { serve, send } = written(() => Promise.resolve());
      return Promise.resolve({
        serve,
        append: data => {
          send(String(++id), JSON.stringify(data));
          return Promise.resolve(String(id));
        },
      });
    },
    async redis(port) {
      const client = await redisClient(port);
      const { serve } = written(async send => {
        const own = await redisClient(port);
        void followStream(own, send).catch(fail);
      });
      return {
        serve,
        append: data => client.sendCommand(['XADD', bareName, '*', 'data', JSON.stringify(data)]),
      };
    },
    async nats(port) {
      const { jetstream, jetstreamManager } = await import('@nats-io/jetstream');
      const connection = await natsConnection(port);
      const manager = await jetstreamManager(connection);
      await manager.streams.add({ name: bareName, subjects: [bareName] });
      const stream = jetstream(connection);
      const { serve } = written(async send => {
        const consumer = await stream.consumers.getPushConsumer(bareName);
        await consumer.consume({ callback: message => send(String(message.seq), message.string()) });
      });
      return { serve, append: data => stream.publish(bareName, JSON.stringify(data)) };
    },
  },
};

/** As users serve one. */
async function served(log: EventLog): Promise<BenchLog> {
  const { toSSE } = await import('rxjs-sse/node');
  return { serve: toSSE(() => log), append: data => log.append({ data }) };
}

type Send = (id: string, data: string) => void;

/**
 * By hand, with nothing that is not needed to have an event arrive.
 *
 * @param follow has what is appended sent, from the first reader on
 */
function written(follow: (send: Send) => Promise<unknown>) {
  const responses = new Set<ServerResponse>();
  let following: Promise<unknown> | undefined;
  const send: Send = (id, data) => {
    const bytes = Buffer.from(`id: ${id}\ndata: ${data}\n\n`);
    for (const response of responses) response.write(bytes);
  };
  const serve: RequestListener = (_, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    responses.add(response);
    response.on('close', () => responses.delete(response));
    following ??= follow(send);
    following.then(() => response.write('id: 0\n\n'), fail);
  };
  return { serve, send };
}

async function followStream(client: Awaited<ReturnType<typeof redisClient>>, send: Send): Promise<never> {
  for (let last = '0-0'; ;) {
    const command = ['XREAD', 'BLOCK', '0', 'STREAMS', bareName, last];
    const reply = await client.sendCommand<Record<string, [string, [string, string]][]>>(command);
    for (const [id, [, data]] of reply[bareName] ?? []) {
      send(id, data);
      last = id;
    }
  }
}

function fail(error: unknown): never {
  console.error(error);
  process.exit(1);
}

async function appendAll(
  append: BenchLog['append'],
  { first, count, interval, padding }: BenchOrder & { do: 'append' },
) {
  const text = '.'.repeat(padding);
  const appendOne = (n: number) =>
    append({ n, at: Number(process.hrtime.bigint()), ...(padding > 0 && { text }) });
  let appending: Promise<unknown>[] = [];
  let firstId = '';
  for (let n = first; n < first + count; n++) {
    if (interval > 0) await new Promise(resolve => setTimeout(resolve, interval));
    appending.push(appendOne(n));
    if (n === first) firstId = String(await appending[0]);
    if (appending.length < 1000) continue;
    await Promise.all(appending);
    appending = [];
  }
  await Promise.all(appending);
  return firstId;
}

const [, , way, engine, enginePort] = process.argv as unknown as [
  string,
  string,
  BenchWay,
  BenchEngine,
  string,
];
const { serve, append } = await ways[way][engine](Number(enginePort));
const reply = (news: BenchReply) => process.send?.(news);

process.on('disconnect', () => process.exit());
process.on('message', (order: BenchOrder) => {
  switch (order.do) {
    case 'append':
      appendAll(append, order).then(firstId => reply({ firstId }), fail);
      break;
    case 'measure':
      memoryKept().then(memory => reply({ memory }), fail);
  }
});
reply({ port: await listen(createServer(serve)) });
