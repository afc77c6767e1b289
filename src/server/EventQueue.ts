import { encodeEvent, type SseEvent } from '../event-stream/index.js';
import { Supersession } from './Supersession.js';

/**
 * What becomes of events for which a reader has no room: `'disconnect'` gives the reader up, `'drop-oldest'` and
 * `'drop-newest'` leave events out and say so by a `gap` event, `latestBy` leaves out those that are superseded, and gives
 * the reader up if that is not enough.
 */
export type Overflow<E extends SseEvent = SseEvent> =
  | 'disconnect'
  | 'drop-oldest'
  | 'drop-newest'
  | {
      /** What an event is about: a later one about the same supersedes it. An event about `undefined` is always kept. */
      readonly latestBy: (event: E) => unknown;
    };

/** How many bytes are written at once. */
export const batchSize = 65_536;

/** The events that wait for one reader, as bytes that are counted. */
export class EventQueue<E extends SseEvent> {
  /** How many events wait. */
  count = 0;
  /** And in how many bytes. */
  bytes = 0;
  /** The most bytes that ever waited. */
  highWaterMark = 0;
  /** How many events were left out. */
  dropped = 0;

  readonly #overflow: Overflow<E>;
  readonly #supersession: Supersession | undefined;
  /** By number, in order. */
  readonly #entries = new Map<number, Entry>();
  #nextNumber = 0;
  /** None that waits has a lower number. A Map that is read from its start passes all that it had there before. */
  #first = 0;
  /** What is left of an event that is larger than what is written at once. It is not counted any more, nor dropped. */
  #rest: Uint8Array | undefined;
  /** The gap at the end, to which the next event that is left out is added. */
  #gap: Gap | undefined;

  /** @param preamble is taken first, and is no event */
  constructor(overflow: Overflow<E>, preamble: Uint8Array) {
    this.#overflow = overflow;
    this.#supersession = typeof overflow === 'object' ? new Supersession() : undefined;
    this.#put({ bytes: preamble });
  }

  /** Has an event wait, within `limit` bytes, though one alone may have more. False if there is no way to. */
  push(event: E, bytes: Uint8Array, limit: number): boolean {
    const overflow = this.#overflow;
    const key = typeof overflow === 'object' ? overflow.latestBy(event) : undefined;
    if (!this.#isWithin(limit - bytes.length)) {
      if (overflow === 'drop-newest') {
        this.#leaveOut();
        return true;
      }
      if (overflow === 'drop-oldest') this.#dropOldest(limit - bytes.length);
      else this.#dropSuperseded(key);
      if (!this.#isWithin(limit - bytes.length)) return false;
    }
    const number = this.#put(bytes);
    this.#gap = undefined;
    if (key !== undefined) this.#supersession?.add(number, key);
    this.count++;
    this.bytes += bytes.length;
    this.highWaterMark = Math.max(this.highWaterMark, this.bytes);
    return true;
  }

  /** Whether there is nothing to be written, not even what is no event. */
  get isEmpty(): boolean {
    return this.#entries.size === 0 && !this.#rest;
  }

  /** Takes what is to be written next. A large event is taken in pieces, so that each that has left is progress. */
  take(): Uint8Array {
    const bytes = this.#rest ?? this.#takeBatch();
    this.#rest = bytes.length > batchSize ? bytes.subarray(batchSize) : undefined;
    return this.#rest ? bytes.subarray(0, batchSize) : bytes;
  }

  /** Takes what is left of an event that was taken in part. `undefined` if there is none. */
  takeRest(): Uint8Array | undefined {
    const rest = this.#rest;
    this.#rest = undefined;
    return rest;
  }

  #takeBatch(): Uint8Array {
    const chunks: Uint8Array[] = [];
    let length = 0;
    for (; this.#first < this.#nextNumber; this.#first++) {
      const entry = this.#entries.get(this.#first);
      if (!entry) continue;
      const bytes = isEvent(entry) ? entry : entry.bytes;
      if (length > 0 && length + bytes.length > batchSize) break;
      chunks.push(bytes);
      length += bytes.length;
      this.#remove(this.#first, entry);
    }
    return joined(chunks, length);
  }

  clear(): void {
    for (const [number, entry] of this.#entries) this.#remove(number, entry);
    this.#rest = undefined;
  }

  #isWithin(limit: number): boolean {
    return this.count === 0 || this.bytes <= limit;
  }

  #put(entry: Entry): number {
    this.#entries.set(this.#nextNumber, entry);
    return this.#nextNumber++;
  }

  #remove(number: number, entry: Entry): void {
    this.#entries.delete(number);
    if (isEvent(entry)) this.#uncount(number, entry);
  }

  #uncount(number: number, { length }: Uint8Array): void {
    this.count--;
    this.bytes -= length;
    this.#supersession?.remove(number);
  }

  #leaveOut(): void {
    if (!this.#gap) this.#put((this.#gap = new Gap()));
    this.#gap.dropped++;
    this.dropped++;
  }

  #dropOldest(limit: number): void {
    let gap = new Gap();
    let place: number | undefined;
    for (let number = this.#first; !this.#isWithin(limit); number++) {
      const entry = this.#entries.get(number);
      if (entry instanceof Gap) [gap, place] = [entry, number];
      if (!entry || !isEvent(entry)) continue;
      // The gap moves on to the place of what is dropped.
      if (place !== undefined) this.#entries.delete(place);
      this.#uncount(number, entry);
      this.#entries.set(number, gap);
      place = number;
      gap.dropped++;
      this.dropped++;
    }
    while (!this.#entries.has(this.#first)) this.#first++;
  }

  #dropSuperseded(key: unknown): void {
    for (const number of this.#supersession?.before(key) ?? []) {
      const entry = this.#entries.get(number);
      if (entry) this.#remove(number, entry);
      this.dropped++;
    }
  }
}

/** An event is its bytes. What else is written is not counted. */
type Entry = Uint8Array | { readonly bytes: Uint8Array };

function isEvent(entry: Entry): entry is Uint8Array {
  return entry instanceof Uint8Array;
}

/** Says to the reader, in their place, how many events were left out. */
class Gap {
  dropped = 0;

  get bytes(): Uint8Array {
    return encodeEvent({ type: 'gap', data: { dropped: this.dropped } });
  }
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const [first] = chunks;
  if (first && chunks.length === 1) return first;
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}
