import { expect } from 'chai';
import { concat, NEVER, of, throwError } from 'rxjs';
import { Script } from 'node:vm';
import { SseLogError } from '../../src/event-stream/index.js';
import { gap, numbers } from '../contracts/log/stage.js';
import { entriesOf, lastPage, page, scriptedStages } from '../support/scriptedLog.js';

const failure = new Error('mine');

describe('readTail', () => {
  const { time, create, live } = scriptedStages();

  describe('opens', () => {
    it('with the tip, and proves that nothing came in between', () => {
      const { engine, read, statuses } = create();
      const reader = read();
      expect(engine.open()).to.deep.equal(['tip']);
      expect(statuses).to.deep.equal(['idle', 'opening']);
      engine.answer('tip', 'o');
      engine.answer('page o', page('a', 'b'));
      engine.answer('page b', lastPage('c'));
      expect(statuses).to.deep.equal(['idle', 'opening', 'live']);
      expect(engine.asked).to.deep.equal(['tip', 'page o', 'page b', 'tail c']);
      engine.give('d');
      expect(reader.data).to.deep.equal(['d']);
    });

    it('one tail for a thousand readers', () => {
      const { engine, read } = create();
      const readers = numbers(1000).map(() => read());
      engine.answer('tip', 'o');
      engine.answer('page o', lastPage());
      engine.give('a');
      expect(engine.asked).to.deep.equal(['tip', 'page o', 'tail o']);
      for (const { data } of readers) expect(data).to.deep.equal(['a']);
    });

    it('again, after an engine that could not say its tip', () => {
      const { engine, read, statuses, errors } = create();
      const reader = read();
      engine.fail('tip', failure);
      expect(statuses).to.deep.equal(['idle', 'opening', 'recovering']);
      time.tick(100);
      time.tick(10_000);
      time.tick(200);
      engine.answer('tip', 'o');
      engine.fail('page o', failure);
      time.tick(400);
      engine.answer('page o', lastPage());
      engine.give('a');
      expect(reader.data).to.deep.equal(['a']);
      expect(engine.asked).to.deep.equal(['tip', 'tip', 'tip', 'page o', 'page o', 'tail o']);
      expect(errors).to.have.length(3);
      expect(statuses).to.deep.equal(['idle', 'opening', 'recovering', 'live']);
    });
  });

  describe('after its tail has ended', () => {
    for (const [how, error] of [
      ['completes', undefined],
      ['errors', failure],
    ] as const) {
      it(`because it ${how}, reads what came meanwhile, and goes on`, () => {
        const { engine, first } = live();
        engine.give('a');
        engine.endTail(error);
        time.tick(100);
        engine.answer('page a', page('b', 'c'));
        engine.answer('page c', lastPage('d'));
        engine.give('e');
        expect(first.data).to.deep.equal(['a', 'b', 'c', 'd', 'e']);
        expect(engine.asked.slice(3)).to.deep.equal(['page a', 'page c', 'tail d']);
      });

      it(`because it ${how}, tells all readers of a gap once, before what follows`, () => {
        const { engine, read, first } = live();
        const readers = [first, ...numbers(99).map(() => read())];
        engine.give('a');
        engine.endTail(error);
        time.tick(100);
        engine.answer('page a', { gap: 'reset' });
        engine.answer('origin', 'z');
        engine.answerAny('page z', page('y'));
        engine.answerAny('page y', lastPage('x'));
        engine.give('w');
        for (const { data } of readers) expect(data).to.deep.equal(['a', gap('reset'), 'y', 'x', 'w']);
        expect(engine.count('page')).to.be.at.most(5);
        expect(first.events[2]).to.deep.equal({ type: 'gap', data: gap('reset'), id: 'z' });
        expect(engine.asked.at(-1)).to.equal('tail x');
      });
    }

    it('goes on at the tip after a gap, if told to', () => {
      const { engine, first } = live({ onGap: 'latest' });
      engine.endTail();
      engine.answer('page o', { gap: 'trimmed' });
      engine.answer('tip', 't');
      engine.answer('page t', lastPage());
      engine.give('u');
      expect(first.data).to.deep.equal([gap('trimmed'), 'u']);
      expect(engine.asked.at(-1)).to.equal('tail t');
    });

    it('has all readers error at a gap, if told to, and opens anew for the next', async () => {
      const { engine, first, read, statuses } = live({ onGap: 'error', idleTimeout: 0 });
      const second = read();
      engine.endTail();
      engine.answer('page o', { gap: 'reset' });
      engine.answerAny('origin', 'z');
      for (const reader of [first, second]) {
        expect(await reader.over)
          .to.be.instanceOf(SseLogError)
          .and.include({ reason: 'gap', gap: 'reset' });
      }
      expect(statuses.at(-1)).to.equal('idle');
      read();
      engine.answer('tip', 'z');
      engine.answer('page z', lastPage());
      expect(statuses.at(-1)).to.equal('live');
    });

    it('comes through a gap into the midst of what it knows, once', () => {
      const { engine, read } = create({ from: 'earliest' });
      const reader = read();
      engine.answer('tip', 'o');
      engine.answer('page o', lastPage());
      engine.answer('origin', 'o');
      engine.give('a', 'b', 'p');
      engine.endTail();
      // Such as a follower that had not got `p`, and now is the leader.
      engine.answer('page p', { gap: 'future' });
      engine.answer('origin', 'o');
      endingBy(2000, () => engine.answerAny('page o', lastPage('a', 'b', 'q')));
      engine.give('r');
      time.tick(0);
      expect(reader.data).to.deep.equal(['a', 'b', 'p', gap('future'), 'a', 'b', 'q', 'r']);
    });

    it('begins to know anew after a gap', () => {
      const { engine, first, read } = live({ maxRecent: 3 });
      engine.give('a', 'b', 'c', 'd');
      engine.endTail();
      engine.answer('page d', { gap: 'reset' });
      engine.answer('origin', 'z');
      engine.answer('page z', lastPage('y'));
      engine.give('x', 'w', 'v', 'u', 't');
      expect(first.data).to.deep.equal(['a', 'b', 'c', 'd', gap('reset'), 'y', 'x', 'w', 'v', 'u', 't']);
      const asked = engine.asked.length;
      expect(read('v').data).to.deep.equal(['u', 't']);
      expect(engine.asked).to.have.length(asked);
      read('d');
      expect(engine.asked.at(-1)).to.equal('page d');
    });

    it('goes on where readers are that are ahead of it', () => {
      const { engine, read, first } = live();
      engine.give('a');
      const ahead = read('k');
      engine.answer('page k', lastPage('o', 'a', 'b', 'c'));
      engine.endTail();
      expect(engine.open()).to.deep.equal(['page c']);
      engine.answer('page c', lastPage('d'));
      expect(engine.open()).to.deep.equal(['tail d']);
      expect([first.data, ahead.data]).to.deep.equal([
        ['a', 'b', 'c', 'd'],
        ['o', 'a', 'b', 'c', 'd'],
      ]);
    });

    it('reads nothing twice, where readers are ahead of it', () => {
      const { engine, read, first } = live();
      const ahead = read('k');
      engine.answer('page k', lastPage('o', 'a', 'b'));
      engine.endTail();
      engine.answerAny('page o', lastPage('a', 'b', 'c'));
      engine.answerAny('page b', lastPage('c'));
      engine.answerAny('page c', lastPage());
      engine.give('d');
      engine.answerAny('page c', lastPage('d'));
      expect(first.data).to.deep.equal(['a', 'b', 'c', 'd']);
      expect(ahead.data).to.deep.equal(['o', 'a', 'b', 'c', 'd']);
    });
  });

  describe('waits longer each time', () => {
    /** When the engine was asked for something. */
    const timesOf = (engine: { count: (start: string) => number }, start: string, duration: number) => {
      const times: number[] = [];
      let last = engine.count(start);
      for (let passed = 0; passed <= duration; passed += 50) {
        const count = engine.count(start);
        for (; last < count; last++) times.push(passed);
        time.tick(50);
      }
      return times;
    };

    it('where its tails end at once', () => {
      const { engine, read, statuses } = create(
        {},
        { tip: () => 'o', page: () => lastPage(), tail: () => of() },
      );
      read();
      const begun = engine.count('tail');
      const times = timesOf(engine, 'tail', 30_000);
      expect(begun).to.be.at.most(2);
      expect(times.length).to.be.within(8, 14);
      const waits = times.map((at, index) => at - (times[index - 1] ?? 0));
      expect(waits.slice(1)).to.deep.equal([...waits.slice(1)].sort((a, b) => a - b));
      expect(Math.max(...waits)).to.equal(5000);
      expect(statuses.slice(0, 3)).to.deep.equal(['idle', 'opening', 'live']);
    });

    it('where its tails bring nothing, and end', () => {
      let tails = 0;
      const tail = () => (++tails > 100 ? NEVER : of([]));
      const { engine, read } = create({}, { tip: () => 'o', page: () => lastPage(), tail });
      read();
      time.tick(1000);
      expect(engine.count('tail')).to.be.at.most(8);
    });

    it('where its tails error at once', () => {
      const { engine, read, errors } = create(
        {},
        { tip: () => 'o', page: () => lastPage(), tail: () => throwError(() => failure) },
      );
      read();
      const times = timesOf(engine, 'tail', 30_000);
      expect(times).to.deep.equal([100, 300, 700, 1500, 3100, 6300, 11_300, 16_300, 21_300, 26_300]);
      expect(errors).to.have.length(11);
    });

    it('where its pages error', () => {
      const { engine, read } = create({}, { tip: () => 'o', page: () => throwError(() => failure) });
      read();
      expect(timesOf(engine, 'page', 5000)).to.deep.equal([100, 300, 700, 1500, 3100]);
    });

    it('where its pages error, after a tail that went well', () => {
      const { engine } = live();
      time.tick(60_000);
      engine.endTail(failure);
      for (const wait of [100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000]) {
        time.tick(wait - 1);
        expect(engine.open()).to.deep.equal([]);
        time.tick(1);
        engine.fail('page o', failure);
      }
    });

    it('where the engine cannot say its tip', () => {
      const { engine, read } = create({}, { tip: () => throwError(() => failure) });
      read();
      expect(timesOf(engine, 'tip', 5000)).to.deep.equal([100, 300, 700, 1500, 3100]);
    });

    it('by half at random, so that many processes do not come at once', () => {
      const { engine, read } = create({ random: () => 0 }, { tip: () => throwError(() => failure) });
      read();
      expect(timesOf(engine, 'tip', 5000)).to.deep.equal([50, 150, 350, 750, 1550, 3150]);
    });

    it('but not after a tail that brought something', () => {
      const { engine, first } = live();
      for (const n of numbers(10)) {
        engine.give(`n${n}`);
        engine.endTail(failure);
        time.tick(99);
        expect(engine.open()).to.deep.equal([]);
        time.tick(1);
        engine.answer(`page n${n}`, lastPage());
      }
      expect(first.data).to.have.length(10);
    });

    it('but not at all, after a first tail that could not follow', () => {
      const { engine } = live();
      for (const n of numbers(10)) {
        engine.give(`n${n}`);
        engine.endTail();
        engine.answer(`page n${n}`, lastPage());
      }
      expect(engine.count('tail')).to.equal(11);
    });

    it('but not after one that went well for ten seconds', () => {
      const { engine } = live();
      for (const wait of [100, 200, 400]) {
        engine.endTail(failure);
        time.tick(wait - 1);
        expect(engine.open()).to.deep.equal([]);
        time.tick(1);
        engine.answer('page o', lastPage());
        time.tick(10_000);
      }
      time.tick(1);
      engine.endTail(failure);
      time.tick(100);
      expect(engine.open()).to.deep.equal(['page o']);
    });
  });

  describe('gives up', () => {
    for (const question of ['tip', 'page o', 'tail o']) {
      it(`where the engine will never answer: ${question}`, async () => {
        const isTransient = (error: unknown) => error !== failure;
        const { engine, read, statuses, errors } = create({ maxOutage: 1000 }, { isTransient });
        const readers = [read(), read('k'), read()];
        if (question !== 'tip') engine.answer('tip', 'o');
        if (question === 'tail o') engine.answer('page o', lastPage());
        engine.fail(question, failure);
        for (const reader of readers) {
          const error = await reader.over;
          expect(error).to.be.instanceOf(SseLogError).and.include({ reason: 'refused', cause: failure });
        }
        expect(statuses.at(-1)).to.equal('idle');
        expect(engine.open()).to.deep.equal([]);
        expect(time.pending()).to.equal(0);
        expect(errors).to.deep.equal([]);
        read();
        expect(engine.open()).to.deep.equal(['tip']);
      });
    }

    it('after a maxOutage from when it opened', async () => {
      const { engine, read, statuses } = create({ maxOutage: 2000 });
      const readers = [read(), read('k')];
      time.tick(1000);
      engine.fail('tip', failure);
      time.tick(999);
      readers.push(read());
      expect(statuses).to.deep.equal(['idle', 'opening', 'recovering']);
      time.tick(1);
      for (const reader of readers) {
        const error = await reader.over;
        expect(error).to.be.instanceOf(SseLogError).and.include({ reason: 'outage', cause: failure });
      }
      expect(statuses).to.deep.equal(['idle', 'opening', 'recovering', 'idle']);
      expect(engine.open()).to.deep.equal([]);
      expect(time.pending()).to.equal(0);
    });

    it('after a maxOutage since it was live, and not sooner', async () => {
      const { engine, first } = live({ maxOutage: 2000 });
      engine.endTail(failure);
      time.tick(1999);
      engine.answer('page o', lastPage());
      time.tick(5000);
      engine.endTail(failure);
      time.tick(1999);
      engine.answerAny('page o', { gap: 'reset' });
      let error: unknown;
      void first.over.then(is => (error = is));
      await time.pass(0);
      expect(error).to.equal(undefined);
      await time.pass(1);
      expect(error).to.be.instanceOf(SseLogError).and.include({ reason: 'outage', cause: failure });
    });

    it('never, unless told to', () => {
      const { engine, first } = live();
      engine.endTail(failure);
      for (const _ of numbers(1000)) {
        time.tick(5000);
        engine.fail('page o', failure);
      }
      time.tick(5000);
      engine.answer('page o', lastPage('a'));
      expect(first.data).to.deep.equal(['a']);
    });
  });

  it('leaves the engine at once with its last reader, whatever it waits for', () => {
    const { engine, read } = create({ idleTimeout: 0 });
    for (const [question, answer] of [
      ['tip', 'o'],
      ['page o', lastPage()],
      ['tail o', entriesOf(['a'])],
    ] as const) {
      const reader = read();
      if (question !== 'tip') engine.answer('tip', 'o');
      if (question === 'tail o') engine.answer('page o', lastPage());
      expect(engine.open()).to.deep.equal([question]);
      reader.leave();
      expect(engine.open()).to.deep.equal([]);
      expect(() => engine.answer(question, answer)).to.throw();
    }
    const reader = read();
    engine.fail('tip', failure);
    reader.leave();
    expect(time.pending()).to.equal(0);
  });

  it('takes a tail that has something at once', () => {
    const { engine, read } = create(
      {},
      { tip: () => 'o', page: () => lastPage(), tail: () => concat(of(entriesOf(['a'])), NEVER) },
    );
    const reader = read();
    expect(reader.events.map(({ id }) => id)).to.deep.equal(['a']);
    expect(engine.count('tail')).to.equal(1);
  });
});

/** Ends what does not end by itself. */
function endingBy(milliseconds: number, act: () => void): void {
  Object.assign(globalThis, { act });
  new Script('act()').runInThisContext({ timeout: milliseconds });
}
