import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defer, firstValueFrom, retry } from 'rxjs';
import { listen } from './listen.js';

/** A private instance of an engine on a port of its own, whose data outlives its process. */
export interface EngineServer {
  readonly port: number;
  /** With the data that there are. Resolves once it takes connections. */
  start(): Promise<void>;
  /** SIGKILL. Resolves once the process is gone. */
  kill(): Promise<void>;
  /** While it is not running: it has no past then. */
  wipe(): Promise<void>;
  /** For good. */
  stop(): Promise<void>;
}

const children = new Set<ChildProcess>();
// Should this process end before its engines.
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

/** @param command by port and folder */
export async function engineServer(
  command: (port: number, folder: string) => readonly [string, ...string[]],
): Promise<EngineServer> {
  const port = await freePort();
  let folder = await mkdtemp(join(tmpdir(), 'rxjs-sse-engine-'));
  let running: ChildProcess | undefined;

  const engine: EngineServer = {
    port,
    async start() {
      const [program, ...args] = command(port, folder);
      const child = spawn(program, args, { stdio: 'ignore' });
      running = child;
      children.add(child);
      child.once('exit', () => children.delete(child));
      // A program that is not there cannot be waited for.
      await once(child, 'spawn');
      await taken(port);
    },
    async kill() {
      if (!running || running.exitCode !== null || running.signalCode !== null) return;
      const gone = once(running, 'exit');
      running.kill('SIGKILL');
      await gone;
    },
    async wipe() {
      await rm(folder, { recursive: true, force: true });
      folder = await mkdtemp(join(tmpdir(), 'rxjs-sse-engine-'));
    },
    async stop() {
      await engine.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
  await engine.start();
  return engine;
}

/** Kills the engine, and starts it again after what happens meanwhile. */
export async function outageOf(engine: EngineServer, meanwhile: () => Promise<void>): Promise<void> {
  await engine.kill();
  await meanwhile();
  await engine.start();
}

/** A port that is free now. */
async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  server.close();
  return port;
}

/** Until something takes connections on the port. */
function taken(port: number): Promise<unknown> {
  const attempt = async () => {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.destroy();
  };
  return firstValueFrom(defer(attempt).pipe(retry({ count: 400, delay: 25 })), { defaultValue: undefined });
}
