import { expect } from 'chai';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { finalize, firstValueFrom, NEVER, Observable, Subject, throwError } from 'rxjs';
import { SseLogError, type SseEvent } from '../../src/index.js';
import { logTopics, memoryLog, type EventLog, type LogStatus, type LogTopics } from '../../src/log/index.js';
import { memoryKept } from '../support/memoryKept.js';
import { readingOf, type Reading } from '../support/reading.js';
import { settled, virtualTime } from '../support/virtualTime.js';

const failure = new Error('mine');
const reasonOf = (promise: Promise<unknown>) => promise.catch((error: unknown) => error);

describe('logTopics', () => {
  const time = virtualTime();
  const readings: Reading[] = [];
  afterEach(() => {
    for (const reading of readings.splice(0)) reading.leave();
  });
  const read = (log: EventLog, lastEventId?: string) => {
    const reading = readingOf(log.after(lastEventId));
    readings.push(reading);
    return reading;
  };
  const statusesOf = ({ status$ }: EventLog) => {
    const statuses: (LogStatus | 'complete')[] = [];
    status$.subscribe({
      next: status => statuses.push(status),
      complete: () => statuses.push('complete'),
    });
    return statuses;
  };

  /** Topics in memory, and what was opened and closed. */
  const create = (idleTimeout?: number) => {
    const done: string[] = [];
    const logs = logTopics(
      name => {
        done.push(`open ${name}`);
        const log = memoryLog({ from: 'earliest' });
        return {
          ...log,
          close() {
            done.push(`close ${name}`);
            return log.close();
          },
        };
      },
      { idleTimeout },
    );
    return { logs, done };
  };

  describe('opens a topic', () => {
    it('when it is first used, not before', async () => {
      const { logs, done } = create();
      const log = logs.topic('a');
      log.after(undefined);
      log.status$.subscribe().unsubscribe();
      await log.close();
      expect(done).to.deep.equal([]);
      await log.append({ data: 1 });
      expect(done).to.deep.equal(['open a']);
    });

    const uses: readonly [name: string, use: (log: EventLog) => unknown][] = [
      ['append', log => log.append({ data: 1 })],
      ['tip', log => log.tip()],
      ['after', log => log.after(undefined).subscribe().unsubscribe()],
    ];
    for (const [name, use] of uses) {
      it(`by ${name}, which is a use of it`, async () => {
        const { logs, done } = create(1000);
        await use(logs.topic('a'));
        await time.pass(999);
        await use(logs.topic('a'));
        await time.pass(999);
        expect(done).to.deep.equal(['open a']);
        await time.pass(1);
        expect(done).to.deep.equal(['open a', 'close a']);
        await use(logs.topic('a'));
        expect(done).to.deep.equal(['open a', 'close a', 'open a']);
      });
    }

    it('once for all that have its name, and each name by itself', async () => {
      const { logs, done } = create();
      const names = ['a', 'b', '', '__proto__', 'constructor', 'a/b', 'é😀'];
      const readers = names.map(name => read(logs.topic(name)));
      for (const name of names) await logs.topic(name).append({ data: name });
      for (const [n, name] of names.entries()) {
        expect(readers[n]?.data).to.deep.equal([name]);
        expect(await read(logs.topic(name)).until(1)).to.deep.equal([name]);
      }
      expect(done).to.deep.equal(names.map(name => `open ${name}`));
    });

    it('that could not be opened as it is used again', async () => {
      let count = 0;
      const logs = logTopics(() => {
        if (++count <= 3) throw failure;
        return memoryLog();
      });
      const log = logs.topic('a');
      expect(await reasonOf(log.append({ data: 1 }))).to.equal(failure);
      expect(await reasonOf(log.tip())).to.equal(failure);
      expect(await read(log).over).to.equal(failure);
      expect(time.pending()).to.equal(0);
      expect(await firstValueFrom(log.status$)).to.equal('idle');
      expect(await log.append({ data: 1 })).to.equal(await log.tip());
    });

    it('with the names that it is asked for', async () => {
      const names: unknown[] = [];
      const logs = logTopics(name => {
        names.push(name);
        return memoryLog();
      });
      for (const name of ['a', 'b']) await logs.topic(name).append({ data: 1 });
      expect(names).to.deep.equal(['a', 'b']);
    });
  });

  describe('closes a topic', () => {
    it('five minutes after its last use, unless said otherwise', async () => {
      const { logs, done } = create();
      await logs.topic('a').append({ data: 1 });
      await time.pass(299_999);
      expect(done).to.deep.equal(['open a']);
      await time.pass(1);
      expect(done).to.deep.equal(['open a', 'close a']);
      expect(time.pending()).to.equal(0);
    });

    it('as soon as nobody uses it, if told to', async () => {
      const { logs, done } = create(0);
      await logs.topic('a').append({ data: 1 });
      await time.pass(0);
      expect(done).to.deep.equal(['open a', 'close a']);
    });

    it('not while somebody reads it', async () => {
      const { logs, done } = create(1000);
      const log = logs.topic('a');
      const readers = [read(log), read(logs.topic('a'))];
      await log.append({ data: 1 });
      await time.pass(10_000);
      readers[0]?.leave();
      await time.pass(10_000);
      await log.append({ data: 2 });
      await time.pass(10_000);
      expect(readers[1]?.data).to.deep.equal([1, 2]);
      expect(done).to.deep.equal(['open a']);
      readers[1]?.leave();
      await time.pass(999);
      expect(done).to.deep.equal(['open a']);
      await time.pass(1);
      expect(done).to.deep.equal(['open a', 'close a']);
    });

    for (const outcome of ['resolves', 'rejects'] as const) {
      it(`not while an append is under way, but after it ${outcome}`, async () => {
        const { log, append, tip, closed } = scriptedLog();
        const topic = logTopics(() => log, { idleTimeout: 1000 }).topic('a');
        const pending = [reasonOf(topic.append({ data: 1 })), reasonOf(topic.tip())];
        await time.pass(10_000);
        append[outcome]();
        await time.pass(10_000);
        expect(closed()).to.equal(0);
        tip[outcome]();
        await time.pass(999);
        expect(closed()).to.equal(0);
        await time.pass(1);
        expect(closed()).to.equal(1);
        const expected = outcome === 'resolves' ? 'id' : failure;
        expect(await Promise.all(pending)).to.deep.equal([expected, expected]);
      });
    }

    it('after its readers have got an error, or the end', async () => {
      for (const end of [throwError(() => failure), new Observable<never>(reader => reader.complete())]) {
        const { log, closed } = scriptedLog();
        const topic = logTopics(() => ({ ...log, after: () => end }), { idleTimeout: 1000 }).topic('a');
        await read(topic).over;
        await time.pass(1000);
        expect(closed()).to.equal(1);
      }
    });

    it('of which who comes back is told by a gap, and goes on', async () => {
      const { logs } = create(1000);
      const log = logs.topic('a');
      const id = await log.append({ data: 1 });
      await time.pass(1000);
      const reader = read(log, id);
      await log.append({ data: 2 });
      expect(await reader.until(2)).to.deep.equal([{ reason: 'reset' }, 2]);
    });

    it('by itself, and leaves the others open', async () => {
      const { logs, done } = create(1000);
      await logs.topic('a').append({ data: 1 });
      await time.pass(500);
      await logs.topic('b').append({ data: 1 });
      await time.pass(500);
      expect(done).to.deep.equal(['open a', 'open b', 'close a']);
    });

    it('when it is told to, which completes the readers of that topic', async () => {
      const { logs, done } = create();
      const log = logs.topic('a');
      const readers = [read(log), read(logs.topic('a'))];
      const other = read(logs.topic('b'));
      await log.close();
      for (const { over } of readers) expect(await over).to.equal('complete');
      expect(done).to.deep.equal(['open a', 'open b', 'close a']);
      await logs.topic('b').append({ data: 1 });
      expect(await other.until(1)).to.deep.equal([1]);
      await log.close();
      expect(done).to.have.length(3);
    });

    it('and has it opened again by a handle that was kept', async () => {
      const { logs, done } = create();
      const log = logs.topic('a');
      await log.append({ data: 1 });
      await log.close();
      const reader = read(log);
      await log.append({ data: 2 });
      expect(await reader.until(1)).to.deep.equal([2]);
      expect(done).to.deep.equal(['open a', 'close a', 'open a']);
    });

    it('but not the one that was opened since, for which it began to wait anew', async () => {
      const { logs, done } = create(1000);
      const log = logs.topic('a');
      await log.append({ data: 1 });
      await log.close();
      await time.pass(500);
      const reader = read(log);
      await time.pass(1000);
      expect(done).to.deep.equal(['open a', 'close a', 'open a']);
      await log.append({ data: 2 });
      expect(await reader.until(1)).to.deep.equal([2]);
      reader.leave();
      await time.pass(999);
      expect(done).to.have.length(3);
      await time.pass(1);
      expect(done).to.have.length(4);
    });

    it('but not the one that was opened since its readers were completed', async () => {
      const { logs, done } = create(1000);
      const log = logs.topic('a');
      const readers = [read(log), read(log)];
      await log.close();
      for (const { over } of readers) expect(await over).to.equal('complete');
      read(log);
      await time.pass(10_000);
      expect(done).to.deep.equal(['open a', 'close a', 'open a']);
    });

    it('and is through once the log is', async () => {
      const { log, tip, close, closed } = scriptedLog();
      const topic = logTopics(() => log).topic('a');
      tip.resolves();
      await topic.tip();
      let isClosed = false;
      const closing = topic.close().then(() => (isClosed = true));
      await settled();
      expect([closed(), isClosed]).to.deep.equal([1, false]);
      close.resolves();
      await closing;
    });
  });

  describe('closes all topics', () => {
    it('and completes their readers', async () => {
      const { logs, done } = create();
      const readers = ['a', 'b'].map(name => read(logs.topic(name)));
      await logs.topic('c').append({ data: 1 });
      await logs.close();
      for (const { over } of readers) expect(await over).to.equal('complete');
      expect(done.slice(3)).to.have.members(['close a', 'close b', 'close c']);
      await logs.close();
      expect(done).to.have.length(6);
    });

    it('for good', async () => {
      const { logs, done } = create();
      const kept = logs.topic('a');
      const events$ = kept.after(undefined);
      await kept.append({ data: 1 });
      await logs.close();
      for (const log of [kept, logs.topic('a'), logs.topic('b')]) {
        for (const error of [
          await reasonOf(log.append({ data: 1 })),
          await reasonOf(log.tip()),
          await read(log).over,
          await read({ ...log, after: () => events$ }).over,
        ]) {
          expect(error).to.be.instanceOf(SseLogError).and.include({ reason: 'closed' });
        }
        await log.close();
      }
      expect(done).to.deep.equal(['open a', 'close a']);
    });

    it('at once for who comes while it waits', async () => {
      const { log, append, close, closed } = scriptedLog();
      const logs = logTopics(() => log);
      const topic = logs.topic('a');
      const pending = topic.append({ data: 1 });
      let isClosed = false;
      const closing = logs.close().then(() => (isClosed = true));
      expect(closed()).to.equal(1);
      expect(await reasonOf(topic.append({ data: 1 }))).to.include({ reason: 'closed' });
      append.resolves();
      expect(await pending).to.equal('id');
      await settled();
      expect(isClosed).to.equal(false);
      close.resolves();
      await closing;
    });

    it('and waits for nothing any more', async () => {
      const { logs } = create();
      for (const name of ['a', 'b']) await logs.topic(name).append({ data: 1 });
      const reader = read(logs.topic('a'));
      await logs.close();
      expect(await reader.over).to.equal('complete');
      expect(time.pending()).to.equal(0);
    });
  });

  describe('has the status', () => {
    it('of the topic, over close and open', async () => {
      const { logs } = create(1000);
      const log = logs.topic('a');
      const statuses = statusesOf(log);
      const reader = read(logs.topic('a'));
      reader.leave();
      expect(statuses).to.deep.equal(['idle', 'opening', 'live']);
      await time.pass(1000);
      expect(statuses.slice(3)).to.deep.equal(['idle']);
      await log.append({ data: 1 });
      expect(statuses).to.have.length(4);
      read(log);
      expect(statuses.slice(4)).to.deep.equal(['opening', 'live']);
      expect(statusesOf(logs.topic('a'))).to.deep.equal(['live']);
      await log.close();
      expect(statuses.slice(6)).to.deep.equal(['idle']);
      read(log);
      expect(statuses.slice(7)).to.deep.equal(['opening', 'live']);
    });

    it('of that topic alone', async () => {
      const { logs } = create();
      const statuses = statusesOf(logs.topic('a'));
      read(logs.topic('b'));
      await logs.topic('b').close();
      expect(statuses).to.deep.equal(['idle']);
    });

    it('of what it is in the middle of', () => {
      const status$ = new Subject<LogStatus>();
      const { log } = scriptedLog();
      const topic = logTopics(() => ({ ...log, status$ })).topic('a');
      const statuses = statusesOf(topic);
      read(topic);
      const all = ['opening', 'live', 'recovering', 'live', 'live', 'closed'] as const;
      // It may be closed by somebody else; the topic is not.
      for (const status of all) status$.next(status);
      expect(statuses).to.deep.equal(['idle', 'opening', 'live', 'recovering', 'live']);
    });

    it('that is no use of it', async () => {
      const { logs, done } = create(1000);
      const statuses = statusesOf(logs.topic('a'));
      await logs.topic('a').append({ data: 1 });
      await time.pass(1000);
      expect(done).to.deep.equal(['open a', 'close a']);
      expect(statuses).to.deep.equal(['idle']);
    });

    it('"closed" in the end, of all that were asked for', async () => {
      const { logs } = create();
      const statuses = ['a', 'b'].map(name => statusesOf(logs.topic(name)));
      read(logs.topic('a'));
      await logs.close();
      expect(statuses).to.deep.equal([
        ['idle', 'opening', 'live', 'closed', 'complete'],
        ['idle', 'closed', 'complete'],
      ]);
    });

    it('"closed" and nothing else, for who asks later', async () => {
      const { logs } = create();
      const log = logs.topic('a');
      await log.append({ data: 1 });
      await logs.close();
      for (const each of [log, logs.topic('b')]) {
        expect(statusesOf(each)).to.deep.equal(['closed', 'complete']);
      }
    });
  });

  it('refuses a time that is none', () => {
    for (const idleTimeout of [-1, NaN, Infinity, 2 ** 31]) {
      expect(() => logTopics(() => memoryLog(), { idleTimeout })).to.throw(
        RangeError,
        `Expected idleTimeout to be milliseconds, got ${idleTimeout}`,
      );
    }
    for (const idleTimeout of [undefined, 0, 2 ** 31 - 1]) logTopics(() => memoryLog(), { idleTimeout });
  });

  it('has types of the events', () => {
    interface Chat {
      readonly type: 'chat';
      readonly data: string;
    }
    const rooms = logTopics(() => memoryLog<Chat>());
    const same: LogTopics<Chat> = logTopics<Chat>(() => memoryLog());
    rooms
      .topic('a')
      .after(undefined)
      .subscribe(event => (event.type === 'chat' ? event.data.length : event.id));
    // @ts-expect-error there are no other events
    void reasonOf(rooms.topic('a').append({ type: 'note', data: 'x' }));
    // @ts-expect-error of other events
    const other: LogTopics<SseEvent<'note', number>> = rooms;
    expect([same, other]).to.have.length(2);
  });

  /** One that does what the spec says when the spec says so. */
  function scriptedLog() {
    const settling = () => {
      let resolves: () => void = () => undefined;
      let rejects: () => void = () => undefined;
      const promise = new Promise<string>((resolve, reject) => {
        resolves = () => resolve('id');
        rejects = () => reject(failure);
      });
      return { promise, resolves: () => resolves(), rejects: () => rejects() };
    };
    const [append, tip, close] = [settling(), settling(), settling()];
    let closed = 0;
    const log: EventLog = {
      append: () => append.promise,
      tip: () => tip.promise,
      after: () => NEVER.pipe(finalize(() => undefined)),
      status$: NEVER,
      async close() {
        closed++;
        await close.promise;
      },
    };
    return { log, append, tip, close, closed: () => closed };
  }
});

describe('logTopics in real time', () => {
  it('keeps nothing of ten thousand topics that were used once', async () => {
    let closed = 0;
    const closing = new Subject<void>();
    const logs = logTopics(
      () => {
        const log = memoryLog();
        return {
          ...log,
          close() {
            closed++;
            closing.next();
            return log.close();
          },
        };
      },
      { idleTimeout: 0 },
    );
    const use = async (from: number, count: number) => {
      for (let n = from; n < from + count; n++) {
        const log = logs.topic(`topic ${n}`);
        await log.append({ data: 'x'.repeat(100) });
        log.after(undefined).subscribe().unsubscribe();
        log.status$.subscribe().unsubscribe();
      }
      while (closed < from + count) await firstValueFrom(closing);
    };
    await use(0, 1000);
    const before = await memoryKept();
    await use(1000, 10_000);
    // A hundred bytes for each of them.
    expect((await memoryKept()) - before).to.be.lessThan(1_000_000);
  }).timeout(60_000);

  let child: ChildProcess | undefined;
  afterEach(() => child?.kill('SIGKILL'));

  it('does not keep the process alive for a topic that is idle', async () => {
    const script = `
      import { logTopics, memoryLog } from './src/log/index.ts';
      const logs = logTopics(() => memoryLog());
      logs.topic('a').after(undefined).subscribe().unsubscribe();
      await logs.topic('a').append({ data: 1 });
      console.log('appended');
    `;
    const started = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script]);
    child = started;
    const [output, [code]] = await Promise.all([text(started.stdout), once(started, 'exit')]);
    expect([output, code]).to.deep.equal(['appended\n', 0]);
  }).timeout(20_000);
});
