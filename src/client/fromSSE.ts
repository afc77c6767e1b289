import {
  defer,
  filter,
  fromEvent,
  type Observable,
  takeUntil,
  tap,
  type MonoTypeOperatorFunction,
} from 'rxjs';
import {
  SseConnectionError,
  SseSizeError,
  tell,
  type AnyEvents,
  type Listener,
  type ReceivedSseEventOf,
  type ResumePoint,
} from '../event-stream/index.js';
import { connect, type ConnectConfig, type Connector } from './connect.js';
import { isSafe } from './isSafe.js';
import { isTransient as isTransientLoss } from './isTransient.js';
import { reconnect, type ReconnectConfig } from './reconnect.js';
import type { PerConnection } from './request.js';

/** What `closeObserver` gets when a connection is over. */
export interface SseClosing {
  /**
   * `end`: the server ended it. `cut`: it broke in the middle. `idle`: it was silent for too long. `refused`: there was no event
   * stream to open. `size`: an event grew past `maxEventSize`. `stopped`: the server answered 204. `unsubscribed`: you left,
   * or `now` has it made anew.
   */
  readonly reason: 'end' | 'cut' | 'idle' | 'refused' | 'size' | 'stopped' | 'unsubscribed';
  /** The error that ended it, where one did. */
  readonly error?: unknown;
  /** Milliseconds until the next connection; `NaN` if your own notifier decides when, and whether. Absent if there will be none. */
  readonly retryIn?: number;
}

export interface FromSseConfig extends ConnectConfig {
  /**
   * Whether and how to connect again after a loss; `false` for a single connection, which errors when it is lost and completes
   * when it ends, so that RxJS's own `retry` and `repeat` decide.
   *
   * @defaultValue `{}` for GET and QUERY: for ever, with `backoff()`. `false` for other methods, which may do something twice
   */
  readonly reconnect?: ReconnectConfig | false | undefined;
  /**
   * The place to start from, as the id of the last event that was seen.
   *
   * @defaultValue the empty string: none
   */
  readonly lastEventId?: string | undefined;
  /**
   * Where the place is kept: read by each connection, moved by each event. Pass your own to keep it across your own `retry`
   * or a page reload. It then belongs to one subscription at a time. It wins over `lastEventId`.
   *
   * @defaultValue a new one for each subscription
   */
  readonly resumePoint?: ResumePoint | undefined;
  /** Aborts for good: the Observable errors with the signal's reason. An aborted one makes no request. */
  readonly signal?: AbortSignal | undefined;
  /** Told of the end of each connection, once, after its last event; also of one that never opened. */
  readonly closeObserver?: Listener<SseClosing> | undefined;
}

/**
 * The events of a server, as a cold Observable: each subscription has a connection of its own, and keeps it up.
 *
 * ```
 * connection 1   --a--b--#             cut after event b
 * connection 2             --c--#      made with Last-Event-ID: b, cut
 * connection 3                    |    made with Last-Event-ID: c, answered 204
 * fromSSE(url)   --a--b------c----|
 * ```
 *
 * - next: an event is dispatched.
 * - complete: the server answered 204 No Content; or it ended the stream where `onEnd` is `'complete'`, as it is without
 *   reconnecting; or a notifier of yours completed.
 * - error: {@link SseResponseError} for a refusal that is final or one too many, {@link SseConnectionError} for a loss that is
 *   one too many, {@link SseSizeError} for an event that is too large; a `TypeError` of the platform for a request that cannot
 *   be made; the signal's reason; whatever a function of yours throws.
 * - unsubscribe: the request, or the wait for the next one, is aborted at once; nothing is delivered after it.
 *
 * It obeys https://html.spec.whatwg.org/multipage/server-sent-events.html, and differs where that would lose a stream:
 * it comes back after a transient refusal, and waits longer after each failure in a row.
 *
 * @param url where to connect, or a function that says so for each connection. Reconnects go here, never to where a
 *   redirect led.
 * @example
 * ```ts
 * import { fromSSE } from 'rxjs-sse';
 *
 * const subscription = fromSSE('https://example.com/prices', {
 *   headers: () => ({ Authorization: `Bearer ${localStorage.getItem('token')}` }),
 *   closeObserver: ({ reason, retryIn }) => console.log(reason, retryIn),
 * }).subscribe({
 *   next: event => console.log(event.type, JSON.parse(event.data)),
 *   error: error => console.error('gave up', error),
 * });
 *
 * setTimeout(() => subscription.unsubscribe(), 60_000);
 * ```
 */
export function fromSSE<Events extends object = AnyEvents>(
  url: PerConnection<string | URL>,
  config?: FromSseConfig,
): Observable<ReceivedSseEventOf<Events>>;
/** @internal Over connections of another kind. */
export function fromSSE<Events extends object = AnyEvents>(
  url: PerConnection<string | URL>,
  config: FromSseConfig,
  // eslint-disable-next-line @typescript-eslint/unified-signatures -- the one above is the public one
  connector: Connector | undefined,
): Observable<ReceivedSseEventOf<Events>>;
// The types of the events are the caller's word: they are not looked at.
export function fromSSE(
  url: PerConnection<string | URL>,
  config: FromSseConfig = {},
  connector: Connector = connect,
): Observable<unknown> {
  const { reconnect: _, lastEventId = '', resumePoint, signal, closeObserver, ...connectConfig } = config;
  const { now, lossObserver, ...reconnectConfig } = reconnectConfigOf(config);

  const events$ = defer(() => {
    const place = resumePoint ?? { lastEventId, reconnectionTime: undefined };
    let attempt = 0;
    // Dropped, by `now`, to be made again.
    let isDropped = false;
    const close = (closing: SseClosing) => tell(closeObserver, closing);

    const connection$ = defer(() => {
      isDropped = false;
      return connector(url, connectConfig, place, { attempt: ++attempt, lastEventId: place.lastEventId });
    }).pipe(
      tap({
        complete: () => close({ reason: 'stopped' }),
        unsubscribe: () => close({ reason: 'unsubscribed', ...(isDropped && { retryIn: 0 }) }),
      }),
    );
    return connection$.pipe(
      reconnect({
        ...reconnectConfig,
        // Not again from within, while it is being dropped.
        now: now?.pipe(filter(() => !isDropped && (isDropped = true))),
        lossObserver(loss) {
          const { attempt: _, ...closing } = loss;
          close({ reason: reasonOf(loss.error), ...closing });
          tell(lossObserver, loss);
        },
      }),
    );
  });
  return signal ? events$.pipe(failOnAbort(signal)) : events$;
}

function reconnectConfigOf(config: FromSseConfig): ReconnectConfig {
  const reconnect = config.reconnect ?? (isSafe(config) && {});
  // A single connection is a reconnecting one that never does.
  if (!reconnect) return { count: 0, onEnd: 'complete' };
  const {
    onEnd = isSafe(config) ? 'reconnect' : 'complete',
    isTransient = isTransientLoss,
    ...rest
  } = reconnect;
  return { onEnd, isTransient, ...rest };
}

function reasonOf(error: unknown): SseClosing['reason'] {
  if (error instanceof SseConnectionError) return error.reason;
  return error instanceof SseSizeError ? 'size' : 'refused';
}

function failOnAbort<T>(signal: AbortSignal): MonoTypeOperatorFunction<T> {
  const aborted$ = defer(() => (signal.aborted ? [0] : fromEvent(signal, 'abort')));
  return takeUntil(
    aborted$.pipe(
      tap(() => {
        throw signal.reason;
      }),
    ),
  );
}
