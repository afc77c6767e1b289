import { encodeEvent, type SseEvent } from '../event-stream/index.js';
import type { GapReason, LogEvent } from './EventLog.js';

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
  readonly #known = new Map<string, ChainLink<E>>();
  /** Those known, oldest first, from `#oldest` on. */
  #order: ChainLink<E>[] = [];
  #oldest = 0;
  #bytes = 0;
  #end: ChainLink<E> = { id: '' };
  #appended: string | undefined;

  /** As far as the tail has come, once it has begun. */
  get end(): ChainLink<E> {
    return this.#end;
  }

  /** After everything that was appended here, which may be further than the tail has come. */
  get present(): ChainLink<E> {
    return this.#appended === undefined ? this.#end : this.at(this.#appended);
  }

  /** Where the tail begins. Nothing that was appended before comes after it. */
  begin(id: string): void {
    this.#appended = undefined;
    this.#end = this.at(id);
    this.skip();
  }

  /** The tail need not read what is linked already. */
  skip(): void {
    while (this.#end.next) this.#end = this.#end.next;
  }

  /** Links what the tail has read. */
  grow(events: readonly LogEvent<E>[]): void {
    this.#end = this.extend(this.#end, events);
  }

  append(id: string): void {
    if (!this.#known.has(id)) this.#appended = id;
  }

  /** The link of that id; a new one, which nobody else finds, if it is not known. */
  at(id: string): ChainLink<E> {
    return (this.#end.id === id ? this.#end : this.#known.get(id)) ?? { id };
  }

  /** Links events that directly follow a place, as far as they are not linked yet, and gives the last of them. */
  extend(link: ChainLink<E>, events: readonly LogEvent<E>[]): ChainLink<E> {
    let last = link;
    for (const event of events) {
      last.next ??= this.#known.get(event.id) ?? this.#remember({ id: event.id, event });
      last = last.next;
    }
    return last;
  }

  /** Links a gap to a place, after which it goes on at another. */
  break(link: ChainLink<E>, reason: GapReason, id: string): void {
    link.next ??= { id, event: { type: 'gap', data: { reason }, id }, gap: reason };
  }

  /** How many of the events known make up a number of bytes. */
  countIn(bytes: number): number {
    const count = this.#known.size;
    return count === 0 ? 0 : Math.floor((bytes * count) / this.#bytes);
  }

  #remember(link: ChainLink<E>): ChainLink<E> {
    if (link.id === this.#appended) this.#appended = undefined;
    this.#known.set(link.id, link);
    this.#order.push(link);
    this.#bytes += bytesOf(link);
    while (this.#known.size > mostLinks || this.#bytes > mostBytes) this.#forgetOldest();
    return link;
  }

  #forgetOldest(): void {
    const link = this.#order[this.#oldest++];
    if (!link) return;
    this.#known.delete(link.id);
    this.#bytes -= bytesOf(link);
    if (this.#oldest < mostLinks) return;
    this.#order = this.#order.slice(this.#oldest);
    this.#oldest = 0;
  }
}

const mostLinks = 4096;
const mostBytes = 8 * 1024 * 1024;

/** The bytes that readers over HTTP share, so that it costs nothing to make them. */
function bytesOf<E extends SseEvent>({ event }: ChainLink<E>): number {
  return event ? encodeEvent(event).byteLength : 0;
}
