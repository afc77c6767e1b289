import { expect } from 'chai';
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

  it('tells a reader that cannot follow of what it missed, in its turn', async () => {
    const log = memoryLog({ maxEvents: 2 });
    const seen: unknown[] = [];
    log.after(undefined).subscribe(event => {
      seen.push('data' in event ? event.data : 'place');
      // More than is kept, while the reader is busy with its place.
      if (seen.length === 1) for (let n = 1; n <= 5; n++) void log.append({ data: n });
    });
    expect(seen).to.deep.equal(['place', { reason: 'trimmed' }, 4, 5]);
    await log.append({ data: 6 });
    expect(seen.at(-1)).to.equal(6);
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
    const seen: unknown[] = [];
    log.after(first).subscribe(event => seen.push(event));
    expect(seen).to.have.length(5000);
  });

  it('refuses a number of events that is none', () => {
    for (const maxEvents of [0, -1, 1.5, NaN, -Infinity]) {
      expect(() => memoryLog({ maxEvents })).to.throw(RangeError, String(maxEvents));
    }
  });
});
