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
  throwIfEmpty,
  type Observable,
  type ObservableInput,
} from 'rxjs';
import { SseLogError, type Resumable, type SseEvent } from '../event-stream/index.js';
import type { EventLog, GapEvent, PlaceEvent } from './EventLog.js';

/**
 * The state first, then what changes it. A reader without an id gets a snapshot, as one event, and then the log from the place of the
 * snapshot on; one that comes back gets the log from its own place on. After a gap there is a new snapshot, in place of the `gap`.
 *
 * error: that of the log or of the snapshot; {@link SseLogError} if the place of a snapshot is not in the log.
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
    defer(() => log.tip()).pipe(
      switchMap(place =>
        from(snapshot(place)).pipe(
          take(1),
          throwIfEmpty(() => new RangeError('Expected a snapshot, got none')),
          map(state => ({ ...state, id: state.id ?? place })),
        ),
      ),
      switchMap(state => concat(of(state), goOn(state.id, beginOnceMore))),
    );
  const beginOnceMore = ({ data: { reason } }: GapEvent, index: number) => {
    // The next snapshot would fare no better.
    if (index === 0) throw new SseLogError('gap', { gap: reason });
    return begin();
  };
  const goOn = (
    lastEventId: string,
    onGap: (gap: GapEvent, index: number) => Observable<E | S | PlaceEvent>,
  ): Observable<E | S | PlaceEvent> =>
    defer(() => {
      let next$: Observable<E | S | PlaceEvent> = EMPTY;
      return log.after(lastEventId).pipe(
        takeWhile((event, index): event is Exclude<typeof event, GapEvent> => {
          if (isGap(event)) next$ = onGap(event, index);
          return !isGap(event);
        }),
        concatWith(defer(() => next$)),
      );
    });
  return { after: lastEventId => (lastEventId === undefined ? begin() : goOn(lastEventId, begin)) };
}

function isGap(event: SseEvent): event is GapEvent {
  return event.type === 'gap';
}
