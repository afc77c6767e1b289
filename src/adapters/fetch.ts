import type { AnyData, SseEventOf } from '../event-stream/index.js';
import {
  readLastEventId,
  serve,
  type Exchange,
  type ExchangeListener,
  type SseProject,
  type ToSseConfig,
} from '../server/index.js';

export type {
  Overflow,
  SseContext,
  SseProject,
  SseSource,
  SseStreamClosing,
  SseStreamOpening,
  ToSseConfig,
} from '../server/index.js';

/** The status and the headers of the response to come. */
export interface ResponseHead {
  status: number;
  readonly headers: Headers;
}

/**
 * Answers a `Request` with a `Response` that is an event stream: for Hono, Next.js, SvelteKit, Bun, Deno, workers, and whatever
 * else speaks fetch.
 *
 * `project` is called for each request and returns where its events come from: an Observable or whatever RxJS can make one
 * of, or a {@link SseSource | Resumable} such as an event log; or a promise of it. Until then it can set the status and the
 * headers of `context.response`.
 *
 * - next: one event is written.
 * - complete: what waits is written, then the body ends. Complete synchronously without an event, and it is a 204: the
 *   reader stops for good.
 * - error: the body fails, so that the reader comes back; `errorObserver` is told, the reader is not. Before anything was
 *   sent, and if `project` throws or rejects, the promise of the response rejects.
 * - unsubscribe: when the body is cancelled or the request aborted, at once.
 *
 * @throws {@link SseEventError} if `retry` cannot be written, RangeError for any other option out of its range, TypeError if
 *   `project` is no function
 * @example
 * ```ts
 * import { Hono } from 'hono';
 * import { interval, map } from 'rxjs';
 * import { toSSE } from 'rxjs-sse/fetch';
 *
 * const clock = toSSE(() => interval(1000).pipe(map(() => ({ data: new Date().toISOString() }))));
 * export default new Hono().get('/clock', context => clock(context.req.raw));
 * ```
 */
export function toSSE<Events extends object = AnyData, E extends SseEventOf<Events> = SseEventOf<Events>>(
  project: SseProject<Request, E, ResponseHead>,
  config?: ToSseConfig<Request, E>,
): (request: Request) => Promise<Response> {
  const answer = serve(project, config);
  return request => new Promise((resolve, reject) => answer(fetchExchange(request, resolve, reject)));
}

function fetchExchange(
  request: Request,
  resolve: (response: Response) => void,
  reject: (error: unknown) => void,
): Exchange<Request, ResponseHead> {
  const { signal } = request;
  const isHead = request.method === 'HEAD';
  const response = { status: 200, headers: new Headers() };
  let listener: ExchangeListener | undefined;
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  let isFull = false;
  let close: (() => void) | undefined;

  // Its queue has room for one write, so that it is known when that is taken.
  const body = new ReadableStream<Uint8Array>({
    start(its) {
      controller = its;
    },
    pull() {
      if (!isFull) return;
      isFull = false;
      if (close) close();
      else listener?.drain();
    },
    cancel() {
      listener?.gone(false);
    },
  });
  const leave = () => {
    controller?.error(signal.reason);
    // Only matters to who still waits for the response.
    reject(signal.reason);
    listener?.gone(false);
  };
  if (signal.aborted) leave();
  else signal.addEventListener('abort', leave);

  /** Has the body end once all of it is taken. */
  const endBy = (end: () => void, isTaken: boolean) => {
    close = () => {
      end();
      queueMicrotask(() => listener?.gone(isTaken));
    };
    if (!isFull) close();
  };
  const cutOff = () => controller?.error(new Error('The event stream was cut off'));

  return {
    request,
    response,
    isHead,
    lastEventId: readLastEventId(request.headers.get('last-event-id') ?? undefined, request.url),
    get isGone() {
      return signal.aborted;
    },

    listen(its) {
      listener = its;
    },
    open() {
      const { headers } = response;
      headers.set('Content-Type', 'text/event-stream; charset=utf-8');
      setDefault(headers, 'Cache-Control', 'no-cache, no-transform');
      setDefault(headers, 'X-Accel-Buffering', 'no');
      resolve(new Response(isHead ? null : body, response));
    },
    write(bytes) {
      controller?.enqueue(bytes);
      isFull = controller?.desiredSize !== 1;
      return !isFull;
    },
    end() {
      endBy(() => controller?.close(), true);
    },
    cut() {
      endBy(cutOff, false);
    },
    abort() {
      cutOff();
    },
    respond(status, headers = {}) {
      for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
      resolve(new Response(null, { status, headers: response.headers }));
    },
    fail: reject,
  };
}

function setDefault(headers: Headers, name: string, value: string): void {
  if (!headers.has(name)) headers.set(name, value);
}
