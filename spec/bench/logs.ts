/**
 * How long an event is on its way from `append` to a reader, through a log in memory, in Redis and in NATS, with 1, 100 and 1000
 * readers; and how long it is without the library.
 *
 * The server is a process of its own (`toSSE(() => log)` over HTTP/1.1), and so is who appends, except to the log in memory, which is in
 * the server. The readers, bare sockets, are in this process. The time is that of the machine's one monotonic clock: it is in
 * the event, and read again when the bytes of the event are. An event follows another one so late that nothing queues. Without the
 * library, a server by hand writes what a blocking `XREAD`, or a push consumer, gives it. Both take turns, fifty events each,
 * after a round that does not count. Each reader must get each event once and in order.
 */
import { benchEngineNames, benchEngines } from '../support/benchEngines.js';
import { benchProcess, type BenchProcess, type BenchWay } from '../support/benchProcess.js';
import { benchReaders } from '../support/benchReaders.js';
import { printTable, type BenchRow } from '../support/benchTable.js';

const rounds = 4;
const eventsInRound = 50;
/** By how many readers there are. */
const intervals = { 1: 5, 100: 5, 1000: 40 };

/** A server, and who appends to its log. */
interface Contender {
  readonly server: BenchProcess;
  readonly publisher: BenchProcess;
  /** The number of the last event. */
  last: number;
}

const rows: BenchRow[] = [];
for (const engine of benchEngineNames) {
  const engineServer = await benchEngines[engine]();
  const contenders = [await contender('library'), await contender('bare')] as const;
  for (const [readers, interval] of Object.entries(intervals)) {
    const [ours, bare] = await latenciesOf(contenders, Number(readers), interval);
    rows.push({
      log: engine,
      readers: Number(readers),
      'p50 ms': quantile(ours, 0.5),
      'p99 ms': quantile(ours, 0.99),
      'bare p50 ms': quantile(bare, 0.5),
      'bare p99 ms': quantile(bare, 0.99),
      'ratio of p50': quantile(ours, 0.5) / quantile(bare, 0.5),
      deliveries: ours.length,
    });
  }
  for (const { server, publisher } of contenders) for (const each of [server, publisher]) await each.stop();
  await engineServer.stop();

  async function contender(way: BenchWay): Promise<Contender> {
    const server = await benchProcess(way, engine, engineServer.port);
    const publisher = engine === 'memory' ? server : await benchProcess(way, engine, engineServer.port);
    return { server, publisher, last: 0 };
  }
}
printTable('From append to receipt', rows);

async function latenciesOf(
  contenders: readonly [Contender, Contender],
  count: number,
  interval: number,
): Promise<[ours: number[], bare: number[]]> {
  const latencies: [number[], number[]] = [[], []];
  const all = await Promise.all(
    contenders.map(({ server, last }) => benchReaders(server.port, count, last + 1)),
  );
  const publish = async (at: 0 | 1, number: number) => {
    const { publisher, last } = contenders[at];
    contenders[at].last += number;
    const received = all[at]?.until(last + number);
    await publisher.append({ first: last + 1, count: number, interval, padding: 0 });
    return (await received) ?? [];
  };
  for (let round = 0; round <= rounds; round++) {
    for (const at of [0, 1] as const) {
      const received = await publish(at, round === 0 ? 20 : eventsInRound);
      if (round > 0) for (const latency of received) latencies[at].push(latency);
    }
  }
  // Were one there twice, it would be before the next one.
  for (const at of [0, 1] as const) await publish(at, 1);
  for (const readers of all) readers.close();
  return latencies;
}

function quantile(values: readonly number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * part)] ?? NaN;
}
