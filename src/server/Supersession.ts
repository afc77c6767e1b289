/** Knows which of the events that wait are superseded by a later one about the same. Events have numbers. */
export class Supersession {
  readonly #keys = new Map<number, unknown>();
  readonly #latest = new Map<unknown, number>();
  readonly #superseded = new Set<number>();

  /** An event waits, after all the others. */
  add(number: number, key: unknown): void {
    const before = this.#latest.get(key);
    if (before !== undefined) this.#superseded.add(before);
    this.#latest.set(key, number);
    this.#keys.set(number, key);
  }

  /** An event does not wait any more. */
  remove(number: number): void {
    const key = this.#keys.get(number);
    this.#keys.delete(number);
    this.#superseded.delete(number);
    if (this.#latest.get(key) === number) this.#latest.delete(key);
  }

  /** The events that would be superseded if one more came, with this key. */
  before(key: unknown): number[] {
    const latest = this.#latest.get(key);
    return latest === undefined ? [...this.#superseded] : [...this.#superseded, latest];
  }
}
