import type { AnyData, SseEventOf } from '../event-stream/index.js';
import {
  nodeExchange,
  serve,
  type NodeRequest,
  type NodeResponse,
  type SseProject,
  type ToSseConfig,
} from '../server/index.js';

export type {
  NodeRequest,
  NodeResponse,
  Overflow,
  SseContext,
  SseProject,
  SseSource,
  SseStreamClosing,
  SseStreamOpening,
  ToSseConfig,
} from '../server/index.js';

/**
 * Answers a request of `node:http` or `node:http2` with an event stream; and so one of whatever is built on them, such as
 * Connect, Fastify and Koa (whose status begins as 404: set it to 200 before).
 *
 * `project` is called for each request and returns where its events come from, or a promise of it: an Observable, an iterable, an
 * async iterable, a `ReadableStream`, or something that can be read from a place, such as an event log ({@link SseSource}).
 *
 * - next: one event is written.
 * - complete: what waits is written, then the response ends. Complete synchronously without an event, and it is a 204:
 *   the reader stops for good.
 * - error: the connection is cut off, so that the reader comes back; `errorObserver` is told, the reader is not. Before
 *   anything was sent, and if `project` throws or rejects, it is given to `next`; without `next` the answer is a bare 500.
 * - unsubscribe: when the reader leaves, at once.
 *
 * @throws {@link SseEventError} if `retry` cannot be written, RangeError for any other option out of its range, TypeError if
 *   `project` is no function
 * @example
 * ```ts
 * import { createServer } from 'node:http';
 * import { interval, map } from 'rxjs';
 * import { toSSE } from 'rxjs-sse/node';
 *
 * const clock = toSSE(() => interval(1000).pipe(map(() => ({ data: new Date().toISOString() }))));
 * createServer((request, response) => {
 *   if (request.url === '/clock') clock(request, response);
 *   else response.writeHead(404).end();
 * }).listen(3000);
 * ```
 */
export function toSSE<
  Events extends object = AnyData,
  E extends SseEventOf<Events> = SseEventOf<Events>,
  Request extends NodeRequest = NodeRequest,
  Response extends NodeResponse = NodeResponse,
>(
  project: SseProject<Request, E, Response>,
  config?: ToSseConfig<Request, E, Response>,
): (request: Request, response: Response, next?: (error: unknown) => void) => void {
  const answer = serve(project, config);
  return (request, response, next) => answer(nodeExchange(request, response, next));
}
