import { expect } from 'chai';
import { NEVER, throwError } from 'rxjs';
import { SseEventError, SseLogError } from '../../src/event-stream/index.js';
import { createLog, type LogConfig } from '../../src/log/index.js';
import { gap } from '../contracts/log/stage.js';
import { lastPage, scriptedLog, scriptedStages } from '../support/scriptedLog.js';
import { uncaught } from '../support/uncaught.js';
import { settled } from '../support/virtualTime.js';

const failure = new Error('mine');

describe('createLog', () => {
  const { time, create, live } = scriptedStages();
  const reasonOf = (promise: Promise<unknown>) => promise.catch((error: unknown) => error);

  it('asks nothing of its engine before somebody subscribes or appends', async () => {
    const { engine, log, statuses } = create();
    log.after(undefined);
    log.after('k');
    await time.pass(60_000);
    expect(engine.asked).to.deep.equal([]);
    expect(statuses).to.deep.equal(['idle']);
    expect(time.pending()).to.equal(0);
  });

  describe('appends', () => {
    it('at once while nobody reads, and asks for nothing else', async () => {
      const { engine, log, statuses } = create();
      const appended = log.append({ data: 'x' });
      expect(engine.asked).to.deep.equal(['append x']);
      engine.answer('append x', 'a');
      expect(await appended).to.equal('a');
      expect(statuses).to.deep.equal(['idle']);
    });

    it('resolves only once the engine has acknowledged it', async () => {
      const { engine, log } = live();
      let id: string | undefined;
      void log.append({ data: 'x' }).then(is => (id = is));
      engine.give('a');
      await settled();
      expect(id).to.equal(undefined);
      engine.answer('append x', 'a');
      await settled();
      expect(id).to.equal('a');
    });

    it('waits while the log opens, so that who reads already gets it', async () => {
      const { engine, log, read } = create();
      const reader = read();
      const appended = [log.append({ data: 'x' }), log.append({ data: 'y' })];
      await settled();
      expect(engine.open()).to.deep.equal(['tip']);
      engine.answer('tip', 'o');
      engine.answer('page o', lastPage());
      await settled();
      expect(engine.asked.slice(-2)).to.deep.equal(['append x', 'append y']);
      engine.answer('append x', 'a');
      engine.answer('append y', 'b');
      expect(await Promise.all(appended)).to.deep.equal(['a', 'b']);
      engine.give('a', 'b');
      expect(reader.data).to.deep.equal(['a', 'b']);
      void log.append({ data: 'z' });
      expect(engine.asked.at(-1)).to.equal('append z');
    });

    it('keeps its order where one has waited for the log to open, and the other comes as it does', async () => {
      const { engine, log } = create();
      log.after(undefined).subscribe(() => void log.append({ data: 'second' }));
      void log.append({ data: 'first' });
      engine.answer('tip', 'o');
      engine.answer('page o', lastPage());
      await settled();
      expect(engine.asked.filter(each => each.startsWith('append'))).to.deep.equal([
        'append first',
        'append second',
      ]);
    });

    it('does not wait for an engine that cannot be read, and says what it fails with', async () => {
      const { engine, log, read } = create({}, { append: () => throwError(() => failure) });
      read();
      const appended = reasonOf(log.append({ data: 'x' }));
      engine.fail('tip', failure);
      expect(await appended)
        .to.be.instanceOf(SseLogError)
        .and.include({ reason: 'outage', cause: failure });
    });

    it('rejects with what its engine fails with, now or for good', async () => {
      for (const [isTransient, reason] of [
        [true, 'outage'],
        [false, 'refused'],
      ] as const) {
        for (const append of [
          () => throwError(() => failure),
          () => Promise.reject(failure),
          () => {
            throw failure;
          },
        ]) {
          const { log } = create({}, { append, isTransient: () => isTransient });
          const error = await reasonOf(log.append({ data: 'x' }));
          expect(error).to.be.instanceOf(SseLogError).and.include({ reason, cause: failure });
        }
      }
    });

    it('does not bother its engine with what is no event', async () => {
      const { engine, log } = create();
      for (const value of ['text', { price: 1 }, null, undefined, 1]) {
        expect(await reasonOf(log.append(value as never))).to.be.instanceOf(SseEventError);
      }
      expect(engine.asked).to.deep.equal([]);
    });

    it('rejects with what its driver finds that cannot be written', async () => {
      const cause = new SseEventError('data', 1n, 'JSON');
      const { log } = create({}, { append: () => throwError(() => cause), isTransient: () => false });
      expect(await reasonOf(log.append({ data: 'x' }))).to.equal(cause);
    });
  });

  describe('while nobody reads', () => {
    it('stays at its engine for ten seconds, so that the next reader need not wait', () => {
      const { engine, first, read, statuses } = live();
      first.leave();
      time.tick(9_999);
      engine.give('a');
      const second = read('o');
      engine.answerAny('page o', lastPage('a'));
      expect(second.data).to.deep.equal(['a']);
      expect(read().events).to.deep.equal([{ id: 'a' }]);
      expect(engine.count('tip') + engine.count('tail')).to.equal(2);
      expect(statuses.at(-1)).to.equal('live');
    });

    it('leaves its engine then, and opens anew for the next', () => {
      const { engine, first, read, statuses } = live();
      engine.give('a');
      first.leave();
      time.tick(10_000);
      expect(engine.open()).to.deep.equal([]);
      expect(statuses.at(-1)).to.equal('idle');
      const latest = read();
      const back = read('a');
      engine.answer('tip', 'c');
      engine.answer('page c', lastPage());
      engine.answer('page a', lastPage('b', 'c'));
      engine.give('d');
      expect(latest.data).to.deep.equal(['d']);
      expect(back.data).to.deep.equal(['b', 'c', 'd']);
      expect(statuses).to.deep.equal(['idle', 'opening', 'live', 'idle', 'opening', 'live']);
    });

    it('stays as long as it is told to', () => {
      const { engine, first, read } = live({ idleTimeout: 500 });
      first.leave();
      time.tick(499);
      const second = read();
      time.tick(1000);
      expect(engine.open()).to.deep.equal(['tail o']);
      second.leave();
      time.tick(500);
      expect(engine.open()).to.deep.equal([]);
    });

    it('stays until it is closed, if told so', async () => {
      const { engine, log, first } = live({ idleTimeout: Infinity });
      first.leave();
      time.tick(2 ** 31);
      expect(engine.open()).to.deep.equal(['tail o']);
      await log.close();
      expect(engine.open()).to.deep.equal([]);
    });

    it('does not stay, if told so', () => {
      const { engine, first } = live({ idleTimeout: 0 });
      first.leave();
      expect(engine.open()).to.deep.equal([]);
      expect(time.pending()).to.equal(0);
    });

    it('begins where the tip is, after what was appended meanwhile', async () => {
      const { engine, log, first, read } = live({ idleTimeout: 0 });
      first.leave();
      const appended = log.append({ data: 'x' });
      engine.answer('append x', 'a');
      await appended;
      const reader = read();
      engine.answer('tip', 'b');
      engine.answer('page b', lastPage());
      expect(reader.events).to.deep.equal([{ id: 'b' }]);
    });

    it('goes on from what it knew, where its reader comes back', () => {
      const { engine, first, read } = live({ idleTimeout: 0 });
      engine.give('a', 'b', 'c');
      first.leave();
      const back = read('a');
      engine.answer('tip', 'c');
      engine.answer('page c', lastPage());
      expect(back.data).to.deep.equal(['b', 'c']);
      engine.give('d');
      engine.answerAny('page c', lastPage('d'));
      expect(back.data).to.deep.equal(['b', 'c', 'd']);
    });

    it('knows that the engine has lost everything meanwhile', () => {
      const { engine, first, read } = live({ idleTimeout: 0 });
      engine.give('a', 'b');
      first.leave();
      const readers = [read('a'), read('b'), read('o')];
      engine.answer('tip', 'z');
      engine.answer('page z', lastPage());
      for (const place of ['b', 'o']) {
        engine.answerAny(`page ${place}`, { gap: 'reset' });
        engine.answerAny('origin', 'z');
      }
      engine.give('y');
      engine.answerAny('page z', lastPage('y'));
      expect(readers.map(({ data }) => data)).to.deep.equal([
        ['b', gap('reset'), 'y'],
        [gap('reset'), 'y'],
        [gap('reset'), 'y'],
      ]);
    });
  });

  describe('closes', () => {
    it('its driver, once, and waits for it', async () => {
      const { engine, log } = live({}, { close: () => NEVER });
      let isClosed = false;
      void log.close().then(() => (isClosed = true));
      await log.close();
      await settled();
      expect(engine.count('close')).to.equal(1);
      expect(engine.open()).to.deep.equal([]);
      expect(isClosed).to.equal(false);
    });

    it('and leaves its engine at once, though its last reader has left before', async () => {
      const { engine, log, first, statuses } = live();
      first.leave();
      await log.close();
      expect(engine.open()).to.deep.equal([]);
      expect(time.pending()).to.equal(0);
      expect(statuses).to.deep.equal(['idle', 'opening', 'live', 'closed']);
    });

    it('whatever its readers wait for', async () => {
      const { engine, log, first, read } = live();
      const readers = [first, read('k'), read('l')];
      engine.fail('page l', failure);
      await log.close();
      for (const reader of readers) expect(await reader.over).to.equal('complete');
      expect(engine.open()).to.deep.equal([]);
      expect(time.pending()).to.equal(0);
    });

    it('also what has waited for it to open', async () => {
      const { engine, log, read } = create();
      const reader = read();
      const appended = reasonOf(log.append({ data: 'x' }));
      await log.close();
      expect(await appended)
        .to.be.instanceOf(SseLogError)
        .and.include({ reason: 'closed' });
      expect(await reader.over).to.equal('complete');
      expect(engine.asked).to.deep.equal(['tip', 'close']);
    });

    it('in the middle of an event', async () => {
      const { engine, log, first } = live();
      log.after(undefined).subscribe(({ id }) => {
        if (id === 'b') void log.close();
      });
      engine.give('a', 'b', 'c');
      expect(await first.over).to.equal('complete');
      expect(first.data).to.deep.equal(['a', 'b', 'c']);
      expect(engine.open()).to.deep.equal([]);
    });

    it('though its driver cannot, which it tells', async () => {
      for (const close of [
        () => throwError(() => failure),
        () => {
          throw failure;
        },
      ]) {
        const { log, errors, statuses } = create({}, { close });
        await log.close();
        expect(errors).to.deep.equal([failure]);
        expect(statuses.at(-1)).to.equal('closed');
      }
    });
  });

  describe('tells where the present is', () => {
    it('at what its engine says', async () => {
      const { engine, log } = create();
      const tip = log.tip();
      engine.answer('tip', 'a');
      expect(await tip).to.equal('a');
      expect(engine.asked).to.deep.equal(['tip']);
    });

    it('though the engine has to be asked again', async () => {
      const { engine, log, errors } = create();
      const tip = log.tip();
      engine.fail('tip', failure);
      time.tick(100);
      engine.answer('tip', 'a');
      expect(await tip).to.equal('a');
      expect(errors).to.deep.equal([failure]);
    });

    it('unless it will never say', async () => {
      const { engine, log } = create({}, { isTransient: () => false });
      const tip = reasonOf(log.tip());
      engine.fail('tip', failure);
      expect(await tip)
        .to.be.instanceOf(SseLogError)
        .and.include({ reason: 'refused', cause: failure });
    });
  });

  describe('tells what its engine fails with', () => {
    it('console.error, unless told whom', () => {
      const told: unknown[] = [];
      const { error } = console;
      console.error = (...all: unknown[]) => told.push(...all);
      const engine = scriptedLog({ tip: () => throwError(() => failure) });
      createLog(engine.driver).after(undefined).subscribe().unsubscribe();
      console.error = error;
      expect(told).to.deep.equal([failure]);
    });

    it('an observer, too; and goes on though it throws', async () => {
      const told: unknown[] = [];
      const observer = {
        next(error: unknown) {
          told.push(error);
          throw new Error('the observer');
        },
      };
      const { engine, read } = create({ errorObserver: observer });
      const reader = read();
      const thrown = uncaught();
      // What it throws is thrown by a timer, of which there is none in this time.
      const { setTimeout: later } = globalThis;
      Object.assign(globalThis, { setTimeout: (act: () => void) => setImmediate(act) });
      engine.fail('tip', failure);
      Object.assign(globalThis, { setTimeout: later });
      expect(await thrown).to.deep.include({ message: 'the observer' });
      time.tick(100);
      engine.answer('tip', 'o');
      engine.answer('page o', lastPage('a'));
      expect(await reader.placed()).to.equal('a');
      expect(told).to.deep.equal([failure]);
    });
  });

  describe('refuses', () => {
    const { driver } = scriptedLog();
    for (const [option, ...values] of [
      ['from', 'first', '', null, 0],
      ['onGap', 'stop', true, null],
      ['maxOutage', -1, NaN, 2 ** 31, '1000', null, -Infinity],
      ['maxRecent', -1, NaN, 1.5, Infinity, '10', null],
      ['idleTimeout', -1, NaN, 2 ** 31, '1000', null],
    ] as const) {
      it(`an ${option} out of its range`, () => {
        for (const value of values) {
          const config = { [option]: value } as LogConfig;
          expect(() => createLog(driver, config)).to.throw(RangeError, `${option} to be`);
        }
      });
    }

    it('nothing that is in its range, nor what is left out', () => {
      for (const config of [
        { maxOutage: 0, idleTimeout: 0, maxRecent: 0 },
        { maxOutage: Infinity, idleTimeout: Infinity, maxRecent: 1 },
        { maxOutage: 2 ** 31 - 1, idleTimeout: 2 ** 31 - 1 },
        {
          from: undefined,
          onGap: undefined,
          maxOutage: undefined,
          maxRecent: undefined,
          idleTimeout: undefined,
        },
      ] as const) {
        createLog(driver, config);
      }
    });
  });
});
