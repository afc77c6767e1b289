import { filter, take } from 'rxjs';
import { fromSSE } from 'rxjs-sse';
import { app } from './app.js';
import type { HostSample } from './hostMetrics.js';
import { listen } from './listen.js';

listen(await app(), 'npm start', base => {
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

function summary({ cpu, memory, load, delay }: HostSample): string {
  const cores = cpu.map(share => `${Math.round(share * 100)} %`.padStart(5)).join(' ');
  const gibibytes = (memory.used / 2 ** 30).toFixed(1);
  return `cpu ${cores}   memory ${gibibytes} GiB   load ${load.toFixed(2)}   delay ${delay.toFixed(1)} ms`;
}
