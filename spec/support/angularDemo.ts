import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface AngularDemo {
  /** Where its page is. */
  readonly base: string;
  /** Ends it, and gives what it ended with. */
  stop(): Promise<unknown>;
}

/** The Angular demo, running as a process of its own, as `npm run demo:angular` runs it. Rejects with what it says where it ends. */
export async function startAngularDemo(): Promise<AngularDemo> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'demo/angular.ts'], {
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // Should this process end before it.
  process.once('exit', () => child.kill());
  let output = '';
  let error = '';
  const printed = new Promise<string>(resolve =>
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      const [, base] = /The page +(http\S+)\//.exec(output) ?? [];
      if (base) resolve(base);
    }),
  );
  child.stderr.setEncoding('utf8').on('data', (text: string) => (error += text));
  const ended = once(child, 'close');
  const failed = ended.then(() => Promise.reject(new Error(error)));
  failed.catch(() => undefined);

  return {
    base: await Promise.race([printed, failed]),
    async stop() {
      child.kill();
      const [code] = await ended;
      return code;
    },
  };
}
