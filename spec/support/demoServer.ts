import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** A demo, running as a process of its own. */
export interface DemoServer {
  readonly base: string;
  readonly process: ChildProcess;
  /** Everything it has printed until now. */
  output(): string;
  /** Waits until it has printed this. */
  printed(text: string): Promise<void>;
  /** Ends it and waits for that. */
  stop(): Promise<void>;
}

/** @param script what is run, by default as `npm start` does */
export async function startDemo(
  env: Readonly<Record<string, string>> = {},
  script = 'demo/start.ts',
): Promise<DemoServer> {
  const child = runDemo({ PORT: '0', ...env }, script);
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));

  const printed = async (text: string) => {
    while (!output.includes(text)) await once(child.stdout, 'data');
  };
  await printed('/host');
  return {
    base: /http:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0] ?? '',
    process: child,
    output: () => output,
    printed,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill();
      await once(child, 'exit');
    },
  };
}

export function runDemo(env: Readonly<Record<string, string>>, script = 'demo/start.ts') {
  return spawn(process.execPath, ['--import', 'tsx', script], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}
