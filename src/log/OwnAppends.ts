/** How far the tail may come past while an append is on its way, before nobody knows any more whether it has come past that. */
const mostPassed = 4096;

/** What was appended here, and is not to be given to a reader that comes later, though the tail may not have come past it. */
export class OwnAppends {
  /** How many are on their way, and what the tail has come past since there are any. */
  #sent = 0;
  readonly #passed = new Set<string>();
  /** Of those that were sent before another, nobody knows where they stand. */
  #generation = 0;
  #last: string | undefined;

  /** The last one, until the tail has come past it. */
  get last(): string | undefined {
    return this.#last;
  }

  /** One is on its way. Gives what is to be called with its id once it is kept, with none if it is not. */
  send(): (id?: string) => void {
    const generation = this.#generation;
    this.#sent++;
    return id => {
      this.#sent--;
      if (id !== undefined && generation === this.#generation && !this.#passed.has(id)) this.#last = id;
      if (this.#sent === 0) this.#passed.clear();
    };
  }

  /** The tail has come to an id. */
  pass(id: string): void {
    if (id === this.#last) this.#last = undefined;
    if (this.#sent === 0) return;
    this.#passed.add(id);
    if (this.#passed.size > mostPassed) this.forget();
  }

  /** The tail begins anew, after whatever was appended. */
  forget(): void {
    this.#generation++;
    this.#last = undefined;
    this.#passed.clear();
  }
}
