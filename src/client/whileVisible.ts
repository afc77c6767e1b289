import {
  defer,
  distinctUntilChanged,
  fromEvent,
  map,
  NEVER,
  of,
  startWith,
  switchMap,
  timer,
  type MonoTypeOperatorFunction,
} from 'rxjs';
import { activeWhile } from './activeWhile.js';

export interface WhileVisibleConfig {
  /**
   * How long, in milliseconds, the page has to be hidden before the source is left. A user who only looks something up finds
   * the stream still there. `Infinity` for never.
   *
   * @defaultValue 0
   */
  readonly grace?: number | undefined;
}

/**
 * Subscribes to the source while the page is visible: a hidden tab costs no connection. Without it a hidden tab is left alone.
 * Outside a browser it changes nothing.
 *
 * Each time the source begins anew. What goes on where it left off is a `fromSSE` with a place, by `resuming`.
 *
 * @example
 * ```ts
 * import { fromSSE, resuming, whileVisible } from 'rxjs-sse';
 *
 * const prices$ = resuming(resumePoint =>
 *   fromSSE('https://example.com/prices', { resumePoint }).pipe(whileVisible({ grace: 60_000 })),
 * );
 * ```
 */
export function whileVisible<T>({ grace = 0 }: WhileVisibleConfig = {}): MonoTypeOperatorFunction<T> {
  return activeWhile(
    defer(() => {
      if (!('document' in globalThis)) return of(true);
      return fromEvent(document, 'visibilitychange').pipe(
        startWith(0),
        map(() => document.visibilityState === 'visible'),
        switchMap(isVisible =>
          isVisible ? of(true) : grace > 0x7fffffff ? NEVER : timer(grace).pipe(map(() => false)),
        ),
        distinctUntilChanged(),
      );
    }),
  );
}
