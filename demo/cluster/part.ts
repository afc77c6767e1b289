import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** A process that is killed and started again, and that does not outlive this one. */
export interface Part {
  /** Resolves once it can be used. */
  start(): Promise<void>;
  /** SIGKILL. Resolves once it is gone. */
  kill(): Promise<void>;
}

export function part(launch: () => ChildProcess, isReady: (child: ChildProcess) => Promise<unknown>): Part {
  let child: ChildProcess | undefined;
  process.once('exit', () => child?.kill('SIGKILL'));

  return {
    async start() {
      const started = launch();
      child = started;
      const isGone = once(started, 'exit').then(() => {
        throw new Error('Expected a process that can be used, got one that has ended');
      });
      await Promise.race([isReady(started), isGone]);
    },
    async kill() {
      if (!child) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}
