import { mock } from 'node:test';

/** Time that stands still for RxJS, and goes on when it is told to. What promises have to do is done before and after. */
export interface VirtualTime {
  pass(milliseconds: number): Promise<void>;
}

/** For the specs of a `describe`: each begins at 0. */
export function virtualTime(): VirtualTime {
  beforeEach(() => mock.timers.enable({ apis: ['setInterval', 'Date'] }));
  afterEach(() => mock.timers.reset());
  return {
    async pass(milliseconds) {
      await settled();
      mock.timers.tick(milliseconds);
      await settled();
    },
  };
}

/** A turn of the event loop later: whatever waits for nothing but promises is done. */
export function settled(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve));
}
