import { jetstreamManager, type JetStreamManager, type StreamConfig } from '@nats-io/jetstream';
import {
  connect,
  nanos,
  type ConnectionOptions,
  type Msg,
  type NatsConnection,
} from '@nats-io/transport-node';
import { expect } from 'chai';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect as connectSocket, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { filter, firstValueFrom, from } from 'rxjs';
import { natsLog, type NatsLogConfig } from '../../src/adapters/nats.js';
import { SseEventError, SseLogError } from '../../src/index.js';
import type { EventLog, LogStatus } from '../../src/log/index.js';
import { logContract } from '../contracts/log.js';
import { outageOf, type EngineServer } from '../support/engineServer.js';
import { listen } from '../support/listen.js';
import { natsServer } from '../support/natsServer.js';
import type { Reading } from '../support/reading.js';
import { logsOfSpec } from '../support/logsOfSpec.js';
import { needs } from '../support/needs.js';

describe('natsLog', () => {
  let server: EngineServer;
  let connection: NatsConnection;
  let manager: JetStreamManager;
  const cleanUps: (() => unknown)[] = [];

  const connectTo = async (port: number, options: ConnectionOptions = {}) => {
    const made = await connect({
      servers: `127.0.0.1:${port}`,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 20,
      reconnectJitter: 0,
      ...options,
    });
    cleanUps.push(() => made.close());
    return made;
  };
  const start = async (options?: Parameters<typeof natsServer>[0]) => {
    const started = await natsServer(options);
    cleanUps.push(() => started.stop());
    return started;
  };

  needs('nats-server');
  before(async () => {
    server = await start();
    connection = await connectTo(server.port);
    manager = await jetstreamManager(connection);
  });
  after(async () => {
    for (const cleanUp of cleanUps.reverse()) await cleanUp();
  });

  describe('as any log', () =>
    logContract({
      open: (name, config) => natsLog(connection, name, config),
      keepsExactly: true,
      laterThan: id => id.replace(/\d+$/, '999999'),
      engine: {
        wipe: async name => {
          await manager.streams.delete(name);
        },
        outage: meanwhile => outageOf(server, meanwhile),
      },
    }));

  describe('on its own', () => {
    const { keep, read } = logsOfSpec();
    let names = 0;
    let name: string;
    let errors: unknown[];

    beforeEach(() => {
      name = `own-${names++}`;
      errors = [];
    });

    const open = (config: NatsLogConfig = { maxEvents: 10_000 }, from = connection) =>
      keep(natsLog(from, name, { errorObserver: error => errors.push(error), ...config }));
    const untilLast = async (reading: Reading, last: unknown) => {
      while (reading.data.at(-1) !== last) await reading.until(reading.data.length + 1);
      return reading.data;
    };
    const statusOf = (log: EventLog, status: LogStatus) =>
      firstValueFrom(log.status$.pipe(filter(each => each === status)));
    const addStream = (config: Partial<StreamConfig> = {}) => manager.streams.add({ name, ...config });
    const publish = (text: string, subject = name) => manager.jetstream().publish(subject, text);
    const configOf = async () => (await manager.streams.info(name)).config;
    const consumers = async () => (await manager.consumers.list(name).next()).length;
    const refusalOf = async (log: EventLog) => {
      const outcomes = [
        await read(log).over,
        await log.append({ data: 'a' }).catch((error: unknown) => error),
      ];
      return outcomes.map(error => {
        expect(error).to.be.instanceOf(SseLogError).and.include({ reason: 'refused' });
        return String((error as SseLogError).cause);
      });
    };
    /** The numbers that were read ascend by one, but where a gap says so. */
    const expectNoSilentLoss = (data: readonly unknown[]) => {
      let expected = 0;
      let isTold = true;
      for (const each of data) {
        if (typeof each === 'number') {
          if (each !== expected)
            expect([isTold, each > expected], `before ${each}`).to.deep.equal([true, true]);
          expected = each + 1;
        }
        isTold = typeof each !== 'number';
      }
    };

    describe('makes a stream', () => {
      it('that keeps what it is told to', async () => {
        await open({ maxEvents: 5, maxBytes: 10_000, maxAge: 60_000 }).append({ data: 'a' });
        expect(await configOf()).to.deep.include({
          subjects: [name],
          max_msgs: 5,
          max_bytes: 10_000,
          max_age: nanos(60_000),
          storage: 'file',
          discard: 'old',
        });
      });

      for (const limit of ['maxEvents', 'maxBytes', 'maxAge']) {
        it(`of a subject of another name, and without limits: ${limit} Infinity`, async () => {
          const log = open({ subject: `${name}.prices`, [limit]: Infinity });
          await read(log).placed();
          expect(await configOf()).to.deep.include({
            subjects: [`${name}.prices`],
            max_msgs: -1,
            max_bytes: -1,
            max_age: 0,
          });
        });
      }

      it('again when it is gone, and goes on with that', async () => {
        const log = open();
        const [id] = [await log.append({ data: 'a' }), await log.append({ data: 'b' })];
        await manager.streams.delete(name);
        await log.append({ data: 'c' });
        expect(await read(log, id).until(2)).to.deep.equal([{ reason: 'reset' }, 'c']);
      });
    });

    describe('takes a stream as it is', () => {
      it('and changes only the limits that it is given', async () => {
        await addStream({ max_msgs: 5, max_bytes: 10_000, description: 'mine', discard: 'new' });
        await open({ maxBytes: 20_000 }).append({ data: 'a' });
        expect(await configOf()).to.deep.include({
          max_msgs: 5,
          max_bytes: 20_000,
          description: 'mine',
          discard: 'new',
        });
      });

      it('and has it remember no repetition for longer than it keeps a message', async () => {
        await addStream();
        await open({ maxAge: 1000 }).append({ data: 'a' });
        expect(await configOf()).to.deep.include({ max_age: nanos(1000), duplicate_window: nanos(1000) });
      });

      it('and changes nothing where it is given no limit', async () => {
        await addStream({ max_msgs: 5 });
        const before = await configOf();
        const log = open({});
        await log.append({ data: 'a' });
        expect(await configOf()).to.deep.equal(before);
      });

      it('with one of its subjects, though others are in it, too', async () => {
        await addStream({ subjects: [`${name}.*`, `${name}.deep.>`] });
        const log = open({ subject: `${name}.mine`, from: 'earliest' });
        const other = open({ subject: `${name}.deep.er.yet` });
        for (let n = 0; n < 300; n++) await (n % 3 === 0 ? other : log).append({ data: n });
        const reading = read(log);
        await reading.until(200);
        expect(reading.data).to.deep.equal(Array.from({ length: 300 }, (_, n) => n).filter(n => n % 3 !== 0));
        await publish('{"data":"theirs"}', `${name}.other`);
        await other.append({ data: 'theirs' });
        await log.append({ data: 'mine' });
        expect((await reading.until(201)).at(-1)).to.equal('mine');
        // From here on only others have come.
        const place = await log.tip();
        await other.append({ data: 'theirs' });
        const again = read(log, place);
        await log.append({ data: 'mine, too' });
        expect(await again.until(1)).to.deep.equal(['mine, too']);
      });

      it('also where an entry in the middle was deleted', async () => {
        await addStream();
        const log = open({ from: 'earliest' });
        const ids = [];
        for (let n = 0; n < 10; n++) ids.push(await log.append({ data: n }));
        await manager.streams.deleteMessage(name, 4);
        await manager.streams.deleteMessage(name, 5);
        expect(await read(log).until(8)).to.deep.equal([0, 1, 2, 5, 6, 7, 8, 9]);
        expect(await read(log, ids[2]).until(5)).to.deep.equal([5, 6, 7, 8, 9]);
        // It is not there to prove that all after it is.
        const told = [{ reason: 'trimmed' }, 0, 1, 2, 5, 6, 7, 8, 9];
        expect(await read(log, ids[4]).until(9)).to.deep.equal(told);
      });

      it('and knows that a limit by subject drops what is not the first', async () => {
        await addStream({ subjects: [`${name}.*`], max_msgs_per_subject: 1 });
        const log = open({ subject: `${name}.a`, from: 'earliest' });
        const first = await log.append({ data: 1 });
        await publish('{"data":"other"}', `${name}.b`);
        await log.append({ data: 2 });
        await log.append({ data: 3 });
        // Of 1, other, 2 and 3 there are other and 3: right after 1 nothing seems to be missing.
        expect(await read(log, first).until(2)).to.deep.equal([{ reason: 'trimmed' }, 3]);
        expect(await read(log).until(1)).to.deep.equal([3]);
      });

      it('and notices that all was purged', async () => {
        const log = open();
        const ids = [await log.append({ data: 'a' }), await log.append({ data: 'b' })];
        await manager.streams.purge(name);
        const [lagging, level] = [read(log, ids[0]), read(log, ids[1])];
        expect(await lagging.until(1)).to.deep.equal([{ reason: 'trimmed' }]);
        await log.append({ data: 'c' });
        for (const reading of [lagging, level]) {
          expect(await reading.until(2)).to.deep.equal([{ reason: 'trimmed' }, 'c']);
        }
      });
    });

    describe('refuses at once', () => {
      it('a stream that is not there, if it is not to make it', async () => {
        expect(await refusalOf(open({}))).to.deep.equal(
          Array.from({ length: 2 }, () => 'StreamNotFoundError: stream not found'),
        );
      });

      it('to choose among several subjects', async () => {
        await addStream({ subjects: [`${name}.a`, `${name}.b`] });
        for (const cause of await refusalOf(open({}))) {
          expect(cause).to.equal(
            `TypeError: Expected stream ${name} to have one subject, got ${name}.a, ${name}.b`,
          );
        }
      });

      it('to choose a subject for a wildcard', async () => {
        await addStream({ subjects: [`${name}.*`] });
        for (const cause of await refusalOf(open({}))) {
          expect(cause).to.equal(`TypeError: Expected stream ${name} to have one subject, got ${name}.*`);
        }
      });

      it('a subject that is not in the stream, whose limits stay as they are', async () => {
        await addStream({ subjects: [`${name}.*.b`, `${name}-c.>`] });
        for (const subject of [name, `${name}.a`, `${name}.a.b.c`, `${name}-c`, 'a.b']) {
          for (const cause of await refusalOf(open({ subject, maxEvents: 5 }))) {
            expect(cause).to.include(`to have subject ${subject}, got ${name}.*.b, ${name}-c.>`);
          }
        }
        expect(await configOf()).to.include({ max_msgs: -1 });
      });

      it('a stream that drops what was read', async () => {
        await addStream({ retention: 'workqueue' });
        for (const cause of await refusalOf(open({ maxEvents: 5 }))) {
          expect(cause).to.equal(
            `TypeError: Expected stream ${name} to keep messages by limits, got: workqueue`,
          );
        }
      });

      it('limits that NATS does not take', async () => {
        await addStream();
        for (const cause of await refusalOf(open({ maxAge: 1e13 })))
          expect(cause).to.include('JetStreamApiError');
      });

      it('a subject that is in another stream', async () => {
        await addStream({ subjects: [`${name}.a`] });
        name = `${name}-other`;
        for (const cause of await refusalOf(
          open({ subject: `${name.replace('-other', '')}.a`, maxEvents: 5 }),
        )) {
          expect(cause).to.equal('JetStreamApiError: subjects overlap with an existing stream');
        }
      });

      it('to append to another stream that has got the subject meanwhile', async () => {
        const log = open({});
        await addStream();
        await log.append({ data: 'a' });
        await manager.streams.delete(name);
        await manager.streams.add({ name: `${name}-other`, subjects: [name] });
        const error = await log.append({ data: 'b' }).catch((reason: unknown) => reason);
        expect(error).to.be.instanceOf(SseLogError).and.include({ reason: 'refused' });
        expect((await manager.streams.info(`${name}-other`)).state.messages).to.equal(0);
      });

      it('a server without JetStream', async () => {
        const plain = await start({ hasJetStream: false });
        const log = open({ maxEvents: 5 }, await connectTo(plain.port));
        for (const cause of await refusalOf(log)) expect(cause).to.include('JetStreamNotEnabled');
      });

      it('a connection that is closed, or is being closed', async () => {
        const own = await connectTo(server.port);
        const log = open(undefined, own);
        const reading = read(log);
        await reading.placed();
        await own.close();
        expect(await reading.over)
          .to.be.instanceOf(SseLogError)
          .and.include({ reason: 'refused' });
        for (const cause of await refusalOf(log)) expect(cause).to.include('ClosedConnectionError');
      });

      it('an event that is too large for NATS, and takes the next', async () => {
        const log = open();
        const place = await log.tip();
        const outcomes = await Promise.allSettled(
          ['a', 'x'.repeat(2_000_000), 'b'].map(data => log.append({ data })),
        );
        expect(outcomes.map(({ status }) => status)).to.deep.equal(['fulfilled', 'rejected', 'fulfilled']);
        expect((outcomes[1] as PromiseRejectedResult).reason).to.include({ reason: 'refused' });
        expect(await read(log, place).until(2)).to.deep.equal(['a', 'b']);
      });
    });

    it('refuses what the connection may not do, at once', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'rxjs-sse-nats-'));
      cleanUps.push(() => rm(folder, { recursive: true }));
      const user = (of: string, permissions: string) =>
        `{ user: ${of}, password: x, permissions: { ${permissions} } }`;
      const users = [
        '{ user: all, password: x }',
        user('writer', 'publish: { deny: "$JS.API.CONSUMER.CREATE.>" }'),
        user('puller', 'publish: { deny: "$JS.API.CONSUMER.MSG.NEXT.>" }'),
        user('reader', 'publish: ["$JS.API.>", "$JS.FC.>"]'),
        user('own', 'subscribe: ["own.>"]'),
        user('deaf', 'subscribe: ["_INBOX.*.*"]'),
      ];
      await writeFile(join(folder, 'nats.conf'), `authorization: { users: [${users.join(', ')}] }`);
      const { port } = await start({ config: join(folder, 'nats.conf') });
      const logOf = async (user: string, options: ConnectionOptions = {}) =>
        open(undefined, await connectTo(port, { user, pass: 'x', ...options }));
      const all = await logOf('all');
      const id = await all.append({ data: 'a' });
      await all.append({ data: 'b' });

      const [writer, puller] = [await logOf('writer'), await logOf('puller')];
      await writer.append({ data: 'c' });
      for (const log of [writer, puller]) {
        expect(await read(log, id).over)
          .to.be.instanceOf(SseLogError)
          .and.include({ reason: 'refused' });
      }
      const reader = await logOf('reader');
      expect(await reader.append({ data: 'd' }).catch((error: unknown) => error)).to.include({
        reason: 'refused',
      });
      expect(await read(reader, id).until(2)).to.deep.equal(['b', 'c']);
      const own = await logOf('own', { inboxPrefix: 'own' });
      const reading = read(own, id);
      await reading.until(2);
      await own.append({ data: 'e' });
      expect(await reading.until(3)).to.deep.equal(['b', 'c', 'e']);
      expect(errors).to.deep.equal([]);
    });

    describe('with what others publish', () => {
      it('gives it as events, under ids that are the same however it comes to them', async () => {
        const log = open();
        const place = await log.tip();
        const live = read(log, place);
        for (const text of ['{"type":"tick","data":{"price":1}}', '{"data":"b"}']) await publish(text);
        await log.append({ data: 'c' });
        expect(await live.until(3)).to.deep.equal([{ price: 1 }, 'b', 'c']);
        expect(live.events[0]).to.deep.equal({ type: 'tick', data: { price: 1 }, id: live.events[0]?.id });
        const late = read(open(), place);
        await late.until(3);
        expect(late.events).to.deep.equal(live.events);
        await publish('{"data":"d"}');
        const tip = await open().tip();
        expect(await live.until(4)).to.include('d');
        expect(tip).to.equal(live.events[3]?.id);
        for (const [n, { id }] of live.events.slice(0, 3).entries()) {
          expect(await read(open(), id).until(3 - n)).to.deep.equal(
            [{ price: 1 }, 'b', 'c', 'd'].slice(n + 1),
          );
        }
        expect(errors).to.deep.equal([]);
      });

      it('tells it from what is there under its sequence in another stream', async () => {
        const log = open();
        await read(log).placed();
        await publish('{"data":"a"}');
        const place = await log.tip();
        expect(place).to.match(/^@[0-9a-z]{12}\.1$/);
        await manager.streams.delete(name);
        await addStream();
        await publish('{"data":"b"}');
        await publish('{"data":"c"}');
        expect(await read(open(), place).until(3)).to.deep.equal([{ reason: 'reset' }, 'b', 'c']);
        // Nor is it taken for one that was dropped there, or will come.
        await manager.streams.deleteMessage(name, 1);
        expect(await read(open(), place).until(2)).to.deep.equal([{ reason: 'reset' }, 'c']);
        await manager.streams.purge(name, { seq: 3 });
        expect(await read(open(), place).until(1)).to.deep.equal([{ reason: 'reset' }]);
      });

      it('passes over what is no event, says so once, and can be resumed from there', async () => {
        const log = open();
        const place = await log.tip();
        const live = read(log, place);
        const records = ['', '{', '[1]', '1', 'null', '{"price":1}', '{"type":"a\\nb"}', '{"event":"tick"}'];
        for (const record of records) await publish(record);
        await log.append({ data: 'a' });
        expect(await live.until(1)).to.deep.equal(['a']);
        const strange = live.events.slice(0, -1);
        expect(strange.map(event => Object.keys(event))).to.deep.equal(records.map(() => ['id']));
        expect(errors).to.have.length(8);
        for (const error of errors) expect(error).to.be.instanceOf(SseEventError);
        // Far enough from them that they are read again, from pages.
        for (let n = 0; n < 4096; n++) void log.append({ data: n });
        await log.append({ data: 'end' });
        await untilLast(live, 'end');
        expect((await read(log, place).until(1))[0]).to.equal('a');
        for (const { id } of strange) expect((await read(log, id).until(1))[0]).to.equal('a');
        expect(errors).to.have.length(8);
      });
    });

    describe('where NATS fails', () => {
      let own: EngineServer;
      let ownConnection: NatsConnection;

      before(async () => {
        own = await start();
        ownConnection = await connectTo(own.port);
      });

      it('keeps each event once, in order, though nobody waits for one to be kept', async () => {
        const log = open({ maxEvents: 100_000, from: 'earliest' }, ownConnection);
        const reading = read(log);
        await reading.placed();
        const appends: Promise<string>[] = [];
        const writing = setInterval(() => {
          for (let n = 0; n < 20; n++) appends.push(log.append({ data: appends.length }));
        });
        for (let kills = 0; kills < 3; kills++) {
          await reading.until(reading.data.length + 100);
          await own.kill();
          await statusOf(log, 'recovering');
          await own.start();
          await statusOf(log, 'live');
        }
        clearInterval(writing);
        const ids = await Promise.all(appends);
        const numbers = appends.map((_, n) => n);
        expect(await reading.until(appends.length)).to.deep.equal(numbers);
        expect(reading.events.filter(({ id }) => ids.includes(id))).to.have.length(appends.length);
        const late = read(open({ from: 'earliest' }, await connectTo(own.port)));
        expect(await late.until(appends.length)).to.deep.equal(numbers);
      });

      it('keeps an event once, though its acknowledgement is lost', async () => {
        let losses = 0;
        const log = open(
          { maxEvents: 10_000, from: 'earliest' },
          hooked({
            after(subject, payload) {
              if (subject === name && payload.includes('"b"') && losses++ === 0) throw new Error('lost');
            },
          }),
        );
        const ids = [];
        for (const data of ['a', 'b', 'c']) ids.push(await log.append({ data }));
        const reading = read(log);
        expect(await reading.until(3)).to.deep.equal(['a', 'b', 'c']);
        expect(reading.events.map(({ id }) => id)).to.deep.equal(ids);
        expect(losses).to.equal(2);
      });

      it('keeps nothing late that others have overtaken', async () => {
        let failures = 0;
        const log = open(
          { maxEvents: 10_000, from: 'earliest' },
          hooked({
            before(subject, payload) {
              if (subject === name && payload.includes('"b"') && failures++ === 0)
                throw new Error('not sent');
            },
          }),
        );
        await log.tip();
        const appends = ['0', 'a', 'b', 'c'].map(data => log.append({ data }));
        const outcomes = await Promise.allSettled(appends);
        expect(outcomes.map(({ status }) => status)).to.deep.equal([
          ...['fulfilled', 'fulfilled'],
          ...['rejected', 'fulfilled'],
        ]);
        expect((outcomes[2] as PromiseRejectedResult).reason).to.include({ reason: 'outage' });
        // Where none has, it is sent again.
        failures = 0;
        await Promise.all(['1', 'd', 'b'].map(data => log.append({ data })));
        expect(await read(log).until(6)).to.deep.equal(['0', 'a', 'c', '1', 'd', 'b']);
        expect(failures).to.equal(2);
      });

      it('says after ten seconds that it cannot be reached', async function () {
        this.timeout(20_000);
        const log = open({ maxEvents: 5 }, ownConnection);
        await log.append({ data: 'a' });
        await own.kill();
        const outcomes = await Promise.allSettled([log.append({ data: 'b' }), log.append({ data: 'c' })]);
        for (const outcome of outcomes) {
          expect((outcome as PromiseRejectedResult).reason).to.include({ reason: 'outage' });
        }
        await own.start();
        await log.append({ data: 'd' });
        expect(await read(open({ from: 'earliest' }, ownConnection)).until(2)).to.deep.equal(['a', 'd']);
      });

      it('tells each reader when NATS comes back without its data', async () => {
        const log = open({ maxEvents: 10_000 }, ownConnection);
        const ids = [await log.append({ data: 'a' }), await log.append({ data: 'b' })];
        const stays = [read(log, ids[0]), read(log)];
        await stays[0]?.until(1);
        await own.kill();
        await statusOf(log, 'recovering');
        await own.wipe();
        await own.start();
        await statusOf(log, 'live');
        await log.append({ data: 'c' });
        const comes = read(log, ids[0]);
        for (const reading of [...stays, comes]) {
          expect((await untilLast(reading, 'c')).slice(-2)).to.deep.equal([{ reason: 'reset' }, 'c']);
        }
      });

      it('waits for a stream that is gone, if it is not to make it, and says that it is another', async () => {
        const theirs = await jetstreamManager(ownConnection);
        await theirs.streams.add({ name });
        const log = open({}, ownConnection);
        const id = await log.append({ data: 'a' });
        const reading = read(log, id);
        const recovering = statusOf(log, 'recovering');
        await theirs.streams.delete(name);
        await recovering;
        const appended = log.append({ data: 'b' });
        await theirs.streams.add({ name });
        await appended;
        expect(await reading.until(2)).to.deep.equal([{ reason: 'reset' }, 'b']);
      });

      it('opens once NATS is there, if it was not at first', async () => {
        const log = open({ maxEvents: 5 }, ownConnection);
        const lost = firstValueFrom(
          from(ownConnection.status()).pipe(filter(({ type }) => type === 'disconnect')),
        );
        await own.kill();
        await lost;
        const [appended, reading] = [log.append({ data: 'a' }), read(log)];
        await own.start();
        await appended;
        await reading.placed();
        // It has not asked in vain.
        expect(errors).to.deep.equal([]);
      });

      it('notices that nothing comes any more, and goes on once it does', async () => {
        const through = await frozenProxy(own.port);
        const log = open({ maxEvents: 10_000 }, await connectTo(through.port));
        const writer = open({ maxEvents: 10_000 }, ownConnection);
        const reading = read(log);
        await reading.placed();
        const recovering = statusOf(log, 'recovering');
        through.freeze();
        await writer.append({ data: 'a' });
        await recovering;
        await writer.append({ data: 'b' });
        through.thaw();
        await writer.append({ data: 'c' });
        expect(await reading.until(3)).to.deep.equal(['a', 'b', 'c']);
        expect(reading.events).to.have.length(4);
      });
    });

    describe('while it is live', () => {
      it('notices that the stream was replaced by one that is further', async () => {
        const log = open();
        const id = await log.append({ data: 'a' });
        const reading = read(log, id);
        await log.append({ data: 'b' });
        await reading.until(1);
        await manager.streams.delete(name);
        await addStream();
        for (let n = 0; n < 10; n++) await publish(`{"data":${n}}`);
        expect(await reading.until(12)).to.deep.equal([
          'b',
          { reason: 'reset' },
          0,
          1,
          2,
          3,
          4,
          5,
          6,
          7,
          8,
          9,
        ]);
      });

      it('loses nothing silently where the stream drops faster than it delivers', async () => {
        const log = open({ maxEvents: 10, from: 'earliest' });
        const reading = read(log);
        await reading.placed();
        const writer = await connectTo(server.port);
        const filling = 'x'.repeat(10_000);
        for (let n = 0; n < 5000; n++) writer.publish(name, `{"data":${n},"comment":"${filling}"}`);
        await writer.flush();
        await log.append({ data: 'end' });
        const data = await untilLast(reading, 'end');
        expectNoSilentLoss(data);
        expect(data.filter(each => typeof each === 'object')).not.to.deep.equal([]);
      });

      it('goes on where what NATS waits for was lost', async () => {
        let losses = 0;
        const log = open(
          { maxEvents: Infinity },
          hooked({ drops: ({ reply }) => (reply ?? '').startsWith('$JS.FC.') && losses++ === 0 }),
        );
        const reading = read(log);
        await reading.placed();
        const comment = 'x'.repeat(10_000);
        for (let n = 0; n < 2000; n++) connection.publish(name, `{"data":${n},"comment":"${comment}"}`);
        expect(await reading.until(2000)).to.deep.equal(Array.from({ length: 2000 }, (_, n) => n));
        expect(losses).to.be.greaterThan(1);
        expect(errors).to.deep.equal([]);
      });

      it('reads what is there first together with where that is, so that it cannot be dropped in between', async () => {
        let pulls = Infinity;
        const log = open(
          { maxEvents: 5, from: 'earliest' },
          hooked({
            async before(subject) {
              if (!subject.includes('MSG.NEXT') || ++pulls !== 2) return;
              for (let n = 5; n < 10; n++) await publish(`{"data":${n}}`);
            },
          }),
        );
        for (let n = 0; n < 5; n++) await log.append({ data: n });
        const live = read(log);
        await live.until(5);
        pulls = 0;
        expect(await read(log).until(5)).to.deep.equal([0, 1, 2, 3, 4]);
        expect(pulls).to.equal(1);
      });

      it('notices that the stream was replaced between a page and its consumer', async () => {
        let isArmed = false;
        const log = open(
          undefined,
          hooked({
            async before(subject, payload) {
              if (!isArmed || !subject.includes('CONSUMER.CREATE') || !payload.includes('deliver_subject'))
                return;
              isArmed = false;
              await manager.streams.delete(name);
              await addStream();
              for (let n = 0; n < 5; n++) await publish(`{"data":${n}}`);
            },
          }),
        );
        for (const data of ['a', 'b']) await log.append({ data });
        isArmed = true;
        expect(await read(log).until(6)).to.deep.equal([{ reason: 'reset' }, 0, 1, 2, 3, 4]);
      });

      it('notices that a message has not arrived, be it the last or not', async () => {
        const wasLost = new Set<string>();
        const drops = (message: Msg) => {
          const text = message.string();
          if (!text.includes('lost') || wasLost.has(text)) return false;
          wasLost.add(text);
          return true;
        };
        const log = open(undefined, hooked({ drops }));
        const reading = read(log);
        await reading.placed();
        await log.append({ data: 'a' });
        await reading.until(1);
        const recovered = statusOf(log, 'recovering');
        await log.append({ data: 'lost' });
        await log.append({ data: 'b' });
        await recovered;
        expect(await reading.until(3)).to.deep.equal(['a', 'lost', 'b']);
        await statusOf(log, 'live');
        await log.append({ data: 'lost, too' });
        expect(await reading.until(4)).to.deep.equal(['a', 'lost', 'b', 'lost, too']);
        expect(wasLost.size).to.equal(2);
      });

      it('has one consumer for all readers, which goes when they do', async () => {
        const log = open({ maxEvents: 10_000, idleTimeout: 0 });
        const readers = Array.from({ length: 50 }, () => read(log));
        for (const reader of readers) await reader.placed();
        await log.append({ data: 'a' });
        for (const reader of readers) await reader.until(1);
        while ((await consumers()) > 1);
        expect(await consumers()).to.equal(1);
        for (const reader of readers) reader.leave();
        while ((await consumers()) > 0);
        expect(errors).to.deep.equal([]);
      });

      it('gives its consumer back when it closes, and leaves the connection open', async () => {
        const log = open();
        await read(log).placed();
        await log.close();
        while ((await consumers()) > 0);
        expect(connection.isClosed()).to.equal(false);
      });
    });

    it('refuses ids that it has not given out, and what is out of range', async () => {
      const log = open();
      const id = await log.append({ data: 'a' });
      expect(id).to.match(/^[0-9a-z]{12}-[0-9a-f]{20}\.1$/);
      const [mark = ''] = id.split('.');
      for (const forged of [
        ...[
          mark,
          `${mark}.`,
          `${mark}.0`,
          `${mark}.01`,
          `${mark}.-1`,
          `${mark}.1.1`,
          `${mark}.${'9'.repeat(16)}`,
        ],
        ...[`@${mark}.1`, '@.1', '.1', `@${'a'.repeat(12)}.0`, `${mark.slice(1)}.1`, `~${id}`],
      ]) {
        expect(await read(log, forged).until(2), forged).to.deep.equal([{ reason: 'invalid' }, 'a']);
      }
      for (const future of [`${mark}.999999999999999`, `@${'z'.repeat(12)}.2`, `${mark.slice(0, 12)}.7`]) {
        expect(await read(log, future).until(2), future).to.deep.equal([{ reason: 'future' }, 'a']);
      }
      for (const other of [`@${'0'.repeat(12)}.2`, `${mark.slice(0, -1)}g.1`, `${'0'.repeat(12)}.1`]) {
        const reasons = [{ reason: 'reset' }, { reason: 'invalid' }];
        expect((await read(log, other).until(2))[0], other).to.be.deep.oneOf(reasons);
      }
    });

    it('refuses options out of their range', () => {
      for (const config of [
        ...[{ maxEvents: 0 }, { maxEvents: 1.5 }, { maxEvents: NaN }, { maxBytes: -1 }, { maxBytes: 0.5 }],
        ...[{ maxAge: 0 }, { maxAge: 99 }, { maxAge: NaN }, { maxOutage: -1 }],
        ...[{ subject: '' }, { subject: 'a.*' }, { subject: '>' }, { subject: 'a b' }, { subject: 'a..b' }],
      ]) {
        expect(() => natsLog(connection, name, config), JSON.stringify(config)).to.throw(RangeError);
      }
      for (const stream of ['', 'a.b', 'a b', '*', '>', 'a/b', undefined as never]) {
        expect(() => natsLog(connection, stream), stream).to.throw(RangeError, 'stream');
      }
    });

    /** The connection, where something happens before or after a request, or a message is lost. */
    function hooked({
      before = () => undefined,
      after = () => undefined,
      drops = () => false,
    }: {
      readonly before?: (subject: string, payload: string) => unknown;
      readonly after?: (subject: string, payload: string) => unknown;
      readonly drops?: (message: Msg) => boolean;
    }): NatsConnection {
      const overrides: Partial<NatsConnection> = {
        async request(subject, payload, options) {
          const text = String(payload instanceof Uint8Array ? Buffer.from(payload) : payload);
          await before(subject, text);
          const answer = await connection.request(subject, payload, options);
          await after(subject, text);
          return answer;
        },
        async requestMany(subject, payload, options) {
          await before(subject, '');
          return connection.requestMany(subject, payload, options);
        },
        subscribe: (subject, options = {}) =>
          connection.subscribe(subject, {
            ...options,
            callback(error, message) {
              if (!drops(message)) void options.callback?.(error, message);
            },
          }),
      };
      return new Proxy(connection, {
        get(target, key) {
          const override: unknown = Reflect.get(overrides, key);
          const member: unknown = override ?? Reflect.get(target, key);
          return typeof member === 'function' ? member.bind(target) : member;
        },
      });
    }

    /** Hands on what it gets, but for a while. */
    async function frozenProxy(to: number) {
      const sockets = new Set<Socket>();
      const proxy = createServer(near => {
        const far = connectSocket(to, '127.0.0.1');
        for (const [one, other] of [
          [near, far],
          [far, near],
        ] as const) {
          sockets.add(one);
          one.on('error', () => other.destroy());
          one.on('close', () => other.destroy());
          one.pipe(other);
        }
      });
      const port = await listen(proxy);
      cleanUps.push(() => proxy.close());
      return {
        port,
        freeze: () => sockets.forEach(socket => socket.cork()),
        thaw: () => sockets.forEach(socket => socket.uncork()),
      };
    }
  });
});
