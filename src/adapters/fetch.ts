import type { AnyData, SseEventOf } from '../event-stream/index.js';
import {
  eventStreamHeaders,
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
 * `project` is called for each request and returns where its events come from, or a promise of it: an Observable, an iterable, an
 * async iterable, a `ReadableStream`, or something that can be read from a place, such as an event log ({@link SseSource}).
 * Until then it can set the status and the headers of `context.response`.
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
  config?: ToSseConfig<Request, E, ResponseHead>,
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
  const body = new Body();

  const leave = () => {
    // Only matters to who still waits for the response.
    reject(signal.reason);
    body.leave(signal.reason);
  };
  if (signal.aborted) leave();
  else signal.addEventListener('abort', leave);

  return {
    request,
    response,
    isHead,
    lastEventId: readLastEventId(request.headers.get('last-event-id') ?? undefined, request.url),
    get isGone() {
      return signal.aborted;
    },

    listen: listener => body.listen(listener),
    open() {
      const { headers } = response;
      for (const [name, value] of eventStreamHeaders(name => headers.has(name))) headers.set(name, value);
      resolve(new Response(isHead ? null : body.stream, response));
    },
    write: bytes => body.write(bytes),
    end: () => body.end(),
    cut: () => body.cut(),
    abort: () => body.abort(),
    respond(status, headers = {}) {
      for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
      resolve(new Response(null, { status, headers: response.headers }));
    },
    fail: reject,
  };
}

/** The body of a response, which its reader pulls. */
class Body {
  readonly stream: ReadableStream<Uint8Array>;

  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #listener: ExchangeListener | undefined;
  #isFull = false;
  #finish: (() => void) | undefined;

  constructor() {
    this.stream = new ReadableStream<Uint8Array>(
      {
        start: controller => void (this.#controller = controller),
        pull: () => this.#pull(),
        cancel: () => this.#listener?.gone(false),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: bufferSize }),
    );
  }

  listen(listener: ExchangeListener): void {
    this.#listener = listener;
  }

  write(bytes: Uint8Array): boolean {
    this.#controller?.enqueue(bytes);
    this.#isFull = this.#room <= 0;
    return !this.#isFull;
  }

  end(): void {
    this.#finishBy(() => this.#controller?.close(), true);
  }

  cut(): void {
    this.#finishBy(() => this.#failSoon(cutOff()), false);
  }

  abort(): void {
    this.#controller?.error(cutOff());
  }

  /** Its reader has gone, and may cancel it. */
  leave(reason: unknown): void {
    this.#failSoon(reason);
    this.#listener?.gone(false);
  }

  get #room(): number {
    return this.#controller?.desiredSize ?? 0;
  }

  /** Called whenever there is room, also right after a write. */
  #pull(): void {
    if (this.#room === bufferSize) this.#finish?.();
    if (!this.#isFull) return;
    this.#isFull = false;
    this.#listener?.drain();
  }

  /** Has the body be over once all of it is taken. */
  #finishBy(act: () => void, isTaken: boolean): void {
    this.#finish = () => {
      act();
      queueMicrotask(() => this.#listener?.gone(isTaken));
    };
    if (this.#room === bufferSize) this.#finish();
  }

  /** What was taken may not have left: servers read ahead, and drop what they hold when the body fails. */
  #failSoon(error: unknown): void {
    setTimeout(() => this.#controller?.error(error), readAheadTime);
  }
}

/** How many bytes wait in a body before it has no more room: as many as in a stream of Node. */
const bufferSize = 16_384;

/** Milliseconds. */
const readAheadTime = 10;

function cutOff(): Error {
  return new Error('The event stream was cut off');
}
