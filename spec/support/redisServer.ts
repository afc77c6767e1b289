import { engineServer, type EngineServer } from './engineServer.js';

/** A Redis that has written what it has acknowledged. */
export function redisServer(): Promise<EngineServer> {
  return engineServer((port, folder) => [
    'redis-server',
    ...['--port', `${port}`, '--bind', '127.0.0.1'],
    ...['--save', '', '--appendonly', 'yes', '--appendfsync', 'always', '--dir', folder],
  ]);
}
