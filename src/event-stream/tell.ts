/** Who is told of something that happens beside a stream: a function, or an RxJS observer's `next`. */
export type Listener<T> = ((value: T) => void) | { next(value: T): void };

/** Tells it, at once. What the listener throws is reported as an uncaught error, and disturbs no stream. */
export function tell<T>(listener: Listener<T> | undefined, value: T): void {
  try {
    if (typeof listener === 'function') listener(value);
    else listener?.next(value);
  } catch (error) {
    setTimeout(() => {
      throw error;
    });
  }
}
