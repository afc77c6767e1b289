import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

export interface ClusterDemo {
  readonly process: ChildProcess;
  /** Waits until it has printed this, and gives what it has printed until then. */
  printed(text: string): Promise<string>;
  /** Waits until it, and what it has started, has ended. */
  end(): Promise<{ readonly output: string; readonly error: string; readonly code: unknown }>;
}

/** The demo of a cluster, running as a process of its own, as `npm run demo:cluster` runs it. */
export function startClusterDemo(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): ClusterDemo {
  const child = spawn(process.execPath, ['--import', 'tsx', 'demo/cluster.ts', ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // Should this process end before it.
  process.once('exit', () => child.kill());
  let output = '';
  let error = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (error += text));
  const closed = once(child, 'close');

  return {
    process: child,
    async printed(text) {
      while (!output.includes(text)) await once(child.stdout, 'data');
      return output;
    },
    async end() {
      const [code] = await closed;
      return { output, error, code };
    },
  };
}
