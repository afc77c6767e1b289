import { defer, filter, map } from 'rxjs';
import { expectOption, isCount, type Resumable, type SseEvent } from '../event-stream/index.js';
import type { GapEvent, PlaceEvent } from './EventLog.js';

export interface FilterLogConfig {
  /**
   * After how many events in a row that are left out their reader is told of its place: so many it may have to be looked for again
   * when it comes back. A whole number from 1 on.
   *
   * @defaultValue 100
   */
  readonly placeEvery?: number | undefined;
}

/**
 * Part of a log, for a reader that is not shown all of it. Its place moves on past what it is not shown, by events that carry
 * only an id: readers dispatch nothing, and come back to that place. With RxJS's `filter` it would stay at the last event shown,
 * and everything since be read again.
 *
 * A `gap` and what has no data are let through unasked. So is nothing else: the predicate is asked for each event of the log.
 *
 * @throws RangeError if `placeEvery` is out of its range
 * @example
 * ```ts
 * import express, { type Request } from 'express';
 * import { toSSE } from 'rxjs-sse/express';
 * import { filterLog, memoryLog } from 'rxjs-sse/log';
 *
 * const notices = memoryLog<{ data: { user: string; text: string } }>();
 *
 * const ofUser = (user: string) => filterLog(notices, ({ data }) => data.user === user);
 *
 * express()
 *   .get('/notices/:user', toSSE(({ params }: Request<{ user: string }>) => ofUser(params.user)))
 *   .listen(3000);
 * ```
 */
export function filterLog<E extends SseEvent>(
  log: Resumable<E>,
  predicate: (event: Exclude<E, GapEvent | PlaceEvent>) => boolean,
  { placeEvery = 100 }: FilterLogConfig = {},
): Resumable<E | PlaceEvent> {
  expectOption({ placeEvery }, isCount(placeEvery), 'a whole number from 1 on');
  return {
    after: lastEventId =>
      defer(() => {
        let leftOut = 0;
        const keep = (event: E) => {
          if (!isAsked(event) || predicate(event)) {
            leftOut = 0;
            return event;
          }
          return event.id && ++leftOut % placeEvery === 0 ? { id: event.id } : undefined;
        };
        return log.after(lastEventId).pipe(
          map(keep),
          filter(event => event !== undefined),
        );
      }),
  };
}

function isAsked<E extends SseEvent>(event: E): event is Exclude<E, GapEvent | PlaceEvent> {
  return event.type !== 'gap' && event.data !== undefined;
}
