import { expect } from 'chai';
import { defer, filter, firstValueFrom, retry, timer } from 'rxjs';
import { SseLogError } from '../../../src/event-stream/index.js';
import type { EventLog, LogStatus } from '../../../src/log/index.js';
import { append, numbers, type EngineStage } from './stage.js';

export function outages({ create, another, read, outage, errors }: EngineStage): void {
  const statusOf = (log: EventLog, status: LogStatus) =>
    firstValueFrom(log.status$.pipe(filter(each => each === status)));
  /** Again and again, until the engine has acknowledged it. */
  const appendFor = (log: EventLog, data: unknown): Promise<string> => {
    const delay = (error: unknown) => {
      expect(error).to.be.instanceOf(SseLogError).and.include({ reason: 'outage' });
      return timer(20);
    };
    return firstValueFrom(defer(() => log.append({ data })).pipe(retry({ delay })));
  };

  it('readers stay, and get everything once it is back, once', async function () {
    this.timeout(30_000);
    const log = await create();
    const other = await another(log);
    const [start] = await append(log, 'start', 'a');
    const readers = [read(log, start), read(log, start), read(other, start)];
    for (const reader of readers) await reader.until(1);
    const statuses: string[] = [];
    log.status$.subscribe(status => statuses.push(status));

    await outage(() => statusOf(log, 'recovering').then(() => undefined));
    await statusOf(log, 'live');
    expect(errors).not.to.deep.equal([]);
    await appendFor(other, 'b');
    await appendFor(log, 'c');
    for (const reader of readers) {
      while (reader.data.at(-1) !== 'c') await reader.until(reader.data.length + 1);
      // Whether an append that failed was kept is not known, so it may be there twice.
      expect([...new Set(reader.data)]).to.deep.equal(['a', 'b', 'c']);
      expect(new Set(reader.events.map(({ id }) => id)).size).to.equal(reader.events.length);
    }
    expect(statuses).to.deep.equal(['live', 'recovering', 'live']);
  });

  it('no event that was acknowledged is lost, or comes twice, or out of order', async function () {
    this.timeout(60_000);
    const log = await create();
    const [start] = await append(log, 'start');
    const reader = read(log, start);
    await append(log, 'first');
    await reader.until(1);
    const acknowledged: string[] = [];
    let isDone = false;
    const write = async () => {
      for (let n = 0; !isDone; n++) acknowledged.push(await appendFor(log, n));
      acknowledged.push(await appendFor(log, 'end'));
    };
    const written = write();
    for (let kills = 0; kills < 2; kills++) {
      await outage(() => statusOf(log, 'recovering').then(() => undefined));
      await statusOf(log, 'live');
      await reader.until(reader.data.length + 20);
    }
    isDone = true;
    await written;
    while (reader.data.at(-1) !== 'end') await reader.until(reader.data.length + 1);
    const ids = reader.events.map(({ id }) => id);
    expect(new Set(ids).size).to.equal(ids.length);
    const wasAcknowledged = new Set(acknowledged);
    expect(ids.filter(id => wasAcknowledged.has(id))).to.deep.equal(acknowledged);
    expect(reader.events.filter(event => 'type' in event)).to.deep.equal([]);
  });

  it('a reader who comes meanwhile waits, and goes on from its id', async function () {
    this.timeout(30_000);
    const log = await create();
    const ids = await append(log, ...numbers(10));
    const first = read(log, ids[0]);
    await first.until(9);
    const fresh = await another(log);
    let readers = [first];
    await outage(async () => {
      await statusOf(log, 'recovering');
      readers = [read(log, ids[4]), read(fresh, ids[4])];
    });
    for (const reader of readers) expect(await reader.until(5)).to.deep.equal(numbers(5, 5));
  });

  const placed = async (log: EventLog) => {
    const reader = read(log);
    await reader.placed();
    return reader;
  };

  it('readers error after maxOutage, be they there before or not', async function () {
    this.timeout(30_000);
    const log = await create({ maxOutage: 200 });
    const fresh = await another(log, { maxOutage: 200 });
    const early = read(log);
    await early.placed();
    await outage(async () => {
      for (const reader of [early, read(fresh)]) {
        const error = await reader.over;
        expect(error).to.be.instanceOf(SseLogError);
        expect(error).to.include({ reason: 'outage' });
      }
    });
    // It may take longer than that to be there again.
    const late = await firstValueFrom(defer(() => placed(log)).pipe(retry({ delay: 20 })));
    await appendFor(log, 'a');
    await late.until(1);
  });
}
