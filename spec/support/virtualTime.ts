/** Time that stands still for RxJS, and goes on when it is told to. */
export interface VirtualTime {
  /** Lets it pass, with whatever promises have to do before and after. */
  pass(milliseconds: number): Promise<void>;
  /** Lets it pass at once, for what runs meanwhile. */
  tick(milliseconds: number): void;
  /** How many timers there are. */
  pending(): number;
}

interface Timer {
  readonly handler: () => void;
  readonly period: number;
  dueAt: number;
}

/** For the specs of a `describe`: each begins at 0. RxJS has `Date.now` for a clock, and intervals for timers. */
export function virtualTime(): VirtualTime {
  const real = {
    now: Date.now,
    setInterval: globalThis.setInterval,
    clearInterval: globalThis.clearInterval,
  };
  const timers = new Set<Timer>();
  let now = 0;

  beforeEach(() => {
    now = 0;
    const virtual = {
      setInterval(handler: () => void, period: number) {
        const timer = { handler, period, dueAt: now + period };
        timers.add(timer);
        return timer;
      },
      clearInterval(timer: Timer) {
        // It may be one from before.
        if (!timers.delete(timer)) real.clearInterval(timer as never);
      },
    };
    Date.now = () => now;
    Object.assign(globalThis, virtual);
  });
  afterEach(() => {
    timers.clear();
    const { now: realNow, ...functions } = real;
    Date.now = realNow;
    Object.assign(globalThis, functions);
  });

  const tick = (milliseconds: number) => {
    const end = now + milliseconds;
    for (;;) {
      const [next] = [...timers].filter(({ dueAt }) => dueAt <= end).sort((a, b) => a.dueAt - b.dueAt);
      if (!next) break;
      now = next.dueAt;
      next.dueAt += next.period;
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
