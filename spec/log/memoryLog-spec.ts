import { expect } from 'chai';
import { firstValueFrom, take, toArray } from 'rxjs';
import { encodeEvent } from '../../src/event-stream/index.js';
import { memoryLog, type EventLog, type MemoryLogConfig } from '../../src/log/index.js';
import { logContract } from '../contracts/log.js';
import { append, gap, numbers } from '../contracts/log/stage.js';
import { memoryInUse } from '../support/memoryInUse.js';
import { readingOf } from '../support/reading.js';
import { virtualTime } from '../support/virtualTime.js';

describe('memoryLog as any log', () =>
  logContract({
    open: (_, config) => memoryLog(config),
    keepsExactly: true,
    laterThan: id => id.replace(/\d+$/, '999999'),
  }));

describe('memoryLog', () => {
  const time = virtualTime();

  /** What there is for a reader now. */
  const readNow = (log: EventLog, lastEventId?: string) => {
    const reading = readingOf(log.after(lastEventId));
    time.tick(0);
    reading.leave();
    return reading.data;
  };
  /** All that a log keeps which has been told to begin with the earliest. */
  const kept = async (config: MemoryLogConfig, ...data: readonly unknown[]) => {
    const log = memoryLog({ from: 'earliest', ...config });
    await append(log, ...data);
    return readNow(log);
  };

  it('gives at once whatever there is, and what is appended before append has resolved', () => {
    const log = memoryLog();
    const reader = readingOf(log.after(undefined));
    expect(reader.events).to.have.length(1);
    void log.append({ data: 'a' });
    expect(reader.data).to.deep.equal(['a']);
    reader.leave();
  });

  it('gives at once up to 1024 of those that it keeps', async () => {
    const log = memoryLog({ maxEvents: Infinity, from: 'earliest' });
    await append(log, ...numbers(1500));
    const reader = readingOf(log.after(undefined));
    expect(reader.data).to.deep.equal(numbers(1024));
    reader.leave();
  });

  it('begins after whatever was appended, though nobody has waited for it', async () => {
    const log = memoryLog();
    log.after(undefined).subscribe();
    await append(log, 'a');
    void log.append({ data: 'b' });
    void log.append({ data: 'c' });
    expect(readNow(log)).to.deep.equal([]);
  });

  it('has ids that begin with an epoch and go on by one', async () => {
    const [epochs, positions] = [new Set(), new Set()];
    for (const log of [memoryLog(), memoryLog()]) {
      for (const id of await append(log, 'a', 'b')) {
        expect(id).to.match(/^[0-9a-f]{8}\.[12]$/);
        epochs.add(id.split('.')[0]);
        positions.add(id.split('.')[1]);
      }
    }
    expect([epochs.size, positions.size]).to.deep.equal([2, 2]);
  });

  it('tells an id of its own that it may give out from one that nobody does', async () => {
    const log = memoryLog();
    const [id = ''] = await append(log, 'a');
    const epoch = id.slice(0, 9);
    const other = `${epoch.startsWith('0') ? '1' : '0'}${epoch.slice(1)}`;
    for (const [forged, reason] of [
      [`${epoch}2`, 'future'],
      [`${epoch}999999999999999`, 'future'],
      [`${epoch}9999999999999999`, 'invalid'],
      [`${epoch}01`, 'invalid'],
      [`${epoch}-1`, 'invalid'],
      [`${epoch}1.0`, 'invalid'],
      [epoch, 'invalid'],
      [`${epoch}1\n`, 'invalid'],
      [`\n${epoch}1`, 'invalid'],
      [id.toUpperCase().replace(/^[^A-F]*\./, 'ABCDEF00.'), 'invalid'],
      [`${other}1`, 'reset'],
      [`${other}0`, 'reset'],
    ] as const) {
      expect(readNow(log, forged), JSON.stringify(forged)).to.deep.equal([gap(reason), 'a']);
    }
    expect(readNow(log, `${epoch}0`)).to.deep.equal(['a']);
    expect(readNow(log, `${epoch}1`)).to.deep.equal([]);
  });

  describe('keeps', () => {
    it('1000 events, unless told otherwise', async () => {
      expect(await kept({}, ...numbers(1002))).to.deep.equal(numbers(1000, 2));
      const log = memoryLog();
      const ids = await append(log, ...numbers(1002));
      expect(readNow(log, ids[1])).to.have.length(1000);
      expect(readNow(log, ids[0])[0]).to.deep.equal(gap('trimmed'));
    });

    it('as many events as it is told to', async () => {
      for (const maxEvents of [1, 2, 7, 20]) {
        const data = numbers(3 * maxEvents + 1);
        for (const count of numbers(data.length, 1)) {
          const due = data.slice(Math.max(0, count - maxEvents), count);
          expect(await kept({ maxEvents }, ...data.slice(0, count))).to.deep.equal(due);
        }
      }
    });

    it('all of them, if told to', async () => {
      const log = memoryLog({ maxEvents: Infinity });
      const [first] = await append(log, ...numbers(5001));
      const seen = firstValueFrom(log.after(first).pipe(take(5000), toArray()));
      time.tick(0);
      expect((await seen).map(({ data }) => data)).to.deep.equal(numbers(5000, 1));
    });

    it('as many bytes as it is told to, as they are written', async () => {
      const log = memoryLog({ from: 'earliest', maxEvents: Infinity });
      const id = await log.append({ data: 'é'.repeat(100) });
      const { byteLength } = encodeEvent({ data: 'é'.repeat(100), id });
      expect(byteLength).to.be.greaterThan(200);
      const three = [1, 2, 3, 4, 5].map(n => `${n}`.padEnd(100, 'é')).map(data => data.slice(0, 100));
      const bytes = encodeEvent({ data: three[0], id }).byteLength;
      expect(await kept({ maxBytes: 3 * bytes }, ...three)).to.deep.equal(three.slice(2));
      expect(await kept({ maxBytes: 3 * bytes - 1 }, ...three)).to.deep.equal(three.slice(3));
    });

    it('the newest event, however large it is, and nothing before it then', async () => {
      const huge = 'x'.repeat(1000);
      expect(await kept({ maxBytes: 1 }, 'a', 'b')).to.deep.equal(['b']);
      expect(await kept({ maxBytes: 100 }, 'a', huge)).to.deep.equal([huge]);
      expect(await kept({ maxBytes: 100 }, huge, 'b')).to.deep.equal(['b']);
    });

    it('events as long as it is told to', async () => {
      for (const [passed, whole, afterA, afterB] of [
        [400, ['a', 'b'], ['b'], []],
        [401, ['b'], ['b'], []],
        [1000, ['b'], ['b'], []],
        [1001, [], [gap('trimmed')], []],
      ] as const) {
        for (const [from, due] of [whole, afterA, afterB].entries()) {
          const log = memoryLog({ from: 'earliest', maxAge: 1000 });
          const [a] = await append(log, 'a');
          time.tick(600);
          const [b] = await append(log, 'b');
          time.tick(passed);
          expect(readNow(log, [undefined, a, b][from]), `${from} after ${passed} ms`).to.deep.equal(due);
          await append(log, 'c');
          expect(readNow(log, b)).to.deep.equal(['c']);
        }
      }
    });

    it('whatever is within all that it is told', async () => {
      const log = memoryLog({ from: 'earliest', maxEvents: 3, maxBytes: 300, maxAge: 1000 });
      await append(log, 'a', 'b', 'c', 'd');
      expect(readNow(log)).to.deep.equal(['b', 'c', 'd']);
      time.tick(500);
      const large = 'x'.repeat(150);
      await append(log, large);
      expect(readNow(log)).to.deep.equal(['c', 'd', large]);
      await append(log, large);
      expect(readNow(log)).to.deep.equal([large]);
      time.tick(501);
      await append(log, 'e');
      expect(readNow(log)).to.deep.equal([large, 'e']);
      time.tick(500);
      expect(readNow(log)).to.deep.equal(['e']);
    });

    it('a clock that goes back from mattering: age goes by the time that has passed', async () => {
      const log = memoryLog({ from: 'earliest', maxAge: 1000 });
      await append(log, 'a');
      const { now } = Date;
      Date.now = () => 1e15;
      expect(readNow(log)).to.deep.equal(['a']);
      Date.now = now;
    });
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

  it('says nothing where nothing is missing: the reader has seen all that was trimmed', async () => {
    const log = memoryLog({ maxEvents: 2 });
    const ids = await append(log, 'a', 'b', 'c', 'd', 'e');
    expect(readNow(log, ids[2])).to.deep.equal(['d', 'e']);
    expect(readNow(log, ids[1])).to.deep.equal([gap('trimmed'), 'd', 'e']);
  });

  it('remembers nothing of readers that have left', async () => {
    const log = memoryLog();
    const visits = (count: number, id?: string) => {
      for (let n = 0; n < count; n++) {
        log
          .after(id && `${id}${n}`)
          .subscribe()
          .unsubscribe();
      }
    };
    for (const id of [undefined, 'x']) {
      visits(10_000, id);
      const before = await memoryInUse();
      visits(20_000, id);
      // Twenty bytes for each of them would be more.
      expect((await memoryInUse()) - before).to.be.lessThan(400_000);
    }
  }).timeout(30_000);

  it('forgets what it has dropped', async () => {
    const log = memoryLog({ maxEvents: 10 });
    log.after(undefined).subscribe();
    const before = await memoryInUse();
    for (const n of numbers(500)) await log.append({ data: `${n}`.padEnd(100_000, 'x') });
    // What readers who come back are likely to ask for stays: 8 MB, as data and as bytes.
    expect((await memoryInUse()) - before).to.be.lessThan(30 * 2 ** 20);
  }).timeout(30_000);

  it('refuses limits that are none', () => {
    for (const [option, ...values] of [
      ['maxEvents', 0, -1, 1.5, NaN, -Infinity, null, '10'],
      ['maxBytes', 0, -1, 0.5, NaN, -Infinity, null],
      ['maxAge', 0, -1, 0.5, NaN, -Infinity, null],
      ['from', 'first', null],
      ['onGap', 'stop', null],
    ] as const) {
      for (const value of values) {
        const config = { [option]: value } as MemoryLogConfig;
        expect(() => memoryLog(config), `${option} ${String(value)}`).to.throw(RangeError, `${option} to be`);
      }
    }
    memoryLog({ maxEvents: undefined, maxBytes: undefined, maxAge: undefined });
    memoryLog({ maxEvents: Infinity, maxBytes: Infinity, maxAge: Infinity });
    memoryLog({ maxEvents: 1, maxBytes: 1, maxAge: 1 });
  });
});
