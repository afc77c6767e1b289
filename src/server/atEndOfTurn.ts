const runtime: { readonly setImmediate?: (callback: () => void) => unknown } = globalThis;

/** Calls back when this turn of the event loop is over; where that cannot be known, when this task is. */
export const atEndOfTurn = runtime.setImmediate ?? queueMicrotask;
