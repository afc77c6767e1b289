import {
  concat,
  concatWith,
  defer,
  EMPTY,
  from,
  map,
  of,
  switchMap,
  take,
  takeWhile,
  type Observable,
  type ObservableInput,
} from 'rxjs';
import type { Resumable, SseEvent } from '../event-stream/index.js';
import type { EventLog, GapEvent, PlaceEvent } from './EventLog.js';

/**
 * The state first, then what changes it. A reader without an id gets a snapshot, as one event, and then the log from the place of the
 * snapshot on; one that comes back gets the log from its own place on. After a gap there is a new snapshot, in place of the `gap`.
 *
 * @param snapshot reads the state, and emits it once. It holds everything up to `place`. What it holds beyond that comes again, unless
 *   the event has an id of the log: the place that the state is at
 * @example
 * ```ts
 * import express from 'express';
 * import { toSSE } from 'rxjs-sse/express';
 * import { memoryLog, withSnapshot } from 'rxjs-sse/log';
 *
 * const stock = new Map<string, number>();
 * const changes = memoryLog<{ type: 'change'; data: { item: string; count: number } }>();
 *
 * const stock$ = withSnapshot(changes, () => [{ type: 'stock', data: Object.fromEntries(stock) }]);
 * express().get('/stock', toSSE(() => stock$)).listen(3000);
 * ```
 */
export function withSnapshot<E extends SseEvent, S extends SseEvent>(
  log: Pick<EventLog<E>, 'after' | 'tip'>,
  snapshot: (place: string) => ObservableInput<S>,
): Resumable<E | S | PlaceEvent> {
  const begin = (): Observable<E | S | PlaceEvent> =>
    from(log.tip()).pipe(
      switchMap(place =>
        from(snapshot(place)).pipe(
          take(1),
          map(state => ({ ...state, id: state.id ?? place })),
        ),
      ),
      switchMap(state => concat(of(state), goOn(state.id))),
    );
  const goOn = (lastEventId: string): Observable<E | S | PlaceEvent> =>
    defer(() => {
      let isWhole = true;
      return log.after(lastEventId).pipe(
        takeWhile((event): event is (E & { readonly id: string }) | PlaceEvent => (isWhole = !isGap(event))),
        concatWith(defer(() => (isWhole ? EMPTY : begin()))),
      );
    });
  return { after: lastEventId => (lastEventId === undefined ? begin() : goOn(lastEventId)) };
}

function isGap(event: SseEvent): event is GapEvent {
  return event.type === 'gap';
}
