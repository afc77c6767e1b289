import { engineServer, type EngineServer } from './engineServer.js';

/** A NATS, with JetStream unless it is to go without, and with what a file of its configuration says. */
export function natsServer({
  hasJetStream = true,
  config,
}: { readonly hasJetStream?: boolean; readonly config?: string } = {}): Promise<EngineServer> {
  return engineServer((port, folder) => [
    'nats-server',
    ...['--addr', '127.0.0.1', '--port', `${port}`],
    ...(hasJetStream ? ['--jetstream', '--store_dir', folder] : []),
    ...(config === undefined ? [] : ['--config', config]),
  ]);
}
