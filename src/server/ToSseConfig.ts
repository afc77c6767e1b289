import { NEVER, type ObservableInput } from 'rxjs';
import {
  encodeEvent,
  expectOption,
  longestTimer,
  type Listener,
  type SseEvent,
} from '../event-stream/index.js';
import type { Overflow } from './EventQueue.js';
import type { WriterConfig } from './EventWriter.js';
import { hasMethod } from './hasMethod.js';
import type { SseContext } from './SseProject.js';
import type { SseStreamClosing, SseStreamOpening } from './SseStreamClosing.js';
import { TimeoutQueue } from './TimeoutQueue.js';

/** What holds for all readers of one `toSSE(…)`. An observer is a function or `{ next }`; what it throws is an uncaught exception. */
export interface ToSseConfig<Request = unknown, E extends SseEvent = SseEvent, Response = unknown> {
  /**
   * When the head is sent. `'eager'`: at once, so that the reader knows it is connected, however quiet the source is.
   * `'first-event'`: with the first event, so that a source which fails or ends before has a status of its own: the error's, or 204.
   * Until then nothing is sent, and `keepAlive` and `maxDuration` begin with it.
   *
   * @defaultValue `'eager'`
   */
  readonly head?: 'eager' | 'first-event' | undefined;
  /**
   * Silence, in milliseconds, after which a comment is sent, so that proxies and readers know the connection is alive. Traffic
   * pushes it back. It is announced in the first comment of the stream. From 1 on; `false` for none.
   *
   * @defaultValue 15 000
   */
  readonly keepAlive?: number | false | undefined;
  /**
   * The reconnection time to begin with, in whole milliseconds: how long a reader waits before it connects again.
   *
   * @defaultValue none: the reader's own, a few seconds
   */
  readonly retry?: number | undefined;
  /**
   * How many bytes of comment to begin with, for proxies and readers that keep back the beginning of a response. From 0 to 65 536.
   *
   * @defaultValue 0
   */
  readonly padding?: number | undefined;
  /**
   * How much may wait for a reader that has no room, in bytes; `overflow` says what becomes of more. A single larger event
   * is still written. From 0 on; `Infinity` lets memory grow.
   *
   * @defaultValue 1 MiB
   */
  readonly bufferLimit?: number | undefined;
  /**
   * What becomes of the events of an Observable that `bufferLimit` leaves no room for. `'disconnect'`: the reader is cut off, and comes back.
   * `'drop-oldest'`, `'drop-newest'`: they are left out, and in their place the reader gets an event of type `gap` with the
   * data `{ dropped }`, their number. `{ latestBy: event => key }`: events that a later one with the same key supersedes are
   * left out; the reader is cut off if that is not enough.
   *
   * @defaultValue `'disconnect'`
   */
  readonly overflow?: Overflow<E> | undefined;
  /**
   * How long, in milliseconds, a reader may have no room before it is disconnected. From 1 on; `Infinity` for ever.
   *
   * @defaultValue 30 000
   */
  readonly stallTimeout?: number | undefined;
  /**
   * How many readers there may be at once. Further ones are answered 503, with a `Retry-After` of `retry`, or of 5 seconds. A whole
   * number from 1 on; `Infinity` for no limit.
   *
   * @defaultValue `Infinity`
   */
  readonly maxConnections?: number | undefined;
  /**
   * How long, in milliseconds, a stream is open at most, after which it ends and the reader comes back: to another instance, with a
   * fresh token. Each ends at a random time from 80 to 100 % of it, so that they do not all come back at once. From 1 on; `Infinity` for ever.
   *
   * @defaultValue `Infinity`
   */
  readonly maxDuration?: number | undefined;
  /**
   * Ends a stream in the middle of it, when what it returns for the reader first emits: at a shutdown, or when a token expires. An event that
   * it emits is sent last, such as a `retry` of the reader's own. A reader that has no stream yet is then answered 503, with
   * `Retry-After`. For any kind of source, also for one that is read again after its reader was slow.
   *
   * @defaultValue never
   */
  readonly takeUntil?:
    ((request: Request, context: SseContext<Response>) => ObservableInput<unknown>) | undefined;
  /**
   * Gives numbers from 0 up to 1.
   *
   * @defaultValue `Math.random`
   */
  readonly random?: (() => number) | undefined;
  /** Told of the beginning of each stream, once. An answer that is no stream (HEAD, 204, 503, an error page) is none. */
  readonly openObserver?: Listener<SseStreamOpening<Request>> | undefined;
  /** Told of the end of each stream, once; of none that did not begin. */
  readonly closeObserver?: Listener<SseStreamClosing<Request>> | undefined;
  /**
   * Gets the error that cut a stream off, or that nobody else handles. The reader learns nothing of it.
   *
   * @defaultValue `console.error`
   */
  readonly errorObserver?: Listener<unknown> | undefined;
}

/** A config with nothing left open. */
export interface Settings<Request, E extends SseEvent, Response> {
  readonly isEager: boolean;
  readonly maxConnections: number;
  readonly takeUntil: (request: Request, context: SseContext<Response>) => ObservableInput<unknown>;
  readonly writer: WriterConfig<Request, E>;
}

/** @throws {@link SseEventError} if `retry` cannot be written, RangeError for anything else out of its range */
export function settingsOf<Request, E extends SseEvent, Response>({
  head = 'eager',
  keepAlive = 15_000,
  retry,
  padding = 0,
  bufferLimit = 1024 * 1024,
  overflow = 'disconnect',
  stallTimeout = 30_000,
  maxConnections = Infinity,
  maxDuration = Infinity,
  takeUntil = () => NEVER,
  random = Math.random,
  openObserver,
  closeObserver,
  errorObserver = printError,
}: ToSseConfig<Request, E, Response>): Settings<Request, E, Response> {
  const delay = `a number of milliseconds from 1 to ${longestTimer}`;
  const isDelay = (value: unknown) => isWithin(value, 1, longestTimer);
  expectOption({ keepAlive }, keepAlive === false || isDelay(keepAlive), `${delay}, or false`);
  expectOption({ stallTimeout }, stallTimeout === Infinity || isDelay(stallTimeout), `${delay}, or Infinity`);
  expectOption({ maxDuration }, maxDuration === Infinity || isDelay(maxDuration), `${delay}, or Infinity`);
  expectOption({ padding }, isWithin(padding, 0, 65_536), 'a number of bytes from 0 to 65536');
  expectOption({ bufferLimit }, isWithin(bufferLimit, 0, Infinity), 'a number of bytes from 0 on');
  const isCount = maxConnections === Infinity || (Number.isInteger(maxConnections) && maxConnections > 0);
  expectOption({ maxConnections }, isCount, 'a whole number from 1 on, or Infinity');
  expectOption({ head }, heads.includes(head), heads.join(' or '));
  expectOption({ takeUntil }, typeof takeUntil === 'function', 'a function');
  expectOption({ random }, typeof random === 'function', 'a function');
  expectOption({ openObserver }, isListener(openObserver), 'a function or { next }');
  expectOption({ closeObserver }, isListener(closeObserver), 'a function or { next }');
  expectOption({ errorObserver }, isListener(errorObserver), 'a function or { next }');
  expectOption({ overflow }, isOverflow(overflow), `${overflows.join(', ')} or { latestBy }`);

  const lifetimes = lifetimesOf(maxDuration);
  return {
    isEager: head === 'eager',
    maxConnections,
    takeUntil,
    writer: {
      retryAfter: Math.max(1, Math.ceil((retry ?? 5000) / 1000)),
      preamble: preambleOf(keepAlive, retry, padding),
      bufferLimit,
      overflow,
      silence: keepAlive === false ? undefined : new TimeoutQueue(keepAlive),
      stall: stallTimeout === Infinity ? undefined : new TimeoutQueue(stallTimeout),
      parting: new TimeoutQueue(30_000),
      lifetime: () => lifetimes[Math.floor(random() * lifetimes.length)],
      openObserver,
      closeObserver,
      errorObserver,
    },
  };
}

function printError(error: unknown): void {
  try {
    console.error(error);
  } catch (cause) {
    console.error('An error that cannot be printed:', String(cause));
  }
}

const heads = ['eager', 'first-event'];
const overflows = ['disconnect', 'drop-oldest', 'drop-newest'];

/** Of what JavaScript may give, whatever the types say. */
function isWithin(value: unknown, least: number, most: number): boolean {
  return typeof value === 'number' && value >= least && value <= most;
}

function isOverflow(value: unknown): boolean {
  return overflows.some(name => name === value) || hasMethod(value, 'latestBy');
}

function isListener(value: unknown): boolean {
  return value === undefined || typeof value === 'function' || hasMethod(value, 'next');
}

function preambleOf(keepAlive: number | false, retry: number | undefined, padding: number): Uint8Array {
  const comment = keepAlive === false ? 'event stream' : `keep-alive ${keepAlive}`;
  // The first comment is what readers look at, so the padding has one of its own.
  return encodeEvent({ comment: padding === 0 ? comment : `${comment}\n${' '.repeat(padding)}`, retry });
}

/** A queue for each hundredth of it from 80 to 100. */
function lifetimesOf(maxDuration: number): readonly TimeoutQueue[] {
  if (maxDuration === Infinity) return [];
  return Array.from(
    { length: 21 },
    (_, hundredth) => new TimeoutQueue((maxDuration * (80 + hundredth)) / 100),
  );
}
