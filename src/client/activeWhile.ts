import {
  dematerialize,
  materialize,
  NEVER,
  switchMap,
  type MonoTypeOperatorFunction,
  type Observable,
} from 'rxjs';

/**
 * Subscribes to the source at each `true`, anew if it was subscribed already, and leaves it at each `false`. It is over when
 * the source is.
 */
export function activeWhile<T>(isActive$: Observable<boolean>): MonoTypeOperatorFunction<T> {
  return source =>
    isActive$.pipe(
      switchMap(isActive => (isActive ? source.pipe(materialize()) : NEVER)),
      dematerialize(),
    );
}
