import { firstValueFrom, take, toArray } from 'rxjs';
import type { Resumable, SseEvent } from '../../src/index.js';

/** What a log gives at once. */
export function eventsOf<E extends SseEvent>(log: Resumable<E>, lastEventId?: string): E[] {
  const events: E[] = [];
  log
    .after(lastEventId)
    .subscribe(event => events.push(event))
    .unsubscribe();
  return events;
}

/** The first of what it gives, in as many turns as it takes. */
export function firstEvents<E extends SseEvent>(
  log: Resumable<E>,
  count: number,
  lastEventId?: string,
): Promise<E[]> {
  return firstValueFrom(log.after(lastEventId).pipe(take(count), toArray()));
}

/** The data of those that have some. */
export function dataOf(events: readonly SseEvent[]): unknown[] {
  return events.flatMap(({ data }) => (data === undefined ? [] : [data]));
}
