import { Observable } from 'rxjs';
import type { SseEvent } from '../event-stream/index.js';
import { diagnostics } from './diagnostics.js';
import { EventWriter } from './EventWriter.js';
import type { Exchange } from './Exchange.js';
import { isPromise } from './isPromise.js';
import { isPullable } from './pullByRoom.js';
import { readByRoom, type SseSource } from './readByRoom.js';
import { settingsOf, type ToSseConfig } from './ToSseConfig.js';

/** What a project is told about the reader. */
export interface SseContext<Response = unknown> {
  /** The place the reader asks to go on from; `undefined` if it has none. Taken from the request, so anyone can claim it. */
  readonly lastEventId: string | undefined;
  /**
   * Whether the reader keeps up: `true` at first, then each change. For a source that can do with fewer events. Completes with the stream.
   */
  readonly writable$: Observable<boolean>;
  /** Aborted when the reader leaves or the stream is over: for work that the source does before it emits. */
  readonly signal: AbortSignal;
  /** The response to come. Its status and headers can be set until the project, or the promise it gave, has decided. */
  readonly response: Response;
}

/** Says what a request is answered with, at once or as a promise. */
export type SseProject<Request, E extends SseEvent = SseEvent, Response = unknown> = (
  request: Request,
  context: SseContext<Response>,
) => SseSource<E> | PromiseLike<SseSource<E>>;

/**
 * What every door's `toSSE` does, for whoever writes a door: answers a request with the events that the project gives.
 *
 * @throws {@link SseEventError} if `retry` cannot be written, RangeError for any other number out of its range, TypeError if
 *   `project` is no function
 * @example
 * ```ts
 * import { serve, type Exchange, type SseProject } from 'rxjs-sse/server';
 *
 * const toSSE = (project: SseProject<Request>, exchangeOf: (request: Request) => Exchange<Request>) => {
 *   const answer = serve(project);
 *   return (request: Request) => answer(exchangeOf(request));
 * };
 * ```
 */
export function serve<Request, Response, E extends SseEvent>(
  project: SseProject<Request, E, Response>,
  config: ToSseConfig<Request, E> = {},
): (exchange: Exchange<Request, Response>) => void {
  if (typeof project !== 'function') {
    throw new TypeError(
      `Expected a project, a function that gives a source of events, got ${typeof project}`,
    );
  }
  const { isEager, maxConnections, retryAfter, writer: writerConfig } = settingsOf(config);
  let connections = 0;

  return exchange => {
    if (exchange.isGone) return;
    if (exchange.isHead) {
      exchange.open();
      exchange.end();
    } else if (connections < maxConnections) {
      answer(exchange);
    } else {
      const { request, lastEventId } = exchange;
      diagnostics.refuse?.publish({ request, lastEventId });
      exchange.respond(503, { 'Retry-After': String(retryAfter) });
    }
  };

  function answer(exchange: Exchange<Request, Response>): void {
    const { request, response, lastEventId } = exchange;
    const writer = new EventWriter<Request, E>(exchange, writerConfig);
    const { hasRoom$ } = writer;
    connections++;
    hasRoom$.subscribe({ complete: () => connections-- });
    const departure = new AbortController();
    writer.subscription.add(() => departure.abort());
    const context = { lastEventId, writable$: hasRoom$.asObservable(), signal: departure.signal, response };
    const reportLate = (error: unknown) => {
      // Work that was given up because the reader left did what it should.
      if (!isGivingUp(error)) writer.reportError(error);
    };

    try {
      const source = project(request, context);
      if (isPromise(source)) source.then(answerWith).then(undefined, fail);
      else answerWith(source);
    } catch (error) {
      fail(error);
    }

    function answerWith(source: SseSource<E>): void {
      if (exchange.isGone) {
        // Which may be because someone else has answered.
        writer.gone(false);
        // It comes too late to be read. What is open already is still to be closed.
        if (!isPullable(source)) return;
      }
      const events$ = new Observable<E>(subscriber => {
        // First, since a synchronous source must be left while it is still being subscribed to.
        writer.subscription.add(subscriber);
        const source$ = readByRoom(source, { lastEventId, hasRoom$, reportLate });
        try {
          return source$.subscribe(subscriber);
        } catch (error) {
          // The source has ended already, and failed to clean up.
          writer.reportError(error);
          return;
        }
      });
      events$.subscribe(writer);
      if (isEager) writer.open();
    }

    function fail(error: unknown): void {
      if (exchange.isGone) reportLate(error);
      else writer.error(error);
    }
  }
}

/** An aborted `fetch` and the like; or a stream of Node that was destroyed. */
function isGivingUp(error: unknown): boolean {
  try {
    if (!(error instanceof Error)) return false;
    return error.name === 'AbortError' || ('code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE');
  } catch {
    // Anything can be thrown, also what lets nobody look at it.
    return false;
  }
}
