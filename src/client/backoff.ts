import { throwError, timer, type Observable } from 'rxjs';
import { SseError, SseResponseError } from '../event-stream/index.js';
import { clampDelay } from './clampDelay.js';
import { isFinal } from './isFinal.js';

export interface BackoffConfig {
  /**
   * The first delay, in milliseconds, of a stream whose server sent no `retry:`.
   *
   * @defaultValue 1000
   */
  readonly initial?: number | undefined;
  /**
   * What each further failure in a row multiplies the delay by. 1 keeps it the same.
   *
   * @defaultValue 2
   */
  readonly factor?: number | undefined;
  /**
   * The largest delay, in milliseconds. A server that asks for more, with `retry:` or `Retry-After`, gets more.
   *
   * @defaultValue 30 000
   */
  readonly max?: number | undefined;
  /**
   * The part of the delay that is added at random, so that readers who were cut off together do not come back together.
   * Only ever added: the standard lets a reader wait longer than `retry:`, not shorter. 0 for none.
   *
   * @defaultValue 0.2: up to a fifth
   */
  readonly jitter?: number | undefined;
  /**
   * Gives numbers from 0 up to 1.
   *
   * @defaultValue `Math.random`
   */
  readonly random?: (() => number) | undefined;
}

/** A notifier for RxJS `retry({ delay })` that can also say how long its wait will be. */
export interface BackoffNotifier {
  /** Emits once when it is time for the next attempt; errors where there is to be none. `attempt` is 1 after the first failure. */
  (error: unknown, attempt: number): Observable<0>;
  /** The same wait as a number of milliseconds. Each call draws its own jitter. */
  wait(error: unknown, attempt: number): number;
}

/**
 * A notifier for `reconnect({ delay })` and RxJS `retry({ delay })`: an exponential backoff that listens to the server.
 *
 * It starts from the server's `retry:`, else from `initial`. A refusal's `Retry-After` is obeyed as it stands, zero only for
 * the first failure in a row. Every delay is kept between 100 ms and 1 hour. The notifier has no state: `attempt` tells it how
 * many failures there were in a row. In a `retry` of your own it passes a final error on at once.
 *
 * ```
 * attempt   1    2    3    4    5     6      7
 * seconds   1    2    4    8    16    25     25     plus up to a fifth
 * ```
 *
 * @example
 * ```ts
 * import { retry } from 'rxjs';
 * import { backoff, fromSSE } from 'rxjs-sse';
 *
 * fromSSE('https://example.com/prices', { reconnect: false })
 *   .pipe(retry({ count: 5, delay: backoff({ max: 10_000 }), resetOnSuccess: true }))
 *   .subscribe(event => console.log(event.data));
 * ```
 */
export function backoff({
  initial = 1000,
  factor = 2,
  max = 30_000,
  jitter = 0.2,
  random = Math.random,
}: BackoffConfig = {}): BackoffNotifier {
  const notifier = (error: unknown, attempt: number) =>
    isFinal(error) ? throwError(() => error) : timer(wait(error, attempt));
  return Object.assign(notifier, { wait });

  function wait(error: unknown, attempt: number): number {
    const retryAfter = error instanceof SseResponseError ? error.retryAfter : undefined;
    // `Retry-After: 0`, or a date that is past by our clock, is obeyed once: after that it would be hammering.
    if (retryAfter || (retryAfter === 0 && attempt === 1)) return clampDelay(retryAfter);
    const asked = error instanceof SseError ? error.reconnectionTime : undefined;
    // From 100 ms on, since `retry: 0` doubled is still 0.
    const start = clampDelay(asked ?? initial);
    const ceiling = Math.max(asked ?? 0, max / (1 + jitter));
    return clampDelay(Math.min(start * factor ** (attempt - 1), ceiling) * (1 + jitter * random()));
  }
}
