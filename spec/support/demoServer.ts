import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** The demo, running as a process of its own, as `npm start` runs it. */
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

export async function startDemo(env: Readonly<Record<string, string>> = {}): Promise<DemoServer> {
  const child = runDemo({ PORT: '0', ...env });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));

  const printed = async (text: string) => {
    while (!output.includes(text)) await once(child.stdout, 'data');
  };
  await printed('/clock');
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

export function runDemo(env: Readonly<Record<string, string>>) {
  return spawn(process.execPath, ['--import', 'tsx', 'demo/start.ts'], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}
