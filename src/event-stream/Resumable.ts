import type { Observable } from 'rxjs';
import type { SseEvent } from './SseEvent.js';

/**
 * Something that can be read from a place. An event log is one; so is any object literal
 * `{ after: id => log.after(id).pipe(filter(isMine)) }`.
 */
export interface Resumable<E extends SseEvent = SseEvent> {
  /**
   * Everything strictly after `lastEventId`, then whatever comes, without loss or repetition; `undefined` is a reader that has
   * no place yet. Each event has an id, or a reader that is cut off after it comes back to an earlier place.
   */
  after(lastEventId: string | undefined): Observable<E>;
}
