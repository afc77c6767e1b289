import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export type BenchEngine = 'memory' | 'redis' | 'nats';

/** With the library, or by hand with as little as there can be. */
export type BenchWay = 'library' | 'bare';

export type BenchOrder =
  /**
   * Appends events with a number and the time, each `interval` milliseconds after the other, or as fast as may be where that is 0. It
   * answers once all are kept, with the id of the first.
   */
  | {
      readonly do: 'append';
      readonly first: number;
      readonly count: number;
      readonly interval: number;
      /** How much text is in each, in bytes. */
      readonly padding: number;
    }
  /** What is in its memory, in bytes. */
  | { readonly do: 'measure' };

export type BenchReply =
  { readonly port: number } | { readonly firstId: string } | { readonly memory: number };

/** A process that serves a log, and appends to it. */
export interface BenchProcess {
  readonly port: number;
  append(events: Omit<BenchOrder & { do: 'append' }, 'do'>): Promise<string>;
  measure(): Promise<number>;
  /** Resolves once it is gone. */
  stop(): Promise<void>;
}

export async function benchProcess(
  way: BenchWay,
  engine: BenchEngine,
  enginePort: number,
): Promise<BenchProcess> {
  const child = fork(program, [way, engine, String(enginePort)], {
    execArgv: ['--expose-gc', '--import', 'tsx'],
  });
  // One order is answered before the next is given.
  const answer = <R extends BenchReply>(isIt: (reply: BenchReply) => reply is R) =>
    new Promise<R>((resolve, reject) => {
      const gone = () => reject(new Error(`The process of ${engine}, ${way}, has gone`));
      child.once('exit', gone);
      child.once('message', (reply: BenchReply) => {
        child.off('exit', gone);
        if (isIt(reply)) resolve(reply);
        else reject(new Error(`Expected another reply than ${JSON.stringify(reply)}`));
      });
    });

  const { port } = await answer(reply => 'port' in reply);
  return {
    port,
    async append(events) {
      child.send({ do: 'append', ...events });
      const { firstId } = await answer(reply => 'firstId' in reply);
      return firstId;
    },
    async measure() {
      child.send({ do: 'measure' });
      const { memory } = await answer(reply => 'memory' in reply);
      return memory;
    },
    async stop() {
      if (!child.connected) return;
      const gone = once(child, 'exit');
      child.disconnect();
      await gone;
    },
  };
}

const program = fileURLToPath(new URL('benchServer.ts', import.meta.url));
