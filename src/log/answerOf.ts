import { defer, timeout, type Observable, type ObservableInput } from 'rxjs';

/** What an engine answers. That it says nothing for ten seconds is an error, like any other that it may get over. */
export function answerOf<T>(ask: () => ObservableInput<T>): Observable<T> {
  return defer(ask).pipe(timeout({ first: 10_000 }));
}
