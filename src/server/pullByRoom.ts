import { filter, firstValueFrom, Observable, type BehaviorSubject } from 'rxjs';
import { atEndOfTurn } from './atEndOfTurn.js';
import { hasMethod } from './hasMethod.js';
import { isObject } from './isObject.js';
import { isPromise } from './isPromise.js';

/** What gives a value each time it is asked for one. */
export type Pullable<T> = AsyncIterable<T> | Iterable<T> | PullableStream<T>;

/** A `ReadableStream`, as far as it is used here. */
export interface PullableStream<T> {
  getReader(): {
    read(): PromiseLike<{ readonly done: false; readonly value: T } | { readonly done: true }>;
    cancel(): PromiseLike<unknown>;
  };
}

/**
 * Asks for values only while there is room for them.
 *
 * unsubscribe: the source is left, also while it waits for room. What fails then is told to `reportLate`.
 */
export function pullByRoom<T>(
  source: Pullable<T>,
  hasRoom$: BehaviorSubject<boolean>,
  reportLate: (error: unknown) => void,
): Observable<T> {
  return new Observable(subscriber => {
    const { next, leave } = pullerOf(source);
    const room$ = hasRoom$.pipe(filter(Boolean));
    let isOver = false;
    let isAsking = false;
    const isLeft = () => subscriber.closed;

    const pullAll = async () => {
      try {
        for (let count = 1; ; count++) {
          // A source that always has something must not keep the event loop to itself.
          if (count % 256 === 0) await new Promise<void>(atEndOfTurn);
          // When it hears of room, that may be taken again.
          while (!hasRoom$.value && !isLeft()) await firstValueFrom(room$, { defaultValue: false });
          if (isLeft()) return;
          isAsking = true;
          const result = next();
          isAsking = false;
          // A generator that is running when it is left can only be left afterwards.
          if (isLeft()) await leaveEarly();
          const step = isPromise(result) ? await result : result;
          if (step.done) break;
          subscriber.next(step.value);
        }
        isOver = true;
        subscriber.complete();
      } catch (error) {
        isOver = true;
        if (isLeft()) reportLate(error);
        else subscriber.error(error);
      }
    };
    const leaveEarly = async () => {
      try {
        if (!isOver && !isAsking) await leave();
      } catch (error) {
        reportLate(error);
      }
    };
    subscriber.add(() => void leaveEarly());
    void pullAll();
  });
}

export function isPullable<T>(source: Pullable<T> | object): source is Pullable<T> {
  if (!isObject(source) || 'subscribe' in source) return false;
  return 'getReader' in source || Symbol.asyncIterator in source || Symbol.iterator in source;
}

interface Puller<T> {
  readonly next: () => Step<T> | PromiseLike<Step<T>>;
  readonly leave: () => unknown;
}

type Step<T> = { readonly done?: false | undefined; readonly value: T } | { readonly done: true };

function pullerOf<T>(source: Pullable<T>): Puller<T> {
  // First, since the iterator of a stream does not cancel it while it is being read.
  if ('getReader' in source) {
    const reader = source.getReader();
    return { next: () => reader.read(), leave: () => reader.cancel() };
  }
  const iterator =
    Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  // Nor does the iterator of a stream of Node destroy it.
  const leave = isDestroyable(source) ? () => source.destroy() : () => iterator.return?.();
  return { next: () => iterator.next(), leave };
}

function isDestroyable(source: object): source is { destroy(): unknown } {
  return hasMethod(source, 'destroy');
}
