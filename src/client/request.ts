import { SseConnectionError, type ResumePoint } from '../event-stream/index.js';
import { lastEventIdHeader } from './lastEventIdHeader.js';

/** What is known when a connection is about to be made. */
export interface ConnectionAttempt {
  /** 1 for the first connection of a subscription, and one more for each that follows. */
  readonly attempt: number;
  /** The place to go on from; the empty string is none. */
  readonly lastEventId: string;
}

/** The same for every connection, or made for each: at once or as a promise. */
export type PerConnection<T> = T | ((attempt: ConnectionAttempt) => T | PromiseLike<T>);

/** All that `fetch` takes, with headers and body that may be made anew for each connection. */
export interface RequestConfig extends Omit<RequestInit, 'headers' | 'body' | 'signal'> {
  /**
   * The request's headers, or a function that makes them for each connection: the place for a token. It may be async; if
   * its promise is rejected, that connection counts as refused. `Accept: text/event-stream` is added unless you set it.
   */
  readonly headers?: PerConnection<HeadersInit | undefined>;
  /**
   * The request's body, or a function that makes it for each connection. A stream can be sent only once, so make it.
   * With a body, the default `method` is POST.
   */
  readonly body?: PerConnection<BodyInit | null | undefined>;
  /**
   * Makes the requests.
   *
   * @defaultValue the platform's `fetch`
   */
  readonly fetch?: typeof fetch;
}

/**
 * Asks for an event stream.
 *
 * @throws {@link SseConnectionError} if there is no response. A request that cannot be made at all, and what a function
 *   throws instead of returning, is the caller's own mistake and thrown as it is.
 */
export async function request(
  url: PerConnection<string | URL>,
  { headers, body, fetch = globalThis.fetch, ...init }: RequestConfig,
  attempt: number,
  { lastEventId, reconnectionTime }: ResumePoint,
  signal: AbortSignal,
): Promise<Response> {
  const refused = (cause: unknown): never => {
    throw new SseConnectionError('refused', { cause, lastEventId, reconnectionTime });
  };
  const valueOf = <T>(value: PerConnection<T>): T | PromiseLike<T> =>
    isMade(value) ? value({ attempt, lastEventId }) : value;

  // What a function throws, rather than rejects with, is thrown here before there is a promise to catch it.
  const parts = Promise.all([valueOf(url), valueOf(headers), valueOf(body)]);
  const [input, ownHeaders, ownBody] = await parts.catch(refused);

  const request: RequestInit = {
    // It makes fetch add `Cache-Control: no-cache`, which set by hand would cost a CORS preflight.
    cache: 'no-store',
    ...init,
    ...(ownBody != null && { method: init.method ?? 'POST', body: ownBody }),
    headers: withOwn(ownHeaders, lastEventId),
    signal,
  };
  return fetch(input, request).catch((cause: unknown) => {
    // Throws what is wrong with a request that could not be made, whenever it were tried again.
    new Request(input, request);
    return refused(cause);
  });
}

function isMade<T>(value: PerConnection<T>): value is (attempt: ConnectionAttempt) => T | PromiseLike<T> {
  return typeof value === 'function';
}

function withOwn(headers: HeadersInit | undefined, lastEventId: string): Headers {
  const all = new Headers(headers);
  const id = lastEventIdHeader(lastEventId);
  if (!all.has('accept')) all.set('accept', 'text/event-stream');
  if (id !== undefined) all.set('last-event-id', id);
  return all;
}
