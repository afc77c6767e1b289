/**
 * Calls back whoever has not been touched for a while. One timer for all of them: they share an interval, so the order in
 * which they were last touched is the order in which they are due. It is none of RxJS's, which would keep the process alive.
 */
export class TimeoutQueue {
  readonly #interval: number;
  readonly #due = new Map<() => void, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param interval milliseconds until a callback is due */
  constructor(interval: number) {
    this.#interval = interval;
  }

  /** Has `callback` called once, an interval from now, unless it is touched again or removed before. */
  touch(callback: () => void): void {
    this.#due.delete(callback);
    this.#due.set(callback, performance.now() + this.#interval);
    // Not armed anew when the first in line is pushed back: it then wakes once too early, and looks again.
    this.#timer ??= this.#arm(this.#interval);
  }

  remove(callback: () => void): void {
    this.#due.delete(callback);
    if (this.#due.size > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #arm(delay: number): ReturnType<typeof setTimeout> {
    const timer = setTimeout(() => this.#callDue(), delay);
    // An open connection keeps the process alive; its timeouts do not. Where timers are numbers there is no process.
    if (typeof timer === 'object') timer.unref();
    return timer;
  }

  #callDue(): void {
    const now = performance.now();
    for (const [callback, due] of this.#due) {
      if (due > now) break;
      this.#due.delete(callback);
      callback();
    }
    // One that was armed by a callback.
    clearTimeout(this.#timer);
    const [first] = this.#due.values();
    this.#timer = first === undefined ? undefined : this.#arm(Math.max(first - now, 1));
  }
}
