import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { AnyData, SseEventOf } from '../event-stream/index.js';
import { nodeExchange, serve, type SseProject, type ToSseConfig } from '../server/index.js';

export type {
  Overflow,
  SseContext,
  SseProject,
  SseSource,
  SseStreamClosing,
  SseStreamOpening,
  ToSseConfig,
} from '../server/index.js';

/**
 * Express middleware that answers with an event stream. For Express 5 and 4.
 *
 * `project` is called for each request and returns where its events come from, or a promise of it: an Observable, an iterable, an
 * async iterable, a `ReadableStream`, or something that can be read from a place, such as an event log ({@link SseSource}).
 *
 * - next: one event is written.
 * - complete: what waits is written, then the response ends. Complete synchronously without an event, and it is a 204:
 *   the reader stops for good.
 * - error: the connection is cut off, so that the reader comes back; `errorObserver` is told, the reader is not. Before
 *   anything was sent, and if `project` throws or rejects, Express's own error handling answers.
 * - unsubscribe: when the reader leaves, at once.
 *
 * @throws {@link SseEventError} if `retry` cannot be written, RangeError for any other option out of its range, TypeError if
 *   `project` is no function
 * @example
 * ```ts
 * import express from 'express';
 * import { interval, map } from 'rxjs';
 * import { toSSE } from 'rxjs-sse/express';
 *
 * const app = express();
 * app.get('/clock', toSSE(() => interval(1000).pipe(map(() => ({ data: new Date().toISOString() })))));
 * app.listen(3000);
 * ```
 */
export function toSSE<
  Events extends object = AnyData,
  E extends SseEventOf<Events> = SseEventOf<Events>,
  Params = Request['params'],
>(
  project: SseProject<Request<Params>, E, Response>,
  config?: ToSseConfig<Request<Params>, E, Response>,
): RequestHandler<Params> {
  const answer = serve(project, config);
  return (request, response, next) => answer(nodeExchange(request, response, failBy(next)));
}

/** Who calls the middleware by hand may leave `next` out. */
function failBy(next: NextFunction | undefined): ((error: unknown) => void) | undefined {
  return next && (error => next(asError(error)));
}

/** To Express no error means the next route, and so do some strings. */
function asError(error: unknown): unknown {
  return typeof error === 'object' && error !== null
    ? error
    : new Error(`Expected an Error, got ${String(error)}`, { cause: error });
}
