import {
  defer,
  distinctUntilChanged,
  fromEvent,
  map,
  merge,
  of,
  startWith,
  type MonoTypeOperatorFunction,
} from 'rxjs';
import { activeWhile } from './activeWhile.js';

/**
 * Subscribes to the source while the browser is online: offline no attempt is made or counted, and the moment it is online again
 * there is a connection. Outside a browser it changes nothing.
 *
 * Each time the source begins anew. What goes on where it left off is a `fromSSE` with a place, by `resuming`.
 *
 * ```
 * browser        ----offline---online----
 * source         --a--
 * source                       --b-------
 * whileOnline()  --a-------------b-------
 * ```
 *
 * @example
 * ```ts
 * import { fromSSE, resuming, whileOnline } from 'rxjs-sse';
 *
 * const prices$ = resuming(resumePoint =>
 *   fromSSE('https://example.com/prices', { resumePoint }).pipe(whileOnline()),
 * );
 * ```
 */
export function whileOnline<T>(): MonoTypeOperatorFunction<T> {
  return activeWhile(
    defer(() => {
      // A page, or a worker.
      const isBrowser =
        'addEventListener' in globalThis && 'navigator' in globalThis && 'onLine' in navigator;
      if (!isBrowser) return of(true);
      return merge(fromEvent(globalThis, 'online'), fromEvent(globalThis, 'offline')).pipe(
        startWith(0),
        map(() => navigator.onLine),
        distinctUntilChanged(),
      );
    }),
  );
}
