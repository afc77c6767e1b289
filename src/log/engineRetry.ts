import { throwError, timer, TimeoutError, type Observable } from 'rxjs';
import { SseLogError, tell, type Listener } from '../event-stream/index.js';
import type { LogDriver } from './LogDriver.js';

export interface EngineRetry {
  /** A notifier for RxJS `retry`: waits, if the engine may get over its error; errors with an {@link SseLogError} if not. */
  readonly after: (error: unknown, attempt: number) => Observable<unknown>;
  /** Longer with each attempt in a row, up to 5 s. */
  readonly wait: (attempt: number) => Observable<unknown>;
}

/** Half of each wait is random, so that the processes that have lost an engine do not come back to it all at once. */
export function engineRetry(
  { isTransient }: Pick<LogDriver, 'isTransient'>,
  random: () => number,
  errorObserver: Listener<unknown>,
): EngineRetry {
  const wait = (attempt: number) => timer(Math.min(50 * 2 ** attempt, 5000) * (0.5 + 0.5 * random()));
  return {
    wait,
    after: (error, attempt) => {
      if (!(error instanceof TimeoutError) && !isTransient(error)) {
        return throwError(() => new SseLogError('refused', { cause: error }));
      }
      tell(errorObserver, error);
      return wait(attempt);
    },
  };
}
