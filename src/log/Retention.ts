export interface RetentionLimits {
  readonly maxEvents: number;
  readonly maxBytes: number;
  /** Milliseconds. */
  readonly maxAge: number;
}

interface Retained<T> {
  readonly value: T;
  readonly bytes: number;
  readonly time: number;
}

/** Keeps the newest of what is added, at positions that are counted from 1 on. */
export class Retention<T> {
  readonly #limits: RetentionLimits;
  #tip = 0;
  #bytes = 0;
  /** Oldest first, from `#unused` on. */
  #kept: (Retained<T> | undefined)[] = [];
  #unused = 0;

  constructor(limits: RetentionLimits) {
    this.#limits = limits;
  }

  /** The position of the newest. */
  get tip(): number {
    return this.#tip;
  }

  /** Everything at or before this position has been dropped, or never was. */
  get floor(): number {
    this.#drop();
    return this.#tip - this.#kept.length + this.#unused;
  }

  add(value: T, bytes: number): void {
    this.#tip++;
    this.#bytes += bytes;
    this.#kept.push({ value, bytes, time: performance.now() });
    this.#drop();
  }

  /** Those after a position that is not before `floor`, `limit` at the most. */
  after(position: number, limit: number): T[] {
    const start = position - this.#tip + this.#kept.length;
    return this.#kept.slice(start, start + limit).flatMap(each => (each ? [each.value] : []));
  }

  #drop(): void {
    const { maxEvents, maxBytes, maxAge } = this.#limits;
    const since = performance.now() - maxAge;
    for (;;) {
      const oldest = this.#kept[this.#unused];
      const count = this.#kept.length - this.#unused;
      if (!oldest) break;
      // The newest one is kept, however large it is.
      const isTooMuch = count > maxEvents || (this.#bytes > maxBytes && count > 1);
      if (!isTooMuch && oldest.time >= since) break;
      this.#bytes -= oldest.bytes;
      this.#kept[this.#unused++] = undefined;
    }
    // Not each time, which would move all of them for each that is added.
    if (this.#unused * 2 <= this.#kept.length) return;
    this.#kept = this.#kept.slice(this.#unused);
    this.#unused = 0;
  }
}
