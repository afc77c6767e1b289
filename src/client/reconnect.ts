import {
  defer,
  merge,
  retry,
  timer,
  type MonoTypeOperatorFunction,
  type Observable,
  type ObservableInput,
} from 'rxjs';
import { SseConnectionError, tell, type Listener } from '../event-stream/index.js';
import { backoff, type BackoffNotifier } from './backoff.js';
import { clampDelay } from './clampDelay.js';
import { switchWhole } from './switchWhole.js';
import { isFinal } from './isFinal.js';

/** What `lossObserver` gets each time a connection is lost. */
export interface SseLoss {
  readonly error: unknown;
  /** How many times in a row it failed, this one included. */
  readonly attempt: number;
  /** Milliseconds until it connects again; `NaN` if your own notifier decides when, and whether. Absent if it does not. */
  readonly retryIn?: number;
}

export interface ReconnectConfig {
  /**
   * How many failures in a row are followed by another attempt. 0 for none, `Infinity` for no limit.
   *
   * @defaultValue `Infinity`
   */
  readonly count?: number | undefined;
  /**
   * How long to wait before the next attempt: milliseconds, kept between 100 ms and 1 hour, or a notifier, which is
   * a `delay` of RxJS `retry`: the first emission connects, completion without one completes, an error fails. Of a notifier
   * that has a `wait`, as `backoff()` does, only that is asked.
   *
   * @defaultValue `backoff()`
   */
  readonly delay?:
    | number
    | (((error: unknown, attempt: number) => ObservableInput<unknown>) &
        Partial<Pick<BackoffNotifier, 'wait'>>)
    | undefined;
  /**
   * How long, in milliseconds from its opening, a connection must have lasted for its loss to count as the first in a row
   * again. One that delivered an event and was ended by the server counts in any case. `Infinity` for never. Only the errors
   * of `fromSSE` tell how long that was; for any other source there is `resetOnSuccess`.
   *
   * @defaultValue 5000
   */
  readonly resetAfter?: number | undefined;
  /**
   * Whether a value is enough to start counting from the first failure again, as in RxJS `retry`. A server that sends one
   * event and dies is then never waited for longer than the first delay.
   *
   * @defaultValue `false`
   */
  readonly resetOnSuccess?: boolean | undefined;
  /**
   * What the server means by ending an event stream properly: an interruption, or that there is no more.
   *
   * @defaultValue `'reconnect'`; in `fromSSE`, `'complete'` for methods other than GET and QUERY
   */
  readonly onEnd?: 'reconnect' | 'complete' | undefined;
  /**
   * Whether it is worth connecting again after this error. Any other error is passed on.
   *
   * @defaultValue `isTransient` for the errors of this library, `true` for all others; in `fromSSE`, `isTransient` for all
   */
  readonly isTransient?: ((error: unknown) => boolean) | undefined;
  /**
   * Connects again at once whenever it emits: it ends the wait, or drops the connection that is there, and counts anew. Such as
   * a button, a network that has changed, a token that is new. What it emits when it is subscribed to counts, too: a
   * `BehaviorSubject` wants `skip(1)`. Once it completes, nothing changes; its error is passed on.
   *
   * @defaultValue never
   */
  readonly now?: Observable<unknown> | undefined;
  /** Told of each loss, before the wait for the next attempt; also of an end that completes. */
  readonly lossObserver?: Listener<SseLoss> | undefined;
}

/**
 * RxJS `retry` with the manners of an event source: it subscribes again after a loss, waits longer after each failure in a
 * row, and counts anew after a healthy connection. `fromSSE` has it built in; it works on any Observable.
 *
 * ```
 * source      --a--#        first subscription fails
 *                   (1 s)   ----b--c--
 * reconnect() --a-----------------b--c--
 * ```
 *
 * A value goes through, completion completes, an error that is not transient fails, as does one too many. Unsubscribing ends
 * the subscription or the wait for the next one.
 *
 * @example
 * ```ts
 * import { webSocket } from 'rxjs/webSocket';
 * import { reconnect } from 'rxjs-sse';
 *
 * webSocket('wss://example.com/prices').pipe(reconnect({ count: 10, resetOnSuccess: true })).subscribe(console.log);
 * ```
 */
export function reconnect<T>({
  count = Infinity,
  delay = backoff(),
  resetAfter = 5000,
  resetOnSuccess = false,
  onEnd = 'reconnect',
  isTransient = error => !isFinal(error),
  now,
  lossObserver,
}: ReconnectConfig = {}): MonoTypeOperatorFunction<T> {
  const wait = typeof delay === 'number' ? () => clampDelay(delay) : delay.wait;

  return source => {
    const lasting$ = defer(() => {
      // RxJS counts all failures; those before the last healthy connection do not count here.
      let forgiven = 0;

      return source.pipe(retry({ resetOnSuccess, delay: whenToReconnect }));

      function whenToReconnect(error: unknown, failures: number): ObservableInput<unknown> {
        const lost = error instanceof SseConnectionError ? error : undefined;
        const hasEnded = lost?.reason === 'end';
        const wasOpen = lost && lost.reason !== 'refused';
        if (wasOpen && (lost.openFor >= resetAfter || (hasEnded && lost.isUsed))) forgiven = failures - 1;
        // With `resetOnSuccess`, RxJS has begun to count anew.
        if (failures <= forgiven) forgiven = 0;
        const attempt = failures - forgiven;

        const isOver = hasEnded && onEnd === 'complete';
        let retryIn: number | undefined;
        try {
          if (!isOver && attempt <= count && isTransient(error)) {
            retryIn = wait ? wait(error, attempt) : NaN;
          }
        } finally {
          // Told also of a loss after which a function of yours throws.
          tell(lossObserver, { error, attempt, ...(retryIn !== undefined && { retryIn }) });
        }
        if (isOver) return [];
        if (retryIn === undefined) throw error;
        return wait || typeof delay === 'number' ? timer(retryIn) : delay(error, attempt);
      }
    });
    return now ? merge(now, [0]).pipe(switchWhole(() => lasting$)) : lasting$;
  };
}
