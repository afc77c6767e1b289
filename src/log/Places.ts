/** A header of eight kilobytes, which most servers and proxies take, has room for it and for others. */
const longest = 4096;

/** Where a reader is in each of several logs, as one id: `prices=1795570731197-0.5e8d03a1&news=5e8d03a1.42`. */
export class Places {
  readonly #found: ReadonlyMap<string, string> | undefined;
  readonly #id: string | undefined;
  /** By name, as they are written. */
  readonly #pairs = new Map<string, string>();

  /** Those of these names that the id has. */
  constructor(names: readonly string[], id: string | undefined) {
    this.#id = id;
    this.#found = id === undefined ? new Map() : placesIn(id);
    for (const name of names) {
      const place = this.#found?.get(name);
      if (place !== undefined) this.move(name, place);
    }
  }

  /** Where the reader began. An id that is no list of places is none of any log, and each is to say so. */
  at(name: string): string | undefined {
    return this.#found ? this.#found.get(name) : this.#id;
  }

  move(name: string, place: string): void {
    this.#pairs.set(name, `${encodeURIComponent(name)}=${encodeURIComponent(place)}`);
  }

  /** @throws RangeError if it is too long for a header */
  toId(): string {
    const id = [...this.#pairs.values()].join('&');
    if (id.length <= longest) return id;
    throw new RangeError(
      `Expected the places in ${this.#pairs.size} logs to take at most ${longest} characters, got ${id.length}`,
    );
  }
}

function placesIn(id: string): ReadonlyMap<string, string> | undefined {
  try {
    const pairs = id.split('&').map(pair => pair.split('=').map(decodeURIComponent));
    const places = new Map<string, string>();
    for (const [name, place, ...others] of pairs) {
      if (!name || !place || others.length > 0) return undefined;
      places.set(name, place);
    }
    return places;
  } catch {
    // It has a `%` that was not written here.
    return undefined;
  }
}
