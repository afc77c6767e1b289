/** A header of eight kilobytes, which most servers and proxies take, has room for it and for others. */
const longest = 4096;

/** Where a reader is in each of several logs, as one id: `prices=1795570731197-0&news=5e8d03a1.42`. */
export class Places {
  /** By name, as they are written. */
  readonly #pairs = new Map<string, string>();
  readonly #places = new Map<string, string>();

  /** Those of these names that the id has. One that is no list of places has none. */
  constructor(names: readonly string[], id: string | undefined) {
    const found = placesIn(id ?? '');
    for (const name of names) {
      const place = found.get(name);
      if (place !== undefined) this.move(name, place);
    }
  }

  get size(): number {
    return this.#places.size;
  }

  at(name: string): string | undefined {
    return this.#places.get(name);
  }

  move(name: string, place: string): void {
    this.#places.set(name, place);
    this.#pairs.set(name, `${encodeURIComponent(name)}=${encodeURIComponent(place)}`);
  }

  /** @throws RangeError if it is too long for a header */
  toId(): string {
    const id = [...this.#pairs.values()].join('&');
    if (id.length <= longest) return id;
    throw new RangeError(
      `Expected the places in ${this.size} logs to take at most ${longest} characters, got ${id.length}`,
    );
  }
}

function placesIn(id: string): ReadonlyMap<string, string> {
  try {
    const pairs = id.split('&').map(pair => pair.split('=').map(decodeURIComponent));
    return new Map(pairs.flatMap(([name, place]) => (name && place ? [[name, place]] : [])));
  } catch {
    // It has a `%` that this library has not written.
    return new Map();
  }
}
