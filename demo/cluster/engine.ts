import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defer, firstValueFrom, retry } from 'rxjs';
import { part, type Part } from './part.js';

export type EngineName = 'redis' | 'nats';

export interface Engine extends Part {
  readonly port: number;
}

/** How each is started: on a port and with a folder of its own, and so that it keeps what it has acknowledged. */
const argsOf: Readonly<Record<EngineName, (port: string, folder: string) => string[]>> = {
  redis: (port, folder) => [
    ...['--port', port, '--bind', '127.0.0.1', '--dir', folder],
    ...['--save', '', '--appendonly', 'yes', '--appendfsync', 'always'],
  ],
  nats: (port, folder) => ['--addr', '127.0.0.1', '--port', port, '--jetstream', '--store_dir', folder],
};

export async function createEngine(name: EngineName): Promise<Engine> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'rxjs-sse-demo-'));

  const engine = part(
    () => spawn(`${name}-server`, argsOf[name](`${port}`, folder), { stdio: 'ignore' }),
    async child => {
      // Fails if there is no such program.
      await once(child, 'spawn');
      await firstValueFrom(defer(() => knock(port)).pipe(retry({ count: 200, delay: 50 })));
    },
  );
  // Later than the part's own, which ends the engine.
  process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return { ...engine, port };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** Resolves if somebody is there. */
async function knock(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.destroy();
}
