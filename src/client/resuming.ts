import { defer, type Observable, type ObservableInput } from 'rxjs';
import type { ResumePoint } from '../event-stream/index.js';

/**
 * RxJS `defer` with a place: each subscriber gets a `ResumePoint` of its own, which outlives the connections that are made
 * with it. So RxJS's own `retry` and `repeat`, around a `fromSSE` that does not reconnect, go on where it left off; so does
 * `whileVisible`.
 *
 * @param lastEventId the place to start from; the empty string is none.
 * @example
 * ```ts
 * import { repeat, retry } from 'rxjs';
 * import { backoff, fromSSE, resuming } from 'rxjs-sse';
 *
 * const prices$ = resuming(resumePoint =>
 *   fromSSE('https://example.com/prices', { reconnect: false, resumePoint }).pipe(
 *     retry({ count: 5, delay: backoff(), resetOnSuccess: true }),
 *     repeat({ delay: 1000 }),
 *   ),
 * );
 * ```
 */
export function resuming<T>(
  project: (resumePoint: ResumePoint) => ObservableInput<T>,
  lastEventId = '',
): Observable<T> {
  return defer(() => project({ lastEventId, reconnectionTime: undefined }));
}
