import { expect } from 'chai';
import { firstValueFrom, take, toArray } from 'rxjs';
import { memoryLog } from '../../src/log/index.js';
import { logContract } from '../contracts/log.js';

describe('memoryLog', () => {
  describe('as any log', () => logContract(maxEvents => memoryLog({ maxEvents })));

  it('keeps 1000 events unless said otherwise', async () => {
    const log = memoryLog();
    const ids: string[] = [];
    for (let n = 0; n < 1002; n++) ids.push(await log.append({ data: n }));
    const dataAfter = (id: string | undefined) => {
      const seen: unknown[] = [];
      log
        .after(id)
        .subscribe(event => seen.push(event))
        .unsubscribe();
      return seen;
    };
    expect(dataAfter(ids[1])).to.have.length(1000);
    expect(dataAfter(ids[0])[0]).to.deep.include({ data: { reason: 'trimmed' } });
  });

  it('gives a reader what is dropped while it is busy', async () => {
    const log = memoryLog({ maxEvents: 2 });
    const seen: unknown[] = [];
    log.after(undefined).subscribe(event => {
      seen.push('data' in event ? event.data : 'place');
      // More than is kept, while the reader is busy with its place.
      if (seen.length === 1) for (let n = 1; n <= 5; n++) void log.append({ data: n });
    });
    await log.append({ data: 6 });
    expect(seen).to.deep.equal(['place', 1, 2, 3, 4, 5, 6]);
  });

  it('remembers nothing of readers that have left', () => {
    const log = memoryLog();
    const heap = () => {
      global.gc?.();
      return process.memoryUsage().heapUsed;
    };
    const visits = (count: number) => {
      for (let n = 0; n < count; n++) log.after(undefined).subscribe().unsubscribe();
    };
    visits(1000);
    const before = heap();
    visits(50_000);
    // Forty bytes for each of them would be more.
    expect(heap() - before).to.be.lessThan(2_000_000);
  });

  it('keeps all events, if told to', async () => {
    const log = memoryLog({ maxEvents: Infinity });
    const first = await log.append({ data: 0 });
    for (let n = 1; n <= 5000; n++) await log.append({ data: n });
    const seen = await firstValueFrom(log.after(first).pipe(take(5000), toArray()));
    expect(seen.map(({ data }) => data)).to.deep.equal(Array.from({ length: 5000 }, (_, n) => n + 1));
  });

  it('refuses a number of events that is none', () => {
    for (const maxEvents of [0, -1, 1.5, NaN, -Infinity]) {
      expect(() => memoryLog({ maxEvents })).to.throw(RangeError, String(maxEvents));
    }
  });
});
