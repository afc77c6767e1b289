import { engineServer, type EngineServer } from './engineServer.js';

/** A NATS with JetStream. */
export function natsServer(): Promise<EngineServer> {
  return engineServer((port, folder) => [
    'nats-server',
    '-a',
    '127.0.0.1',
    '-p',
    `${port}`,
    '-js',
    '-sd',
    folder,
  ]);
}
