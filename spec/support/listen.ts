import { once } from 'node:events';
import type { Server } from 'node:net';

/** Has the server listen on a free port of 127.0.0.1, which it gives. */
export async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('Expected a port');
  return address.port;
}
