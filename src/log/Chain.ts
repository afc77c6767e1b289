import { encodeEvent, type SseEvent } from '../event-stream/index.js';
import type { GapReason, LogEvent } from './EventLog.js';
import { OwnAppends } from './OwnAppends.js';

/** A place in a log, with the event that led to it, and the place that is known to follow directly. */
export interface ChainLink<E extends SseEvent> {
  readonly id: string;
  /** None where a reader, or the tail, begins. */
  readonly event?: LogEvent<E>;
  /** Why events are missing between the place before and this one. */
  readonly gap?: GapReason;
  next?: ChainLink<E>;
}

/**
 * What is known of the order of a log. Whoever learns what follows a place, from the tail or from a page, links it; and a reader
 * goes from link to link. So it gets everything once and in order, whoever has found it, and stands in nobody's way.
 *
 * The last few links are found by their ids; of the others only those are kept that a reader still has before it.
 */
export class Chain<E extends SseEvent> {
  readonly appends = new OwnAppends();
  readonly #maxRecent: number;
  readonly #known = new Map<string, ChainLink<E>>();
  /** Those known, oldest first, from `#oldest` on. */
  #order: { readonly id: string; readonly bytes: number }[] = [];
  #oldest = 0;
  #bytes = 0;
  #end: ChainLink<E> = { id: '' };

  /** @param maxRecent how many links are found by their ids */
  constructor(maxRecent: number) {
    this.#maxRecent = maxRecent;
  }

  /** As far as the tail has come, once it has begun. */
  get end(): ChainLink<E> {
    return this.#end;
  }

  /** After everything that was appended here, which may be further than the tail has come. */
  get present(): ChainLink<E> {
    const { last } = this.appends;
    return last === undefined ? this.#end : this.at(last);
  }

  /** Where the tail begins. */
  begin(id: string): void {
    this.appends.forget();
    this.#end = this.at(id);
  }

  /** Links what the tail has read, and moves the end there. */
  grow(events: readonly LogEvent<E>[]): void {
    this.lead(this.extend(this.#end, events));
    for (const _ of events) this.#pass();
  }

  /** Moves the end as far as is known. */
  skip(): void {
    while (this.#end.next) this.#pass();
  }

  /** What follows the end is linked to another link of its id: after a gap, or if the order was not what was known of it. */
  lead(link: ChainLink<E>): void {
    if (link === this.#end) return;
    this.#forgetAll();
    // Whoever has gone on from there already has to find its own way.
    if (this.#end.next || !link.next) this.#end = link;
    else this.#end.next = link.next;
  }

  /** The link of that id; a new one, which nobody else finds, if it is not known. */
  at(id: string): ChainLink<E> {
    return (this.#end.id === id ? this.#end : this.#known.get(id)) ?? { id };
  }

  /**
   * Links events that directly follow a place, as far as they are not linked yet. Gives the link to go on from: a new one of the
   * same id, if something else had been linked to it, and the order has changed.
   */
  extend(link: ChainLink<E>, events: readonly LogEvent<E>[]): ChainLink<E> {
    let last = link;
    for (const event of events) {
      if (last.next && last.next.id !== event.id) return chainOf(link.id, events);
      last.next ??= this.#known.get(event.id) ?? this.#remember(event);
      last = last.next;
    }
    return link;
  }

  /** How many of the events known make up a number of bytes; 0 if none is known. */
  countIn(bytes: number): number {
    const count = this.#known.size;
    return count === 0 ? 0 : Math.floor((bytes * count) / this.#bytes);
  }

  #pass(): void {
    if (!this.#end.next) return;
    this.#end = this.#end.next;
    this.appends.pass(this.#end.id);
  }

  #remember(event: LogEvent<E>): ChainLink<E> {
    const { id } = event;
    const link = { id, event };
    if (this.#maxRecent === 0) return link;
    // They are made once, for all readers over HTTP.
    const bytes = encodeEvent(event).byteLength;
    this.#known.set(id, link);
    this.#order.push({ id, bytes });
    this.#bytes += bytes;
    while (this.#known.size > this.#maxRecent || this.#bytes > mostBytes) this.#forgetOldest();
    return link;
  }

  #forgetOldest(): void {
    const oldest = this.#order[this.#oldest++];
    if (!oldest) return;
    this.#known.delete(oldest.id);
    this.#bytes -= oldest.bytes;
    // Not each time, which would move all of them for each that is added.
    if (this.#oldest * 2 <= this.#order.length) return;
    this.#order = this.#order.slice(this.#oldest);
    this.#oldest = 0;
  }

  #forgetAll(): void {
    this.#known.clear();
    this.#order = [];
    this.#oldest = 0;
    this.#bytes = 0;
    this.appends.forget();
  }
}

const mostBytes = 8 * 1024 * 1024;

/** A link of the id, before a gap and the place after it. */
export function gapAfter<E extends SseEvent>(
  id: string,
  reason: GapReason,
  placeAfter: string,
): ChainLink<E> {
  const event = { type: 'gap', data: { reason }, id: placeAfter } as const;
  return { id, next: { id: placeAfter, event, gap: reason } };
}

/** A link of the id, before others that nobody else finds. */
function chainOf<E extends SseEvent>(id: string, events: readonly LogEvent<E>[]): ChainLink<E> {
  const first: ChainLink<E> = { id };
  let last = first;
  for (const event of events) last = last.next = { id: event.id, event };
  return first;
}
