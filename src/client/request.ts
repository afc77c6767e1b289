import { abandon } from './abandon.js';
import { requestHeaders } from './requestHeaders.js';

/** What is known when a connection is about to be made. */
export interface ConnectionAttempt {
  /** 1 for the first connection of a subscription, and one more for each that follows. */
  readonly attempt: number;
  /** The place to go on from; the empty string is none. */
  readonly lastEventId: string;
  /**
   * 401 or 403, if the server has just refused what `headers` gave: this is the one more time that it is asked. A token that
   * is kept somewhere has to be a new one then.
   */
  readonly refusedWith?: number;
}

/** The same for every connection, or made for each: at once or as a promise. */
export type PerConnection<T> = T | ((attempt: ConnectionAttempt) => T | PromiseLike<T>);

/** All that `fetch` takes, with headers and body that may be made anew for each connection. */
export interface RequestConfig extends Omit<RequestInit, 'headers' | 'body' | 'signal'> {
  /**
   * The request's headers, or a function that makes them for each connection: the place for a token. It may be async; if
   * its promise is rejected, that connection counts as refused. After 401 or 403 it is called, and the request made, once more.
   * `Accept: text/event-stream` is added unless you set it.
   */
  readonly headers?: PerConnection<RequestInit['headers']> | undefined;
  /**
   * The request's body, or a function that makes it for each connection. A stream can be sent only once, so make it anew.
   * With a body, the default `method` is POST.
   */
  readonly body?: PerConnection<RequestInit['body']> | undefined;
  /**
   * Makes the requests.
   *
   * @defaultValue the platform's `fetch`
   */
  readonly fetch?: typeof fetch | undefined;
}

/**
 * Asks for an event stream.
 *
 * @param refuse throws what is to be thrown if there is no response. A request that cannot be made at all, and what a function
 *   throws instead of returning, is the caller's own mistake and thrown as it is.
 */
export async function request(
  url: PerConnection<string | URL>,
  config: RequestConfig,
  attempt: ConnectionAttempt,
  signal: AbortSignal,
  refuse: (cause: unknown) => never,
): Promise<Response> {
  const { headers, body, cache = 'no-store', fetch = globalThis.fetch, ...rest } = config;
  // What a function throws, rather than rejects with, is thrown before there is a promise.
  const made = <T>(value: PerConnection<T>) => {
    signal.throwIfAborted();
    return Promise.resolve(isFactory(value) ? value(attempt) : value).catch(refuse);
  };

  const input = await made(url);
  const ownHeaders = await made(headers);
  const ownBody = await made(body);
  signal.throwIfAborted();

  const isPlatform = fetch === globalThis.fetch;
  const init: RequestInit = {
    cache,
    ...rest,
    // A body that is a stream needs `duplex`, and any other does not mind.
    ...(ownBody != null && { method: rest.method ?? 'POST', body: ownBody, duplex: 'half' }),
    headers: requestHeaders(ownHeaders, attempt.lastEventId, isPlatform),
    signal,
  };
  // Looked for before it is sent, since a body that is a stream cannot be looked at afterwards.
  const flaw = isPlatform && flawOf(input, init);
  const response = await fetch(input, init).catch((cause: unknown) => {
    throw flaw || refuse(cause);
  });
  const isToAskAgain =
    [401, 403].includes(response.status) &&
    isFactory(headers) &&
    !attempt.refusedWith &&
    // It is gone.
    !(body instanceof ReadableStream);
  // Aborted: an injected fetch did not listen to its signal.
  if (signal.aborted || isToAskAgain) abandon(response.body);
  signal.throwIfAborted();
  return isToAskAgain
    ? request(url, config, { ...attempt, refusedWith: response.status }, signal, refuse)
    : response;
}

function isFactory<T>(value: PerConnection<T>): value is (attempt: ConnectionAttempt) => T | PromiseLike<T> {
  return typeof value === 'function';
}

/** Why this request can never be made; `undefined` if nothing is wrong with it. */
function flawOf(input: string | URL, init: RequestInit): Error | undefined {
  try {
    new Request(input, init);
  } catch (flaw) {
    if (flaw instanceof Error) return flaw;
  }
  return undefined;
}
