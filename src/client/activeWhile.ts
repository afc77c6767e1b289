import { NEVER, type MonoTypeOperatorFunction, type Observable } from 'rxjs';
import { switchWhole } from './switchWhole.js';

/**
 * Subscribes to the source at each `true`, anew if it was subscribed already, and leaves it at each `false`. It is over when
 * the source is.
 */
export function activeWhile<T>(isActive$: Observable<boolean>): MonoTypeOperatorFunction<T> {
  return source => isActive$.pipe(switchWhole(isActive => (isActive ? source : NEVER)));
}
