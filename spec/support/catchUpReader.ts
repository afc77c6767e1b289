import { once } from 'node:events';
import { connect } from 'node:net';
import { createDecoder } from '../../src/index.js';
import { requestText } from './http1.js';

export interface CatchUpConfig {
  readonly to: { readonly host: string; readonly port: number } | { readonly path: string };
  readonly lastEventId: string;
  /** The number of the first event that it is to get. */
  readonly first: number;
  /** And of the last, after which it leaves. */
  readonly last: number;
  /** After how many bytes it stops to read, each time. */
  readonly pauseAfter?: number;
  /** What is waited for until it reads on. */
  readonly whilePaused?: () => Promise<unknown>;
}

/** What was read, and in how many milliseconds. */
export interface CaughtUp {
  readonly bytes: number;
  readonly duration: number;
}

/**
 * Reads what there is after a place, over a bare socket. Events that are numbered in their data have to come each once and in order,
 * which is looked at when all are there, so that the reader takes no time of its own.
 */
export async function catchUp({
  to,
  lastEventId,
  first,
  last,
  pauseAfter = Infinity,
  whilePaused,
}: CatchUpConfig): Promise<CaughtUp> {
  const chunks: Buffer[] = [];
  const end = `"n":${last}`;
  let bytes = 0;
  let pausedAt = 0;

  const socket = connect(to);
  await once(socket, 'connect');
  const begin = performance.now();
  socket.write(requestText({ headers: { 'Last-Event-ID': lastEventId } }));
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    const before = chunks.at(-1)?.subarray(-end.length).toString('latin1') ?? '';
    chunks.push(chunk);
    bytes += chunk.length;
    if (chunk.includes(end) || (before + chunk.toString('latin1', 0, end.length)).includes(end)) break;
    if (bytes - pausedAt < pauseAfter) continue;
    pausedAt = bytes;
    await whilePaused?.();
  }
  const duration = performance.now() - begin;
  expectAll(chunks, first, last);
  return { bytes, duration };
}

function expectAll(chunks: readonly Buffer[], first: number, last: number): void {
  let expected = first;
  // To the decoder, what HTTP/1.1 puts between the events is empty lines and fields of a name that it does not know.
  const decoder = createDecoder(({ type, data }) => {
    const { n } = JSON.parse(data) as { n?: number };
    if (n !== expected) throw new Error(`Expected event ${expected}, got ${type} ${data.slice(0, 40)}`);
    expected++;
  });
  for (const chunk of chunks) decoder.decode(chunk);
  // The end of the last one may not have arrived yet.
  if (expected < last) throw new Error(`Expected event ${last}, got the end after ${expected - 1}`);
}
