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

/** What a log gives its readers. */
export type LogEvent<E extends SseEvent = SseEvent> = (E & { readonly id: string }) | GapEvent | PlaceEvent;

/**
 * How a log stands to its engine. `idle`: nobody reads. `opening`: the first reader waits for the engine. `live`: what is appended
 * anywhere arrives. `recovering`: the engine cannot be read; readers wait. `closed`: for good.
 */
export type LogStatus = 'idle' | 'opening' | 'live' | 'recovering' | 'closed';

/**
 * Events kept so that a reader can go on where it was. `toSSE(() => log)` is a whole route.
 * Ids are the log's own: opaque, visible ASCII.
 */
export interface EventLog<E extends SseEvent = SseEvent> extends Resumable {
  /**
   * Adds an event under an id of the log's own, which replaces any that it has. Resolves with that id once the event is kept;
   * two appends in a row keep their order. Rejects with {@link SseEventError} if the event cannot be written, and with
   * {@link SseLogError} if the engine refuses it, cannot be reached (then nobody knows whether it was kept), or the log is closed.
   */
  append(event: E): Promise<string>;
  /**
   * Everything strictly after `lastEventId`, then whatever is appended; `undefined` begins where `from` says.
   *
   * next: an event; first, to a reader who had no place and gets nothing at once, one that only carries an id; and a
   * {@link GapEvent} wherever events are missing that it asked for, after which it goes on where `onGap` says.
   * complete: the log was closed. error: {@link SseLogError}. An engine that cannot be reached for a while is neither.
   */
  after(lastEventId: string | undefined): Observable<LogEvent<E>>;
  /**
   * The id after which everything comes that is appended from now on, such as for a page that shows the present state and its reader
   * that goes on from there. Rejects with {@link SseLogError}.
   */
  tip(): Promise<string>;
  /** The present status, then each new one. Completes once the log is closed. */
  readonly status$: Observable<LogStatus>;
  /**
   * Completes all readers, and gives back what the log has taken of its engine; the connection that it was given stays open.
   * What fails with it is told to `errorObserver`.
   */
  close(): Promise<void>;
}
