import { from, Observable, type InteropObservable, type ReadableStreamLike } from 'rxjs';
import { encodeEvent, tell, type Listener, type Resumable, type SseEvent } from '../event-stream/index.js';
import { EventWriter, type SseStreamClosing } from './EventWriter.js';
import type { Exchange } from './Exchange.js';
import { KeepAlive } from './KeepAlive.js';

/** What a project is told about the reader. */
export interface SseContext {
  /** The place the reader asks to go on from; `undefined` if it has none. Taken from the request, so anyone can claim it. */
  readonly lastEventId: string | undefined;
  /** Aborted when the reader leaves or the stream is over: for work that the source does before it emits. */
  readonly signal: AbortSignal;
}

/** Where events come from: what RxJS can make an Observable of, or something that can be read from a place. */
export type SseSource<E extends SseEvent = SseEvent> =
  | Observable<E>
  | InteropObservable<E>
  | AsyncIterable<E>
  | Iterable<E>
  | ReadableStreamLike<E>
  | Resumable<E>;

/** Says what a request is answered with, at once or as a promise. */
export type SseProject<Request, E extends SseEvent = SseEvent> = (
  request: Request,
  context: SseContext,
) => SseSource<E> | PromiseLike<SseSource<E>>;

export interface ToSseConfig {
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
   * How much may wait for a reader that has no room, in bytes. Beyond it the reader is disconnected. A single larger event
   * is still written. From 0 on; `Infinity` lets memory grow.
   *
   * @defaultValue 1 MiB
   */
  readonly bufferLimit?: number | undefined;
  /**
   * How long, in milliseconds, a reader may have no room before it is disconnected. From 1 on; `Infinity` for ever.
   *
   * @defaultValue 30 000
   */
  readonly stallTimeout?: number | undefined;
  /**
   * Gets the error that cut a stream off. The reader learns nothing of it.
   *
   * @defaultValue `console.error`
   */
  readonly errorObserver?: Listener<unknown> | undefined;
  /** Told of the end of each stream, once. An answer that was no stream (HEAD, 204, an error page) is none. */
  readonly closeObserver?: Listener<SseStreamClosing> | undefined;
}

/**
 * What every door's `toSSE` does, for whoever writes a door: answers a request with the events that the project gives.
 *
 * @throws {@link SseEventError} if `retry` cannot be written, RangeError for any other number out of its range
 * @example
 * ```ts
 * import { serve, type Exchange, type SseProject } from 'rxjs-sse/server';
 *
 * const toSSE = (project: SseProject<Request>, exchangeOf: (request: Request) => Exchange) => {
 *   const answer = serve(project);
 *   return (request: Request) => answer(request, exchangeOf(request));
 * };
 * ```
 */
export function serve<Request, E extends SseEvent>(
  project: SseProject<Request, E>,
  {
    keepAlive = 15_000,
    retry,
    bufferLimit = 1024 * 1024,
    stallTimeout = 30_000,
    errorObserver = console.error,
    closeObserver,
  }: ToSseConfig = {},
): (request: Request, exchange: Exchange) => void {
  if (keepAlive !== false) expectRange('keepAlive', keepAlive, 1, longestTimer);
  if (stallTimeout !== Infinity) expectRange('stallTimeout', stallTimeout, 1, longestTimer);
  expectRange('bufferLimit', bufferLimit, 0, Infinity);

  const writerConfig = {
    keepAlive: keepAlive === false ? undefined : new KeepAlive(keepAlive),
    preamble: preambleOf(keepAlive, retry),
    bufferLimit,
    stallTimeout,
    errorObserver,
    closeObserver,
  };

  return (request, exchange) => {
    if (exchange.isGone) return;
    if (exchange.isHead) {
      exchange.open();
      exchange.end();
      return;
    }
    const { lastEventId } = exchange;
    const departure = new AbortController();
    const writer = new EventWriter(exchange, writerConfig);
    writer.subscription.add(() => departure.abort());

    try {
      const source = project(request, { lastEventId, signal: departure.signal });
      if (isPromise(source)) source.then(answerWith).then(undefined, fail);
      else answerWith(source);
    } catch (error) {
      fail(error);
    }

    function answerWith(source: SseSource<E>): void {
      if (exchange.isGone) return;
      const events$ = new Observable<E>(subscriber => {
        // First, since a synchronous source must be left while it is still being subscribed to.
        writer.subscription.add(subscriber);
        return eventsOf(source, lastEventId).subscribe(subscriber);
      });
      events$.subscribe(writer);
      writer.open();
    }

    function fail(error: unknown): void {
      if (!exchange.isGone) writer.error(error);
      // Work that was given up because the reader left did what it should.
      else if (!isAbortError(error)) tell(errorObserver, error);
    }
  };
}

/** More milliseconds would make a timer fire at once. */
const longestTimer = 2 ** 31 - 1;

function expectRange(option: string, value: number, least: number, most: number): void {
  if (value >= least && value <= most) return;
  throw new RangeError(`Expected ${option} to be a number from ${least} to ${most}, got ${value}`);
}

function preambleOf(keepAlive: number | false, retry: number | undefined): Uint8Array {
  const comment = keepAlive === false ? 'event stream' : `keep-alive ${keepAlive}`;
  return encodeEvent({ comment, retry });
}

function eventsOf<E extends SseEvent>(source: SseSource<E>, lastEventId: string | undefined): Observable<E> {
  return isResumable(source) ? source.after(lastEventId) : from(source);
}

function isResumable<E extends SseEvent>(source: SseSource<E> | null): source is Resumable<E> {
  return (
    typeof source === 'object' && source !== null && 'after' in source && typeof source.after === 'function'
  );
}

function isAbortError(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
