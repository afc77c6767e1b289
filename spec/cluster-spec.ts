import { expect } from 'chai';
import { inspect } from 'node:util';
import { exhaustMap, filter, firstValueFrom, lastValueFrom, race, Subject, takeUntil, timer } from 'rxjs';
import { startCluster, type Cluster, type ClusterServer } from './support/cluster.js';
import type { ClusterEngine } from './support/clusterLog.js';
import { clusterPublisher, type ClusterPublisher } from './support/clusterPublisher.js';
import { clusterReader, type ClusterReader } from './support/clusterReader.js';
import { needs } from './support/needs.js';

const engines: Readonly<Record<ClusterEngine, string>> = { redis: 'Redis', nats: 'NATS' };

for (const [name, title] of Object.entries(engines)) {
  describe(`two servers, each a process, of one log on ${title}`, function () {
    this.timeout(150_000);
    needs(`${name as ClusterEngine}-server`);

    let cluster: Cluster | undefined;
    let publisher: ClusterPublisher;
    const readers: ClusterReader[] = [];
    const end$ = new Subject<void>();
    let deadline: Date;
    /** Until it is so. At the deadline it goes on in any case, so that the claims that follow show what is wrong. */
    const until = (isSo: () => boolean) =>
      firstValueFrom(race(timer(0, 10).pipe(filter(isSo)), timer(deadline)));
    const begin = async (maxEvents: number, size = 0) => {
      deadline = new Date(Date.now() + 100_000);
      cluster = await startCluster(name as ClusterEngine, maxEvents);
      publisher = clusterPublisher(cluster.log, size);
      return cluster;
    };
    const read = (...them: readonly ClusterReader[]) => {
      readers.push(...them);
      for (const reader of them) reader.start();
      return them;
    };
    afterEach(async () => {
      end$.next();
      for (const reader of readers.splice(0)) reader.stop();
      await cluster?.stop();
    });

    it('lose, repeat and swap nothing, while they and the engine are killed, and readers go from one to the other', async () => {
      const { servers, engine, complaints } = await begin(100_000);
      const anyUrl = () => servers[Math.random() < 0.5 ? 0 : 1].url;
      const roaming = read(
        ...times(7, () => clusterReader(anyUrl)),
        ...times(7, () => clusterReader(anyUrl, 'restless')),
        ...times(6, () => clusterReader(anyUrl, 'absent')),
      );
      const connections = () => roaming.reduce((sum, reader) => sum + reader.connections, 0);
      const publishing = lastValueFrom(
        timer(0, 20).pipe(
          takeUntil(end$),
          exhaustMap(() => publisher.publish(10)),
        ),
        { defaultValue: undefined },
      );
      // What fails is told where it is waited for.
      publishing.catch(() => undefined);
      const published = (count: number) => until(() => publisher.ids.size >= count);
      const connected = (count: number) => until(() => connections() >= count);

      for (let kills = 0; kills < 5; kills++) {
        const server = servers[kills % 2 === 0 ? 0 : 1];
        await server.kill();
        await published(publisher.ids.size + 100);
        if (kills === 2) {
          await until(() => publisher.pending > 0);
          // They are on their way, and nobody will know which were kept.
          await new Promise(setImmediate);
          await engine.kill();
          // They wait at a server that has no engine, while the other starts without one.
          const starting = server.start();
          await connected(connections() + 20);
          await Promise.all([engine.start(), starting]);
        } else {
          await server.start();
        }
        await published(publisher.ids.size + 200);
      }
      await Promise.all([published(2000), connected(300)]);
      end$.next();
      await publishing;
      await until(() => roaming.every(({ last }) => last === publisher.ids.size));

      expect({
        events: atLeast(2000, publisher.ids.size),
        connections: atLeast(300, connections()),
        received: roaming.map(outline),
        strangers: roaming.flatMap(reader => strangersOf(reader, publisher)),
        failures: failuresOf(roaming),
        complaints,
      }).to.deep.equal({
        events: 'at least 2000',
        connections: 'at least 300',
        received: roaming.map(() => outline(numbers(1, publisher.ids.size))),
        strangers: [],
        failures: [],
        complaints: [],
      });
    });

    it('tell the readers of a history that was wiped, and give them all of the next one', async () => {
      const { servers, engine, complaints } = await begin(100_000);
      const urlOf = (server: ClusterServer) => () => server.url;
      const anyUrl = () => servers[Math.random() < 0.5 ? 0 : 1].url;
      const concerned = read(
        ...servers.flatMap(server => times(3, () => clusterReader(urlOf(server)))),
        ...times(4, () => clusterReader(anyUrl, 'restless')),
        ...times(4, () => clusterReader(anyUrl, 'absent')),
      );
      const away = clusterReader(urlOf(servers[0]));
      read(away);
      await publisher.publish(200);
      await until(() => readers.every(({ last }) => last === 200));
      away.stop();

      await engine.kill();
      await engine.wipe();
      await engine.start();
      // Further than the one before, whose places it must not be taken for.
      await publisher.publish(300);
      away.start();
      const fresh = clusterReader(anyUrl);
      read(fresh);
      await until(() => readers.every(({ last }) => last === 500));

      const told = [...numbers(1, 200), 'reset', ...numbers(201, 500)];
      expect({
        concerned: [...concerned, away].map(outline),
        fresh: outline(fresh),
        failures: failuresOf(readers),
        complaints,
      }).to.deep.equal({
        concerned: [...concerned, away].map(() => outline(told)),
        fresh: outline(numbers(201, 500)),
        failures: [],
        complaints: [],
      });
    });

    // Few enough that what is left comes in one piece, and more than that.
    for (const maxEvents of [100, 1000]) {
      it(`tell of each loss where one was frozen, and the log has kept ${maxEvents}`, async () => {
        // So large that buffers on the way to the one that is frozen do not take all of it.
        const { servers, complaints } = await begin(maxEvents, 4096);
        const [frozen, other] = servers;
        const lagging = read(...times(3, () => clusterReader(() => frozen.url)));
        const timely = read(...times(3, () => clusterReader(() => other.url)));
        const all = [...lagging, ...timely];
        const caughtUp = () => until(() => all.every(({ last }) => last === publisher.ids.size));
        const publish = async (count: number) => {
          // At the pace of the readers that are well, or they lag behind, too.
          for (const end = publisher.ids.size + count; publisher.ids.size < end;) {
            await publisher.publish(Math.min(maxEvents / 2, 200));
            await until(() => timely.every(({ last }) => last === publisher.ids.size));
          }
        };

        await publish(100);
        await caughtUp();
        for (let freezes = 0; freezes < 3; freezes++) {
          const caughtUpTo = publisher.ids.size;
          const publishing = publish(400);
          // In the middle of it.
          await until(() => lagging.some(({ last }) => last > caughtUpTo));
          frozen.freeze();
          await publishing;
          await publish(maxEvents + 1500);
          frozen.thaw();
          await publish(200);
          await caughtUp();
        }

        expect({
          events: atLeast(3 * maxEvents, publisher.ids.size),
          unsignalled: all.flatMap(holesWithoutGap),
          gaps: lagging.map(reader => atLeast(3, gapsOf(reader).length)),
          timely: timely.map(outline),
          failures: failuresOf(all),
          complaints,
        }).to.deep.equal({
          events: `at least ${3 * maxEvents}`,
          unsignalled: [],
          gaps: lagging.map(() => 'at least 3'),
          timely: timely.map(() => outline(numbers(1, publisher.ids.size))),
          failures: [],
          complaints: [],
        });
      });
    }
  });
}

function times<T>(count: number, make: () => T): T[] {
  return Array.from({ length: count }, make);
}

function numbers(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/** A claim that shows the number where it does not hold. */
function atLeast(least: number, number: number): string | number {
  return number >= least ? `at least ${least}` : number;
}

function failuresOf(readers: readonly ClusterReader[]): string[] {
  return readers.flatMap(({ failure }) => (failure === undefined ? [] : [inspect(failure)]));
}

function gapsOf({ received }: ClusterReader): string[] {
  return received.flatMap(each => ('gap' in each ? [each.gap] : []));
}

/** The ids, a few of them, by which a reader knows another number than the publisher does. */
function strangersOf({ received }: ClusterReader, { ids }: ClusterPublisher): string[] {
  return received
    .flatMap(each => ('id' in each && ids.get(each.number) !== each.id ? [each.id] : []))
    .slice(0, 3);
}

/** Steps from one number to another that is not the next, without a gap in between. */
function holesWithoutGap({ received }: ClusterReader): string[] {
  let last: number | undefined = 0;
  const holes: string[] = [];
  for (const each of received) {
    if ('gap' in each) {
      last = undefined;
      continue;
    }
    if (last !== undefined && each.number !== last + 1) holes.push(`${each.number} after ${last}`);
    last = each.number;
  }
  return holes;
}

/** What a reader got, in turn and in few words: `1–200 reset 201–500`. */
function outline(what: ClusterReader | readonly (number | string)[]): string {
  const all = 'received' in what ? what.received.map(each => ('gap' in each ? each.gap : each.number)) : what;
  const runs: (string | [number, number])[] = [];
  for (const each of all) {
    const run = runs.at(-1);
    if (typeof each === 'string') runs.push(each);
    else if (typeof run === 'object' && run[1] + 1 === each) run[1] = each;
    else runs.push([each, each]);
  }
  return runs.map(run => (typeof run === 'string' ? run : run.join('–'))).join(' ');
}
