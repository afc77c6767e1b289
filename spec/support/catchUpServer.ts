import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toSSE } from '../../src/adapters/node.js';
import { memoryLog, type EventLog } from '../../src/log/index.js';
import { memoryKept } from './memoryKept.js';

// A program of its own, so that its memory is that of a log and its readers. It tells what it keeps in memory whenever it is asked.

/** What it tells first. */
export interface CatchUpServerReport {
  readonly path: string;
  /** The id of the first event, if the log is filled here. */
  readonly firstId: string;
}

const [, , count, padding, redisPort] = process.argv as unknown as [string, string, string, string, string?];

async function redis(port: string): Promise<EventLog> {
  const { createClient } = await import('@redis/client');
  const { redisLog } = await import('../../src/adapters/redis.js');
  const client = createClient({ url: `redis://127.0.0.1:${port}` });
  client.on('error', (error: unknown) => console.error(error));
  await client.connect();
  return redisLog(client, 'log', { maxEvents: Infinity });
}

async function fill(log: EventLog): Promise<string> {
  const text = '.'.repeat(Number(padding));
  const firstId = await log.append({ data: { n: 0, text } });
  for (let n = 1; n < Number(count); n++) void log.append({ data: { n, text } });
  await log.append({ data: { n: Number(count), text } });
  return firstId;
}

const log = redisPort === undefined ? memoryLog({ maxEvents: Infinity }) : await redis(redisPort);
const firstId = redisPort === undefined ? await fill(log) : '';
// A socket of this kind has little room of its own, where one of TCP may have some megabytes.
const path = join(tmpdir(), `rxjs-sse-${process.pid}.sock`);
process.on('exit', () => rmSync(path, { force: true }));
// Whoever started it has gone.
process.on('disconnect', () => process.exit());
process.on('message', () => void memoryKept().then(memory => process.send?.(memory)));
const server = createServer(toSSE(() => log)).listen(path);
await once(server, 'listening');
process.send?.({ path, firstId } satisfies CatchUpServerReport);
