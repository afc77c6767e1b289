import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { filter, firstValueFrom, ReplaySubject } from 'rxjs';
import { createDecoder, type ReceivedSseEvent } from '../../src/index.js';
import { requestText } from './http1.js';

/** How long it is published for, in milliseconds. */
export const duration = 20_000;
/** How many events of a kilobyte meanwhile, by a source that is not asked for them. */
export const published = 20_000;

/** An Observable goes by its `overflow`. The control does without the library. */
export type SlowReaderSource =
  | 'disconnect'
  | 'drop-oldest'
  | 'drop-newest'
  | 'latestBy'
  | 'resumable'
  | 'iterable'
  | 'asyncIterable'
  | 'readableStream'
  | 'control';

export type SlowReaderDoor = 'node' | 'http2' | 'express' | 'fetch' | 'naive';

/** What the server, a process of its own, tells. */
export type SlowReaderReport =
  | { readonly port: number }
  /** By how many bytes its memory has grown, and how many events its source has given. */
  | { readonly growth: number; readonly given: number }
  | { readonly reason: string; readonly dropped: number };

/** How it went with a reader that reads nothing until all is published, and then everything. */
export interface SlowReaderRun {
  readonly growth: number;
  readonly given: number;
  /** How the streams ended that did so by themselves. */
  readonly closings: readonly Closing[];
  /** What each reader got: where one is cut off, another one comes. */
  readonly received: readonly (readonly ReceivedSseEvent[])[];
  /** All that the server printed. */
  readonly output: string;
}

export interface SlowReader {
  readonly run: Promise<SlowReaderRun>;
  /** Gives it up, if it is not over. */
  readonly stop: () => void;
}

export function startSlowReader(source: SlowReaderSource, door: SlowReaderDoor): SlowReader {
  const program = fileURLToPath(new URL('slowReaderServer.ts', import.meta.url));
  const server = fork(program, [source, door], {
    execArgv: ['--expose-gc', '--import', 'tsx'],
    silent: true,
  });
  return { run: runWith(server, source, door), stop: () => server.kill() };
}

async function runWith(
  server: ChildProcess,
  source: SlowReaderSource,
  door: SlowReaderDoor,
): Promise<SlowReaderRun> {
  let output = '';
  for (const stream of [server.stdout, server.stderr]) stream?.on('data', text => (output += String(text)));
  const reports$ = new ReplaySubject<SlowReaderReport>();
  server.on('message', report => reports$.next(report as SlowReaderReport));
  server.on('exit', () => reports$.error(new Error(`The server of ${source} has gone: ${output}`)));
  const reported = <R extends SlowReaderReport>(isIt: (report: SlowReaderReport) => report is R) =>
    firstValueFrom(reports$.pipe(filter(isIt)));

  const { port } = await reported(report => 'port' in report);
  const readers = [silentReader(door, port)];
  const closings: Closing[] = [];
  reports$.pipe(filter(report => 'reason' in report)).subscribe({
    next: closing => {
      closings.push(closing);
      if (closing.reason === 'overflow') readers.push(silentReader(door, port));
    },
    // Told where a report is waited for.
    error: () => undefined,
  });

  const { growth, given } = await reported(report => 'growth' in report);
  const last = lastNumber(source, given);
  const received = await Promise.all(readers.map(reader => readAll(reader, last)));
  // The control tells of no end.
  if (door !== 'naive') await reported(report => 'reason' in report);
  // So that it prints what it has to, as it would not if it were killed.
  server.send('exit');
  await once(server, 'close');
  return { growth, given, closings, received, output };
}

type Closing = Extract<SlowReaderReport, { reason: string }>;

/** What it reads goes no further than into the buffers of the two machines. */
function silentReader(door: SlowReaderDoor, port: number): Readable {
  if (door === 'http2') {
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    return session
      .request()
      .pause()
      .on('close', () => session.close());
  }
  const socket = connect(port, '127.0.0.1').pause();
  socket.write(requestText({ headers: { Connection: 'close' } }));
  return socket;
}

/** Where to leave a stream that does not end: the control at once. */
function lastNumber(source: SlowReaderSource, given: number): number {
  switch (source) {
    case 'resumable':
      return published;
    case 'control':
      return 0;
    case 'iterable':
    case 'asyncIterable':
    case 'readableStream':
      return given + 1000;
    default:
      return Infinity;
  }
}

async function readAll(reader: Readable, last: number): Promise<ReceivedSseEvent[]> {
  const events: ReceivedSseEvent[] = [];
  let number = 0;
  // To the decoder, what HTTP/1.1 puts between the events is empty lines and fields of a name that it does not know.
  const decoder = createDecoder(event => {
    events.push(event);
    if (event.type === 'message') number = numberOf(event);
  });
  for await (const chunk of reader) {
    decoder.decode(chunk as Uint8Array);
    if (number >= last) break;
  }
  return events;
}

/** The number of an event, from 1 on. */
export function numberOf({ data }: ReceivedSseEvent): number {
  return (JSON.parse(data) as { n: number }).n;
}
