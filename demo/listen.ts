import type { Express } from 'express';
import type { AddressInfo } from 'node:net';

/**
 * Has the server listen on the port that PORT names, else on 3000, and calls back with where it is. Where that cannot be, it says so in
 * one line and ends the process, as a signal does.
 *
 * @param command what starts it, such as `npm start`
 */
export function listen(app: Express, command: string, listening: (base: string) => void): void {
  const port = readPort();
  const server = app.listen({ port, host: '127.0.0.1' });
  server.on('listening', () => {
    const { port } = server.address() as AddressInfo;
    listening(`http://127.0.0.1:${port}`);
  });
  server.on('error', ({ code, message }: NodeJS.ErrnoException) =>
    giveUp(
      code === 'EADDRINUSE'
        ? `Port ${port} is in use. Choose another one: PORT=${port + 1} ${command}`
        : message,
    ),
  );
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit());
}

function readPort(): number {
  const { PORT = '' } = process.env;
  const port = PORT === '' ? 3000 : Number(PORT);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  return giveUp(`Expected PORT to be a whole number from 0 to 65535, got ${PORT}`);
}

function giveUp(line: string): never {
  console.error(line);
  process.exit(1);
}
