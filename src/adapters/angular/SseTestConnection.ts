import { finalize, ReplaySubject, type Observable } from 'rxjs';
import { isEventStream } from '../../client/index.js';
import { encodeEvent, type SseEvent } from '../../event-stream/index.js';
import type { ResponseHead } from './sendThrough.js';

/** What a connection was asked for with. */
export interface SseTestRequest {
  /** As it is sent: with the base URL, and with what interceptors make of it. */
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  readonly body: RequestInit['body'];
}

export interface SseTestResponse {
  /** The response's headers; those of a stream have `Content-Type: text/event-stream` besides. */
  readonly headers?: HeadersInit | undefined;
}

export interface SseTestRefusal extends SseTestResponse {
  readonly body?: string | undefined;
}

/** A response as the application gets it. */
export interface TestResponse extends ResponseHead {
  /** The body of a refusal. */
  readonly excerpt: string;
  /** The body of a stream. It errors with how it is lost, `cut` or `end`, and completes when it is to end for good. */
  readonly body$: Observable<Uint8Array>;
}

/**
 * A connection that {@link SseTestingController} has given, for the test to answer. What a call says has reached the application when the
 * call returns, unless an interceptor of `HttpClient` lets it wait.
 *
 * Every call throws an `Error` if the connection is not, or no longer, as the call needs it.
 */
export class SseTestConnection {
  readonly request: SseTestRequest;
  readonly #head = new ReplaySubject<TestResponse>();
  readonly #body = new ReplaySubject<Uint8Array>();
  #state: 'waiting' | 'open' | 'over' | 'cancelled' = 'waiting';

  /** @internal Leaving it, or the body of what it emits, cancels the connection. */
  readonly response$: Observable<TestResponse> = this.#head.pipe(finalize(() => this.#leave('waiting')));

  /** @internal */
  constructor(request: SseTestRequest) {
    this.request = request;
  }

  /** Whether the application has left it. */
  get cancelled(): boolean {
    return this.#state === 'cancelled';
  }

  /** Answers with the head of an event stream. */
  open({ headers }: SseTestResponse = {}): void {
    const all = new Headers(headers);
    if (!all.has('content-type')) all.set('content-type', 'text/event-stream');
    this.#expectEventStream(true, 200, all);
    this.#answer('open', 200, all);
  }

  /** Answers with a response that is no event stream, such as 401, or 503 with a `Retry-After`. */
  refuse(status: number, { headers, body }: SseTestRefusal = {}): void {
    const all = new Headers(headers);
    this.#expectEventStream(false, status, all);
    this.#answer('over', status, all, body);
  }

  /**
   * Sends an event, or a comment, encoded and decoded as over a network.
   *
   * @throws SseEventError if it cannot be written
   */
  event(event: SseEvent): void {
    this.#expect('open');
    this.#body.next(encodeEvent(event));
  }

  /** Breaks it; if it is not open yet, nothing answers, as where a server is down. The application comes back. */
  cut(): void {
    if (this.#state !== 'waiting') return this.#end().error('cut');
    this.#state = 'over';
    this.#head.error(new TypeError('The test has cut the connection'));
  }

  /** Ends an open stream properly, as a server does that restarts. The application comes back. */
  end(): void {
    this.#end().error('end');
  }

  /** Ends the stream for good, as a 204 does: the application's Observable completes. */
  complete(): void {
    if (this.#state === 'waiting') this.refuse(204);
    else this.#end().complete();
  }

  #answer(state: 'open' | 'over', status: number, headers: Headers, excerpt = ''): void {
    this.#expect('waiting');
    this.#state = state;
    this.#head.next({
      status,
      statusText: '',
      ok: status >= 200 && status < 300,
      url: this.request.url,
      headers,
      excerpt,
      body$: this.#body.pipe(finalize(() => this.#leave('open'))),
    });
    this.#head.complete();
  }

  #expectEventStream(expected: boolean, status: number, headers: Headers): void {
    if (isEventStream({ status, headers }) === expected) return;
    throw new Error(
      `Expected ${expected ? 'the head of an event stream' : 'a response that is no event stream'}`,
    );
  }

  #end(): ReplaySubject<Uint8Array> {
    this.#expect('open');
    this.#state = 'over';
    return this.#body;
  }

  #leave(state: 'waiting' | 'open'): void {
    if (this.#state === state) this.#state = 'cancelled';
  }

  #expect(state: 'waiting' | 'open'): void {
    if (this.#state === state) return;
    const { method, url } = this.request;
    throw new Error(
      `Expected a connection that is ${state}, got one that is ${this.#state}: ${method} ${url}`,
    );
  }
}
