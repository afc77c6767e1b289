/** Time that stands still, and goes on when it is told to. */
export interface VirtualTime {
  /** Lets it pass, with whatever promises have to do before and after. */
  readonly pass: (milliseconds: number) => Promise<void>;
  /** Lets it pass at once, for what runs meanwhile. */
  readonly tick: (milliseconds: number) => void;
  /** How many timers there are. */
  readonly pending: () => number;
}

interface Timer {
  readonly handler: () => void;
  /** `undefined` if it comes once. */
  readonly period: number | undefined;
  dueAt: number;
  unref(): void;
}

/** For the specs of a `describe`: each begins at 0. */
export function virtualTime(): VirtualTime {
  const { setInterval, clearInterval, setTimeout, clearTimeout } = globalThis;
  const clocks: readonly { now: () => number }[] = [Date, performance];
  const real = { setInterval, clearInterval, setTimeout, clearTimeout };
  const timers = new Set<Timer>();
  let now = 0;

  const add = (handler: () => void, delay: number, period?: number) => {
    const timer: Timer = { handler, period, dueAt: now + delay, unref: () => undefined };
    timers.add(timer);
    return timer;
  };
  // It may be one from before.
  const clear = (timer: Timer) => {
    if (!timers.delete(timer)) clearTimeout(timer as never);
  };
  const virtual = {
    setInterval: (handler: () => void, period: number) => add(handler, period, period),
    setTimeout: (handler: () => void, delay: number) => add(handler, delay),
    clearInterval: clear,
    clearTimeout: clear,
  };
  let realNows: (() => number)[];

  beforeEach(() => {
    now = 0;
    realNows = clocks.map(clock => clock.now);
    for (const clock of clocks) clock.now = () => now;
    Object.assign(globalThis, virtual);
  });
  afterEach(() => {
    timers.clear();
    clocks.forEach((clock, index) => Object.assign(clock, { now: realNows[index] }));
    Object.assign(globalThis, real);
  });

  const tick = (milliseconds: number) => {
    const end = now + milliseconds;
    for (;;) {
      const [next] = [...timers].filter(({ dueAt }) => dueAt <= end).sort((a, b) => a.dueAt - b.dueAt);
      if (!next) break;
      now = next.dueAt;
      if (next.period === undefined) timers.delete(next);
      else next.dueAt += next.period;
      next.handler();
    }
    now = end;
  };
  return {
    tick,
    pending: () => timers.size,
    async pass(milliseconds) {
      await settled();
      tick(milliseconds);
      await settled();
    },
  };
}

/** A turn of the event loop later: whatever waits for nothing but promises is done. */
export function settled(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve));
}
