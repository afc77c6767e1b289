import { noop, Subscription, type Observable } from 'rxjs';
import type { AnyEvents, ReceivedSseEventOf } from '../event-stream/index.js';
import type { Pace } from './decodeAll.js';
import { fromSSE, type FromSseConfig } from './fromSSE.js';
import type { PerConnection } from './request.js';

/**
 * The events of a server for a loop that takes its time: `fromSSE` as an async iterable. While the loop is at work on an event
 * nothing more is decoded, soon nothing more is read, and the server sees a slow reader: what RxJS would keep in memory waits
 * there.
 *
 * - Each loop has connections of its own, which come back as those of `fromSSE` do. The first is made when the first event is
 *   asked for.
 * - The resume point is never ahead of the event that the loop has.
 * - The loop ends where `fromSSE` would complete, and throws what it would error with. Leaving it, with `break` or by an error,
 *   aborts the request.
 *
 * @param config as for {@link fromSSE}.
 * @example
 * ```ts
 * import { eventsOf } from 'rxjs-sse';
 *
 * for await (const event of eventsOf('https://example.com/prices')) {
 *   await fetch('https://example.com/archive', { method: 'POST', body: event.data });
 * }
 * ```
 */
export function eventsOf<Events extends object = AnyEvents>(
  url: PerConnection<string | URL>,
  config?: FromSseConfig,
): AsyncIterable<ReceivedSseEventOf<Events>> {
  return {
    [Symbol.asyncIterator]: () => iteratorOf(pace => fromSSE<Events>(url, { ...config, pace })),
  };
}

interface Ask<T> {
  readonly resolve: (result: IteratorResult<T, undefined>) => void;
  readonly reject: (error: unknown) => void;
}
type Answer<T> = (ask: Ask<T>) => void;

function iteratorOf<T>(open: (pace: Pace) => Observable<T>): AsyncIterator<T, undefined> {
  const asks: Ask<T>[] = [];
  let asked = noop;
  const subscription = new Subscription();
  let isOpen = false;
  /** How asks are answered once it is over. */
  let over: Answer<T> | undefined;

  const pace: Pace = {
    sliceEnd: lineEnd,
    async ready() {
      if (asks.length === 0) await new Promise<void>(resolve => (asked = resolve));
    },
  };
  const done: Answer<T> = ({ resolve }) => resolve({ done: true, value: undefined });

  return {
    next: () =>
      new Promise((resolve, reject) => {
        if (over) return over({ resolve, reject });
        asks.push({ resolve, reject });
        asked();
        if (isOpen) return;
        isOpen = true;
        subscription.add(
          open(pace).subscribe({
            next: value => asks.shift()?.resolve({ done: false, value }),
            error: (error: unknown) => finish(({ reject }) => reject(error)),
            complete: () => finish(done),
          }),
        );
      }),
    return() {
      subscription.unsubscribe();
      finish(done);
      return Promise.resolve({ done: true, value: undefined });
    },
  };

  /** Answers the first ask so, and all others with the end. */
  function finish(answer: Answer<T>): void {
    over ??= ask => {
      over = done;
      answer(ask);
    };
    for (const ask of asks.splice(0)) over(ask);
  }
}

/** A line makes one event at most, so nothing is decoded that nobody has asked for. */
function lineEnd(chunk: Uint8Array, start: number): number {
  const length = chunk.subarray(start).findIndex(byte => byte === 10 || byte === 13) + 1;
  return length ? start + length : chunk.length;
}
