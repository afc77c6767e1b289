import { Observable, type NextObserver } from 'rxjs';

/** Who is told of something that happens beside the stream: a function, or an RxJS observer's `next`. */
export type Listener<T> = NextObserver<T> | ((value: T) => void);

/** Tells it, at once. What the listener throws is reported as RxJS reports it, and disturbs no stream. */
export function tell<T>(listener: Listener<T> | undefined, value: T): void {
  // Never completed: a Subject may be told more than once.
  if (listener) new Observable<T>(subscriber => subscriber.next(value)).subscribe(listener);
}
