import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { pipeline } from 'node:stream';

/** A balancer: each connection goes to the next port in turn, past those where nobody is. Resolves with its own port. */
export async function balance(ports: () => readonly number[]): Promise<number> {
  let turn = 0;
  const balancer = createServer(reader => {
    const all = ports();
    const first = turn++ % all.length;
    reader.on('error', () => reader.destroy());
    pass(reader, [...all.slice(first), ...all.slice(0, first)]);
  });
  balancer.listen(0, '127.0.0.1');
  await once(balancer, 'listening');
  return (balancer.address() as AddressInfo).port;
}

function pass(reader: Socket, [port, ...others]: readonly number[]): void {
  if (port === undefined) return void reader.destroy();
  const server = connect(port, '127.0.0.1');
  const goOn = () => pass(reader, others);
  server.once('error', goOn);
  server.once('connect', () => {
    server.off('error', goOn);
    // When either ends, so does the other.
    pipeline(reader, server, reader, () => undefined);
  });
}
