import { from, Observable } from 'rxjs';
import type { SseEvent } from '../event-stream/index.js';
import { EventWriter } from './EventWriter.js';
import type { Exchange } from './Exchange.js';
import { isPromise } from './isPromise.js';
import { isPullable } from './pullByRoom.js';
import { readByRoom, type SseSource } from './readByRoom.js';
import { refuse } from './refuse.js';
import type { SseProject } from './SseProject.js';
import { settingsOf, type ToSseConfig } from './ToSseConfig.js';

/**
 * What every door's `toSSE` does, for whoever writes a door: answers a request with the events that the project gives.
 *
 * @throws {@link SseEventError} if `retry` cannot be written, RangeError for any other option out of its range, TypeError if
 *   `project` is no function
 * @example
 * ```ts
 * import { createServer } from 'node:http';
 * import { interval, map } from 'rxjs';
 * import { nodeExchange, serve } from 'rxjs-sse/server';
 *
 * const answer = serve(() => interval(1000).pipe(map(data => ({ data }))));
 * createServer((request, response) => answer(nodeExchange(request, response))).listen(3000);
 * ```
 */
export function serve<Request, Response, E extends SseEvent>(
  project: SseProject<Request, E, Response>,
  config: ToSseConfig<Request, E, Response> = {},
): (exchange: Exchange<Request, Response>) => void {
  if (typeof project !== 'function') {
    throw new TypeError(`Expected a function, as in toSSE(() => events$), got ${typeof project}`);
  }
  const { isEager, maxConnections, takeUntil, writer: writerConfig } = settingsOf(config);
  let connections = 0;

  return exchange => {
    if (exchange.isGone) return;
    if (exchange.isHead) {
      exchange.open();
      exchange.end();
    } else if (connections < maxConnections) {
      answer(exchange);
    } else {
      refuse(exchange, writerConfig.retryAfter);
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
      writer.endBy(from(takeUntil(request, context)));
      // If it came before the project was even asked.
      if (departure.signal.aborted) return;
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
