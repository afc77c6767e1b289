import type { Observable, ObservableInput } from 'rxjs';
import type { SseEvent } from '../event-stream/index.js';
import type { GapReason, PlaceEvent } from './EventLog.js';

/** An event of a log. An entry of the engine that is no event is a place, so that readers get past it. */
export type LogEntry<E extends SseEvent> = (E & { readonly id: string }) | PlaceEvent;

/** Entries that directly follow a place, in their order. */
export interface LogPage<E extends SseEvent> {
  readonly entries: readonly LogEntry<E>[];
  /** Whether there were no more of them. */
  readonly isLast: boolean;
}

/** What follows a place cannot be known: the engine no longer has all of it, or never gave out such a place. */
export interface LogGap {
  readonly gap: GapReason;
}

/**
 * An engine that keeps entries in one order, seen by all who read it. {@link createLog} makes an event log of it.
 *
 * A place is the id of an entry, and stands for all that comes after it; or it is what `tip` or `origin` says. It is visible
 * ASCII without `&`, `=` and `%`. Each input emits once.
 */
export interface LogDriver<E extends SseEvent = SseEvent> {
  /**
   * Keeps an event; emits its id once the engine has acknowledged it. Two calls in a row keep their order. Refuses one that cannot
   * be written, as {@link encodeRecord} does: it would stop every reader at its place.
   */
  append(event: E): ObservableInput<string>;
  /** The place after everything that is kept now. */
  tip(): ObservableInput<string>;
  /** The place before everything that is kept now. */
  origin(): ObservableInput<string>;
  /**
   * The next entries after a place, about `limit` at the most, or that it cannot be proven that none is missing in between. A false
   * gap is allowed, a missing entry without one never. Whatever the place is, it costs no more than a few commands.
   */
  page(place: string, limit: number): ObservableInput<LogPage<E> | LogGap>;
  /**
   * What comes after a place, in batches, as it is appended. It completes or errors, and never goes on, when it can no longer
   * promise that none is missing: what was missed, if anything, is then asked of `page`. unsubscribe: it ends at once.
   */
  tail(place: string): Observable<readonly LogEntry<E>[]>;
  /** Whether the engine may do later what it has failed to do now. If not, readers get the error. */
  readonly isTransient: (error: unknown) => boolean;
  /** Gives back whatever the driver has opened. */
  close(): ObservableInput<unknown>;
}
