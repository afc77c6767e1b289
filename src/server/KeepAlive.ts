/**
 * Wakes readers that have been silent for a while. One timer for all of them: they share an interval, so the order in
 * which they were last heard is the order in which they are due. It is none of RxJS's, which would keep the process alive.
 */
export class KeepAlive {
  readonly #interval: number;
  readonly #due = new Map<() => void, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param interval milliseconds of silence before a reader is woken */
  constructor(interval: number) {
    this.#interval = interval;
  }

  /** Calls `wake` after each interval of silence from now on, until `remove`. */
  touch(wake: () => void): void {
    this.#due.delete(wake);
    this.#due.set(wake, performance.now() + this.#interval);
    // Not armed anew when the first in line is pushed back: it then wakes once too early, and looks again.
    this.#timer ??= this.#arm(this.#interval);
  }

  remove(wake: () => void): void {
    this.#due.delete(wake);
    if (this.#due.size > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #arm(delay: number): ReturnType<typeof setTimeout> {
    const timer = setTimeout(() => this.#wakeDue(), delay);
    // An open connection keeps the process alive; its keep-alive does not. Where timers are numbers there is no process.
    if (typeof timer === 'object') timer.unref();
    return timer;
  }

  #wakeDue(): void {
    const now = performance.now();
    for (const [wake, due] of this.#due) {
      if (due > now) break;
      this.touch(wake);
      wake();
    }
    const [first] = this.#due.values();
    this.#timer = first === undefined ? undefined : this.#arm(Math.max(first - now, 1));
  }
}
