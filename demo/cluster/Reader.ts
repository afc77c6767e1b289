import type { Subscription } from 'rxjs';
import { fromSSE } from 'rxjs-sse';

/** Reads numbers, and counts what is wrong with them. */
export class Reader {
  connections = 0;
  received = 0;
  gaps = 0;
  twice = 0;
  outOfOrder = 0;
  /** The largest number that it got. */
  last = 0;
  readonly #seen = new Set<number>();

  read(url: string): Subscription {
    const events$ = fromSSE(url, {
      // Servers live for a few seconds here, which is enough.
      reconnect: { resetAfter: 1000 },
      openObserver: () => this.connections++,
    });
    return events$.subscribe(({ type, data }) => {
      if (type === 'gap') this.gaps++;
      if (type === 'tick') this.#count((JSON.parse(data) as { number: number }).number);
    });
  }

  /** How many of the numbers from 1 on it did not get. */
  lostOf(published: number): number {
    return published - this.#seen.size;
  }

  #count(number: number): void {
    this.received++;
    if (this.#seen.has(number)) this.twice++;
    else if (number < this.last) this.outOfOrder++;
    this.#seen.add(number);
    this.last = Math.max(this.last, number);
  }
}
