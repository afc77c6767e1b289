import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { lastValueFrom, Subject, tap } from 'rxjs';
import { balance } from './cluster/balance.js';
import { createEngine, type EngineName } from './cluster/engine.js';
import { openLog } from './cluster/openLog.js';
import { part, type Part } from './cluster/part.js';
import { publish } from './cluster/publish.js';
import { Reader } from './cluster/Reader.js';

// One log, two servers behind a balancer, ten readers. Whatever is killed, each reader gets each number, once and in order.

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit());

const { engineName, seconds } = readOptions();
const program = `${engineName}-server`;
const engine = await createEngine(engineName);
await engine.start().catch((error: unknown) => {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  giveUp(`There is no ${program}. To install it: apt-get install -y ${program}`);
});

/** Where the servers are; 0 for one that is not running. */
const ports = [0, 0];
const [one, other] = [createServer(0), createServer(1)];
await Promise.all([one.start(), other.start()]);
const url = `http://127.0.0.1:${await balance(() => ports.filter(port => port > 0))}/ticks`;

console.log(`
  A ${program} on port ${engine.port}, two servers behind a balancer, ten readers. To be the eleventh:
  curl -N ${url}

    time   published    received  reconnects`);

const begin = Date.now();
const elapsed = () => (Date.now() - begin) / 1000;
const readers = Array.from({ length: 10 }, () => new Reader());
for (const reader of readers) reader.read(url);

let published = 0;
const end$ = new Subject<void>();
const log = await openLog(engineName, engine.port);
const publishing = lastValueFrom(publish(log, end$).pipe(tap(number => (published = number))));

const next = victims();
for (let turn = 0; turn < 2 || elapsed() < seconds - 3; turn++) {
  const { value: victim } = next.next();
  await sleep(1200);
  await victim.part.kill();
  say(`${victim.name} is killed`);
  await sleep(800);
  await victim.part.start();
  say(`${victim.name} is back`);
}
await sleep(1000);
end$.next();
await publishing;
for (const patience = elapsed() + 10; readers.some(({ last }) => last < published); await sleep(50)) {
  if (elapsed() > patience) break;
}
say('all is published');

const lost = sum(reader => reader.lostOf(published));
const twice = sum(reader => reader.twice);
const outOfOrder = sum(reader => reader.outOfOrder);
console.log(`
  received: ${sum(reader => reader.received)}, reconnects: ${reconnects()}, gaps: ${sum(reader => reader.gaps)}
  lost: ${lost}, twice: ${twice}, out of order: ${outOfOrder}
`);
process.exit(lost + twice + outOfOrder === 0 ? 0 : 1);

function createServer(index: number): Part {
  const file = fileURLToPath(new URL('cluster/server.ts', import.meta.url));
  return part(
    () => fork(file, [engineName, `${engine.port}`]),
    async child => {
      [ports[index]] = await once(child, 'message');
      child.once('exit', () => (ports[index] = 0));
    },
  );
}

/** The engine once, the servers by turns. */
function* victims(): Generator<{ readonly name: string; readonly part: Part }, never> {
  yield { name: 'server 1', part: one };
  yield { name: program, part: engine };
  for (;;) {
    yield { name: 'server 2', part: other };
    yield { name: 'server 1', part: one };
  }
}

function say(what: string): void {
  const time = `${elapsed().toFixed(1)} s`.padStart(8);
  const [all, received, again] = [published, sum(reader => reader.received), reconnects()];
  console.log(`${time}${pad(all)}${pad(received)}${pad(again)}   ${what}`);
}

function pad(number: number): string {
  return `${number}`.padStart(12);
}

function reconnects(): number {
  return sum(({ connections }) => Math.max(connections - 1, 0));
}

function sum(numberOf: (reader: Reader) => number): number {
  return readers.map(numberOf).reduce((one, other) => one + other);
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: { engine: { type: 'string', default: 'redis' }, seconds: { type: 'string', default: '25' } },
    });
    const { engine: engineName, seconds } = values;
    if (isEngineName(engineName) && Number(seconds) > 0) return { engineName, seconds: Number(seconds) };
  } catch {
    // Told below.
  }
  return giveUp('Expected --engine redis or --engine nats, and --seconds with a number');
}

function isEngineName(name: string): name is EngineName {
  return name === 'redis' || name === 'nats';
}

function giveUp(line: string): never {
  console.error(line);
  process.exit(1);
}
