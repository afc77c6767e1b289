import { expect } from 'chai';
import { numbers } from '../contracts/log/stage.js';
import { memoryInUse } from '../support/memoryInUse.js';
import { lastPage, page, scriptedStages } from '../support/scriptedLog.js';

const megabyte = 2 ** 20;

describe('Chain', () => {
  const { time, live } = scriptedStages();

  const large = (n: number, length = 100_000) => ({ id: `n${n}`, data: `${n}`.padEnd(length, 'x') });
  /** Keeps nothing of what it reads. */
  const counter = () => {
    const counting = {
      count: 0,
      next() {
        counting.count++;
      },
    };
    return counting;
  };

  describe('keeps in memory', () => {
    it('some megabytes of what the tail brings, however much that is', async () => {
      const { engine, log, first } = live();
      const reader = counter();
      log.after(undefined).subscribe(reader);
      first.leave();
      const before = await memoryInUse();
      for (const n of numbers(500)) engine.give(large(n));
      expect(reader.count).to.equal(501);
      // 8 MB, as data and as bytes; it would be 100.
      expect((await memoryInUse()) - before).to.be.lessThan(30 * megabyte);
    }).timeout(30_000);

    it('some megabytes of what somebody reads from far behind', async () => {
      const { engine, log } = live();
      const reader = counter();
      log.after('n0').subscribe(reader);
      const before = await memoryInUse();
      for (const n of numbers(30)) {
        const entries = numbers(16, n * 16 + 1).map(each => large(each));
        engine.answer(`page n${n * 16}`, { entries, isLast: false });
      }
      expect(reader.count).to.equal(480);
      expect((await memoryInUse()) - before).to.be.lessThan(30 * megabyte);
    }).timeout(30_000);

    it('the last 4096 of many small events, and no more', async () => {
      const { engine, log, first } = live();
      log.after(undefined).subscribe();
      first.leave();
      const events = numbers(10_000).map(n => new WeakRef({ id: `n${n}`, data: n }));
      for (const event of events) engine.give(event.deref() ?? '');
      await memoryInUse();
      const kept = events.map(event => event.deref() !== undefined);
      expect(kept.slice(-4096)).to.deep.equal(Array(4096).fill(true));
      expect(kept.filter(isKept => isKept).length).to.be.lessThan(4200);
    }).timeout(30_000);
  });

  it('knows the last 4096 events, and asks for those before', () => {
    const { engine, read } = live();
    const events = (from: number, to: number) =>
      numbers(to - from, from).map(n => ({ id: `n${n}`, data: n }));
    engine.give(...events(0, 5000));
    time.tick(0);
    const known = read('n905');
    time.tick(0);
    expect(known.data).to.deep.equal(numbers(4094, 906));
    expect(engine.open()).to.deep.equal(['tail o']);
    const before = read('n902');
    for (let from = 903; from < 5000; from += 256) {
      const to = Math.min(from + 256, 5000);
      engine.answerAny(`page n${from - 1}`, { entries: events(from, to), isLast: to === 5000 });
      time.tick(0);
    }
    expect(before.data).to.deep.equal(numbers(4097, 903));
    engine.give(...events(5000, 5001));
    engine.answerAny('page n4999', { entries: events(5000, 5001), isLast: true });
    expect(before.data.at(-1)).to.equal(5000);
    expect(before.events.at(-1)).to.equal(known.events.at(-1));
  });

  it('knows as many as it is told to', () => {
    for (const [maxRecent, place, isKnown] of [
      [3, 'n5', false],
      [3, 'n6', true],
      [1, 'n7', false],
      [0, 'n7', false],
    ] as const) {
      const { engine, read } = live({ maxRecent });
      engine.give(...numbers(9).map(n => `n${n}`));
      const reader = read(place);
      expect(engine.open().includes(`page ${place}`), `${maxRecent}: ${place}`).to.equal(!isKnown);
      const due = numbers(9)
        .map(n => `n${n}`)
        .slice(Number(place.slice(1)) + 1);
      engine.answerAny(`page ${place}`, lastPage(...due));
      engine.give('next');
      engine.answerAny('page n8', lastPage('next'));
      expect(reader.data).to.deep.equal([...due, 'next']);
    }
  });

  it('gives an event that is larger than all that it may keep, to those at it and to those behind it', () => {
    const { engine, read, first } = live();
    const [before, huge, after] = [large(0, 10), large(1, 9 * megabyte), large(2, 10)];
    engine.give(before);
    engine.give(huge);
    const second = read('n0');
    engine.answerAny('page n0', { entries: [huge], isLast: true });
    const third = read();
    engine.give(after);
    engine.answerAny('page n1', { entries: [after], isLast: true });
    const data = [before, huge, after].map(event => event.data);
    const isSame = (seen: readonly unknown[], due: readonly unknown[]) =>
      seen.length === due.length && seen.every((each, index) => each === due[index]);
    expect(isSame(first.data, data)).to.equal(true);
    expect(isSame(second.data, data.slice(1))).to.equal(true);
    expect(isSame(third.data, data.slice(2))).to.equal(true);
  });

  it('still leads to the tail, once far readers have made it forget the latest', () => {
    const { engine, read, first } = live();
    engine.give(large(10_000, 10));
    const reader = read('n0');
    for (const n of numbers(5)) {
      const entries = numbers(1000, n * 1000 + 1).map(each => large(each, 10));
      engine.answer(`page n${n * 1000}`, { entries, isLast: false });
      time.tick(0);
    }
    const back = read('o');
    engine.answer('page o', { entries: [large(10_000, 10)], isLast: true });
    engine.answer('page n5000', page('o'));
    engine.answerAny('page o', { entries: [large(10_000, 10)], isLast: true });
    engine.give(large(10_001, 10));
    for (const id of ['o', 'n10000']) {
      const next = id === 'o' ? [10_000, 10_001] : [10_001];
      engine.answerAny(`page ${id}`, { entries: next.map(each => large(each, 10)), isLast: true });
    }
    expect(reader.data).to.have.length(5003);
    expect(back.events.map(({ id }) => id)).to.deep.equal(['n10000', 'n10001']);
    expect(first.events.map(({ id }) => id)).to.deep.equal(['o', 'n10000', 'n10001']);
  });
});
