import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { clusterLog, type ClusterEngine, type ClusterLog } from './clusterLog.js';
import type { EngineServer } from './engineServer.js';
import { natsServer } from './natsServer.js';
import { redisServer } from './redisServer.js';

/** One of the servers, a process of its own, on another port each time. */
export interface ClusterServer {
  /** Where it is. Where nobody is, while it is not running: the port that it had may be another's by then. */
  readonly url: string;
  /** Resolves once it takes requests. */
  start(): Promise<void>;
  /** SIGKILL. Resolves once the process is gone. */
  kill(): Promise<void>;
  /** SIGSTOP: it is there, but does nothing. */
  freeze(): void;
  /** SIGCONT. */
  thaw(): void;
}

/** Two servers of one log, and the log itself for who appends to it. */
export interface Cluster {
  readonly engine: EngineServer;
  readonly servers: readonly [ClusterServer, ClusterServer];
  readonly log: ClusterLog['log'];
  /** What the servers have printed, and what became of those that went by themselves. */
  readonly complaints: readonly string[];
  /** All that was started. */
  stop(): Promise<void>;
}

export async function startCluster(name: ClusterEngine, maxEvents: number): Promise<Cluster> {
  const complaints: string[] = [];
  const complain = (complaint: string) => complaints.push(complaint);
  const engine = await (name === 'redis' ? redisServer() : natsServer());
  const args = [name, `${engine.port}`, `${maxEvents}`];
  const stopped = new AbortController();
  const create = () => clusterServer(args, complain, stopped.signal);
  const servers = [create(), create()] as const;
  const closings: (() => Promise<unknown>)[] = [
    ...servers.map(server => () => server.kill()),
    () => engine.stop(),
  ];
  const stop = async () => {
    stopped.abort(new Error('Expected a cluster, got one that was stopped'));
    for (const close of closings.splice(0)) await close();
  };
  try {
    const own = await clusterLog(name, engine.port, maxEvents);
    closings.unshift(() => own.close());
    await Promise.all(servers.map(server => server.start()));
    return { engine, servers, log: own.log, complaints, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function clusterServer(
  args: readonly string[],
  complain: (complaint: string) => void,
  stopped: AbortSignal,
): ClusterServer {
  let child: ChildProcess | undefined;
  let url = nowhere;

  return {
    get url() {
      return url;
    },
    async start() {
      // By a spec that goes on after its time.
      stopped.throwIfAborted();
      const started = fork(program, args, { execArgv: ['--import', 'tsx'], silent: true });
      child = started;
      running.add(started);
      for (const stream of [started.stdout, started.stderr]) {
        stream?.on('data', text => complain(String(text)));
      }
      started.on('exit', (code, signal) => {
        running.delete(started);
        if (signal !== 'SIGKILL') complain(`A server has gone by itself: ${code ?? signal ?? ''}`);
      });
      const [port] = await Promise.race([once(started, 'message'), once(started, 'exit')]);
      if (running.has(started)) url = `http://127.0.0.1:${String(port)}`;
    },
    async kill() {
      if (!child || !running.has(child)) return;
      url = nowhere;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
  };
}

/** A port that is given to nobody who asks for any. */
const nowhere = 'http://127.0.0.1:2';
const program = fileURLToPath(new URL('clusterServer.ts', import.meta.url));

const running = new Set<ChildProcess>();
// Should this process end before them, while one is frozen.
process.once('exit', () => running.forEach(child => child.kill('SIGKILL')));
