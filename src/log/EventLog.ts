import type { Observable } from 'rxjs';
import type { Resumable, SseEvent } from '../event-stream/index.js';

/** Where a reader is that had no place: an event which carries only its id. */
export interface PlaceEvent extends SseEvent<never, never> {
  readonly id: string;
}

/** What a reader is told instead of the events that it asked for and that are not there. Its id is the place to go on from. */
export interface GapEvent extends SseEvent<'gap', { readonly reason: GapReason }> {
  readonly type: 'gap';
  readonly data: { readonly reason: GapReason };
  readonly id: string;
}

/**
 * Why events are missing. `trimmed`: the log has dropped them. `reset`: the id is of another incarnation of the log.
 * `future`: the log has not got that far. `invalid`: no log gave out such an id.
 */
export type GapReason = 'trimmed' | 'reset' | 'future' | 'invalid';

/**
 * Events kept so that a reader can go on where it was. `toSSE(() => log)` is a whole route.
 * Ids are the log's own: opaque, visible ASCII.
 */
export interface EventLog<E extends SseEvent = SseEvent> extends Resumable {
  /**
   * Adds an event under an id of the log's own, which replaces any that it has. Resolves with that id once the event is kept;
   * rejects with {@link SseEventError} if it cannot be written.
   */
  append(event: E): Promise<string>;
  /**
   * Everything strictly after `lastEventId`, then whatever is appended; `undefined` begins with the next event.
   *
   * next: an event; first, to a reader who had no place, one that only carries an id; and a {@link GapEvent} wherever
   * events are missing that it asked for, after which it goes on from the earliest that is kept. Never completes.
   */
  after(lastEventId: string | undefined): Observable<(E & { readonly id: string }) | GapEvent | PlaceEvent>;
}
