/**
 * How fast a reader catches up that was away for 100 000 events, by the log that it reads: in memory, in Redis and in NATS; and
 * what a slow one costs the server meanwhile.
 *
 * The server is a process of its own (`toSSE(() => log)` over HTTP/1.1). The log in memory is filled there, the others by another process.
 * The reader, a bare socket in this process, asks with the id of the event before. A fast one reads as fast as it can; the median of
 * three. A slow one stops after each megabyte, until the server has thrown away all that it does not need, and said what is
 * left: the growth is the most of that, beyond what there was before, when one reader had caught up already. Each reader must get
 * each event once and in order.
 */
import { benchEngineNames, benchEngines } from '../support/benchEngines.js';
import { benchProcess } from '../support/benchProcess.js';
import { printTable, type BenchRow } from '../support/benchTable.js';
import { catchUp } from '../support/catchUpReader.js';

const count = 100_000;
/** With it, the data of an event take about 130 bytes. */
const padding = 80;
const megabyte = 1024 * 1024;

const rows: BenchRow[] = [];
for (const log of benchEngineNames) {
  const engine = await benchEngines[log]();
  const server = await benchProcess('library', log, engine.port);
  const filler = log === 'memory' ? server : await benchProcess('library', log, engine.port);
  const lastEventId = await filler.append({ first: 0, count: count + 1, interval: 0, padding });
  if (filler !== server) await filler.stop();

  const backlog = { to: { host: '127.0.0.1', port: server.port }, lastEventId, first: 1, last: count };
  const runs = [await catchUp(backlog), await catchUp(backlog), await catchUp(backlog)];
  const [, run = runs[0]] = runs.toSorted((a, b) => a.duration - b.duration);

  const before = await server.measure();
  let most = before;
  const whilePaused = async () => (most = Math.max(most, await server.measure()));
  const { bytes } = await catchUp({ ...backlog, pauseAfter: megabyte, whilePaused });

  rows.push({
    log,
    events: count,
    'backlog MB': bytes / 1e6,
    'events/s': Math.round((count / (run?.duration ?? NaN)) * 1000),
    'MB/s': bytes / 1000 / (run?.duration ?? NaN),
    'growth with slow reader MB': (most - before) / 1e6,
  });
  await server.stop();
  await engine.stop();
}
printTable('Catching up', rows);
