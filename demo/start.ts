import type { AddressInfo } from 'node:net';
import { filter, take } from 'rxjs';
import { fromSSE } from 'rxjs-sse';
import { app } from './app.js';
import type { HostSample } from './hostMetrics.js';

const { PORT = '' } = process.env;
const port = PORT === '' ? 3000 : Number(PORT);
if (!Number.isInteger(port) || port < 0 || port > 65_535) {
  giveUp(`Expected PORT to be a whole number from 0 to 65535, got ${PORT}`);
}

const server = (await app()).listen({ port, host: '127.0.0.1' });

server.on('error', ({ code, message }: NodeJS.ErrnoException) =>
  giveUp(
    code === 'EADDRINUSE'
      ? `Port ${port} is in use. Choose another one: PORT=${port + 1} npm start`
      : message,
  ),
);

server.on('listening', () => {
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  console.log(`
  The page     ${base}/
  The metrics  curl -N ${base}/host
  The clock    curl -N ${base}/clock

  A subscriber of ${base}/host in Node:
`);
  fromSSE(`${base}/host`)
    .pipe(
      filter(({ type }) => type === 'sample'),
      take(5),
    )
    .subscribe({
      next: ({ data, lastEventId }) =>
        console.log(`  ${lastEventId.padEnd(12)} ${summary(JSON.parse(data))}`),
      complete: () => console.log('\n  … and four more each second. Ctrl-C ends it.\n'),
    });
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit());

function giveUp(line: string): never {
  console.error(line);
  process.exit(1);
}

function summary({ cpu, memory, load, delay }: HostSample): string {
  const cores = cpu.map(share => `${Math.round(share * 100)} %`.padStart(5)).join(' ');
  const gibibytes = (memory.used / 2 ** 30).toFixed(1);
  return `cpu ${cores}   memory ${gibibytes} GiB   load ${load.toFixed(2)}   delay ${delay.toFixed(1)} ms`;
}
