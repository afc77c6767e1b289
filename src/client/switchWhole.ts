import { dematerialize, materialize, switchMap, type Observable, type OperatorFunction } from 'rxjs';

/** RxJS `switchMap` that is over as soon as an inner Observable is, whether or not there may be another. */
export function switchWhole<T, R>(project: (value: T) => Observable<R>): OperatorFunction<T, R> {
  return source =>
    source.pipe(
      switchMap(value => project(value).pipe(materialize())),
      dematerialize(),
    );
}
