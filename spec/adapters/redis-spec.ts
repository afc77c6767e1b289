import { createClient } from '@redis/client';
import { expect } from 'chai';
import { filter, firstValueFrom } from 'rxjs';
import { redisLog, type RedisClient, type RedisLogConfig } from '../../src/adapters/redis.js';
import { SseEventError, SseLogError } from '../../src/index.js';
import type { EventLog, LogStatus } from '../../src/log/index.js';
import { logContract } from '../contracts/log.js';
import { outageOf, type EngineServer } from '../support/engineServer.js';
import { logsOfSpec } from '../support/logsOfSpec.js';
import { needs } from '../support/needs.js';
import { redisServer } from '../support/redisServer.js';

describe('redisLog', () => {
  let server: EngineServer;
  let client: ReturnType<typeof createClient>;
  const cleanUps: (() => unknown)[] = [];

  const connect = async (options: Parameters<typeof createClient>[0] = {}) => {
    const made = createClient({
      ...options,
      socket: { host: '127.0.0.1', port: server.port, reconnectStrategy: 20 },
    });
    // Without a listener the process would end.
    made.on('error', () => undefined);
    await made.connect();
    return made;
  };

  needs('redis-server');
  before(async () => {
    server = await redisServer();
    cleanUps.push(() => server.stop());
    client = await connect();
    cleanUps.push(() => client.destroy());
  });
  after(async () => {
    for (const cleanUp of cleanUps.reverse()) await cleanUp();
  });

  for (const RESP of [2, 3] as const) {
    describe(`as any log, in RESP ${RESP}`, () => {
      let own: RedisClient & { destroy(): void };
      before(async () => (own = await connect({ RESP })));
      after(() => own.destroy());

      logContract({
        open: (name, config) => redisLog(own, name, config),
        keepsExactly: false,
        laterThan: id => id.replace(/^\d+/, time => String(Number(time) + 1_000_000)),
        engine: {
          wipe: async name => {
            await client.del(name);
          },
          outage: meanwhile => outageOf(server, meanwhile),
        },
      });
    });
  }

  describe('on its own', () => {
    const { keep, read } = logsOfSpec();
    let keys = 0;
    let key: string;
    let errors: unknown[];

    beforeEach(() => {
      key = `own ${keys++}`;
      errors = [];
    });

    const open = (config: RedisLogConfig = {}, from: RedisClient = client) =>
      keep(redisLog(from, key, { errorObserver: error => errors.push(error), ...config }));
    const statusOf = (log: EventLog, status: LogStatus) =>
      firstValueFrom(log.status$.pipe(filter(each => each === status)));
    const connections = async () => (await client.clientList()).length;
    const waiting = async () => (await client.clientList()).filter(({ cmd }) => cmd === 'xread');
    const callsOf = async (command: string) => {
      const stats = await client.info('commandstats');
      const calls = stats.match(new RegExp(`cmdstat_${command}\\b.*?calls=(\\d+)`, 'g')) ?? [];
      return calls.reduce((sum, each) => sum + Number(/calls=(\d+)/.exec(each)?.[1]), 0);
    };
    const addByHand = (id: string, fields: Record<string, string>) => client.xAdd(key, id, fields);

    it('reads what others write by hand', async () => {
      const log = open({ from: 'earliest' });
      await addByHand('5-1', { event: '{"type":"tick","data":{"price":1}}', other: 'x' });
      const reading = read(log);
      await reading.until(1);
      await addByHand('5-2', { event: '{"data":2}' });
      await reading.until(2);
      expect(reading.events).to.deep.equal([
        { type: 'tick', data: { price: 1 }, id: '5-1' },
        { data: 2, id: '5-2' },
      ]);
      expect(await read(log, '5-1').until(1)).to.deep.equal([2]);
    });

    it('passes over what is no event, says so, and can be resumed from there', async () => {
      const log = open({ from: 'earliest' });
      const records = ['{', '[1]', '1', 'null', '{"price":1}', '{"type":"a\\nb"}', '{"event":"tick"}'];
      for (const record of records) await addByHand('*', { event: record });
      const none = await addByHand('*', { text: 'x' });
      await log.append({ data: 'a' });
      const reading = read(log);
      expect(await reading.until(1)).to.deep.equal(['a']);
      expect(reading.events.slice(0, -1).map(event => Object.keys(event))).to.deep.equal(
        Array.from({ length: 8 }, () => ['id']),
      );
      expect(errors).to.have.length(8);
      for (const error of errors) expect(error).to.be.instanceOf(SseEventError);
      expect(await read(log, none).until(1)).to.deep.equal(['a']);
    });

    it('tells an entry from one with the same id in a stream that has been emptied', async () => {
      const log = open();
      await addByHand('5-1', { event: '{"data":1}', nonce: '0123abcd' });
      const place = await log.tip();
      expect(place).to.equal('5-1.0123abcd');
      await client.del(key);
      await addByHand('5-1', { event: '{"data":2}', nonce: '4567abcd' });
      await addByHand('5-2', { event: '{"data":3}' });
      expect(await read(log, place).until(3)).to.deep.equal([{ reason: 'reset' }, 2, 3]);
    });

    it('refuses ids that Redis could not give out, before it asks', async () => {
      const log = open();
      await log.append({ data: 'a' });
      const ids = [
        '18446744073709551616-0',
        '1-18446744073709551616',
        '01-0',
        '1-00',
        '1-',
        '~',
        '~~1-0',
        '-',
        '+',
        '$',
        '*',
      ];
      for (const id of ids) {
        expect(await read(log, id).until(2), id).to.deep.equal([{ reason: 'invalid' }, 'a']);
      }
    });

    it('drops events by their age', async () => {
      const log = open({ maxAge: 60_000, maxEvents: Infinity });
      for (let n = 0; n < 300; n++) await addByHand(`${n + 1}-0`, { event: '{"data":1}' });
      await log.append({ data: 'new' });
      const length = () => client.xLen(key);
      // It is not waited for; the next command comes after it.
      expect(await length()).to.be.lessThan(200);
    });

    it('keeps 10 000 events or somewhat more, unless it is told otherwise', async () => {
      const log = open();
      await Promise.all(Array.from({ length: 10_500 }, (_, n) => log.append({ data: n })));
      expect(await client.xLen(key)).to.be.within(10_000, 10_200);
      const all = open({ maxEvents: Infinity });
      await Promise.all(Array.from({ length: 500 }, (_, n) => all.append({ data: n })));
      expect(await client.xLen(key)).to.be.within(10_500, 10_700);
    });

    it('says what it cannot drop, and has appended nevertheless', async () => {
      await client.sendCommand(['ACL', 'SETUSER', 'no-trim', 'on', 'nopass', '~*', '+@all', '-xtrim']);
      const limited = await connect({ username: 'no-trim', password: 'x' });
      const log = open({ maxAge: 60_000 }, limited);
      const id = await log.append({ data: 'a' });
      expect(await read(open({ from: 'earliest' })).until(1)).to.deep.equal(['a']);
      expect(id).to.match(/^\d+-\d+\.[0-9a-f]{8}$/);
      while (errors.length === 0) await limited.ping();
      expect(String(errors[0])).to.include('NOPERM');
      limited.destroy();
    });

    it('fails at once where the key is something else', async () => {
      await client.set(key, 'text');
      const log = open();
      const outcome = await read(log).over;
      const refusal = await log.append({ data: 'a' }).catch((error: unknown) => error);
      for (const error of [outcome, refusal]) {
        expect(error).to.be.instanceOf(SseLogError).and.include({ reason: 'refused' });
        expect(String((error as SseLogError).cause)).to.include('WRONGTYPE');
      }
      expect(await firstValueFrom(log.status$)).to.equal('idle');
    });

    it('fails at once where it may not read, and where it may not wait', async () => {
      await client.sendCommand(['ACL', 'SETUSER', 'reader', 'on', 'nopass', '~*', '+@all', '-xread']);
      const limited = await connect({ username: 'reader', password: 'x' });
      const error = await read(open({}, limited)).over;
      expect(error).to.be.instanceOf(SseLogError).and.include({ reason: 'refused' });
      expect(String((error as SseLogError).cause)).to.include('NOPERM');
      limited.destroy();
    });

    it('fails at once where the client has been closed', async () => {
      const own = await connect();
      const log = open({}, own);
      own.destroy();
      expect(await read(log).over)
        .to.be.instanceOf(SseLogError)
        .and.include({ reason: 'refused' });
    });

    it('waits on one connection for all its logs, a hundred at the most', async () => {
      const own = await connect();
      const before = await connections();
      const logs = Array.from({ length: 100 }, (_, n) => {
        key = `many ${n}`;
        return open({}, own);
      });
      const places = await Promise.all(logs.map(log => read(log).placed()));
      expect(await connections()).to.equal(before + 1);
      key = 'many more';
      await read(open({}, own)).placed();
      expect(await connections()).to.equal(before + 2);
      const visits = logs.map((log, n) => read(log, places[n]));
      await Promise.all(logs.map((log, n) => log.append({ data: n })));
      for (const [n, visit] of visits.entries()) expect(await visit.until(1)).to.deep.equal([n]);
      own.destroy();
    });

    it('does without permission to interrupt its own wait', async () => {
      await client.sendCommand(['ACL', 'SETUSER', 'calm', 'on', 'nopass', '~*', '+@all', '-client|unblock']);
      const limited = await connect({ username: 'calm', password: 'x' });
      await read(open({}, limited)).placed();
      let blocked = false;
      while (!blocked) blocked = (await waiting()).length > 0;
      const logs = ['calm 1', 'calm 2'].map(name => {
        key = name;
        return open({}, limited);
      });
      const readings = logs.map(log => read(log));
      for (const reading of readings) await reading.placed();
      for (const log of logs) await log.append({ data: 'a' });
      for (const reading of readings) expect(await reading.until(1)).to.deep.equal(['a']);
      const stats = await client.info('commandstats');
      const refused = /cmdstat_client\|unblock:.*rejected_calls=(\d+)/.exec(stats)?.[1];
      expect(Number(refused)).to.be.within(1, 4);
      limited.destroy();
    });

    it('has two logs of one stream wait apart', async () => {
      const [one, other] = [open(), open()];
      const readings = [read(one), read(other)];
      for (const reading of readings) await reading.placed();
      await one.append({ data: 'a' });
      for (const reading of readings) expect(await reading.until(1)).to.deep.equal(['a']);
    });

    it('has one tail for a thousand readers, who share what there is to read after a gap', async () => {
      const log = open();
      const [start] = [await log.append({ data: 'start' })];
      const readings = Array.from({ length: 1000 }, () => read(log, start));
      await log.append({ data: 'a' });
      for (const reading of readings) await reading.until(1);
      expect(await waiting()).to.have.length(1);

      await client.configResetStat();
      await client.del(key);
      for (let n = 0; n < 20; n++) await addByHand('*', { event: `{"data":${n}}` });
      for (const reading of readings) await reading.until(22);
      for (const { data } of readings) {
        expect(data.slice(0, 4)).to.deep.equal(['a', { reason: 'reset' }, 0, 1]);
        expect(data).to.have.length(22);
      }
      // Each that was added by hand is news; a few are for the gap.
      expect(await callsOf('xrange')).to.be.lessThan(100);

      const late = Array.from({ length: 1000 }, (_, n) => read(log, `${n + 1}-1`));
      await client.configResetStat();
      for (const reading of late) await reading.until(21);
      expect(await callsOf('xinfo')).to.be.at.most(1000);
      // Each has a place of its own, which is asked for, as is what led to the gap; the oldest entry, for some of them; not what follows it.
      expect(await callsOf('xrange')).to.be.at.most(3100);
    });

    it('ends a wait at once when its last reader leaves', async () => {
      const log = open({ idleTimeout: 0 });
      const before = await connections();
      const reading = read(log);
      await reading.placed();
      while ((await waiting()).length === 0);
      reading.leave();
      while ((await connections()) > before);
      expect(errors).to.deep.equal([]);
    });

    it('goes on where it was when its connection for waits is lost', async () => {
      const log = open();
      const reading = read(log);
      await reading.placed();
      const recovering = statusOf(log, 'recovering');
      let blocked;
      while (!blocked) [blocked] = await waiting();
      await client.sendCommand(['CLIENT', 'KILL', 'ID', String(blocked.id)]);
      await recovering;
      await log.append({ data: 'a' });
      expect(await reading.until(1)).to.deep.equal(['a']);
      expect(await firstValueFrom(log.status$)).to.equal('live');
      expect(reading.events).to.have.length(2);
    });

    it('loses nothing where the stream is trimmed faster than it reads', async () => {
      const log = open({ from: 'earliest' });
      const writer = open();
      const reading = read(log);
      await reading.placed();
      for (let n = 0; n < 20_000; n += 2000) {
        // Redis trims within the transaction, before anybody may read.
        const transaction = client.multi();
        for (let i = n; i < n + 2000; i++) {
          transaction.addCommand(['XADD', key, 'MAXLEN', '~', '1000', '*', 'event', `{"data":${i}}`]);
        }
        await transaction.exec();
      }
      await writer.append({ data: 20_000 });
      while (reading.data.at(-1) !== 20_000) await reading.until(reading.data.length + 1);
      let expected = 0;
      let gaps = 0;
      for (const data of reading.data) {
        if (typeof data === 'number') {
          if (data !== expected) expect(gaps, `before ${data}`).to.be.greaterThan(0);
          expected = data + 1;
          gaps = 0;
        } else gaps++;
      }
      expect(reading.data.some(data => typeof data === 'object')).to.equal(true);
    });

    it('gives its connection no life of its own, and a listener for its errors', () => {
      const made: unknown[] = [];
      const listened: string[] = [];
      const silent: RedisClient = {
        options: { socket: { host: 'redis.example.com', tls: true } },
        sendCommand: () => Promise.resolve([['1-0', ['event', '{}']]]),
        duplicate: overrides => {
          made.push(overrides);
          return silent;
        },
        connect: () => new Promise(() => undefined),
        destroy: () => undefined,
        on: event => listened.push(event),
      };
      const reading = read(open({ idleTimeout: 0 }, silent));
      return reading.placed().then(() => {
        expect(made).to.deep.equal([
          {
            socket: { host: 'redis.example.com', tls: true, socketTimeout: 5000, reconnectStrategy: false },
            disableOfflineQueue: true,
          },
        ]);
        expect(listened).to.deep.equal(['error']);
      });
    });

    it('refuses options out of their range', () => {
      for (const config of [
        { maxEvents: 0 },
        { maxEvents: 1.5 },
        { maxAge: 0 },
        { maxAge: NaN },
        { maxOutage: -1 },
      ]) {
        expect(() => redisLog(client, key, config), JSON.stringify(config)).to.throw(RangeError);
      }
      expect(() => redisLog(client, '')).to.throw(RangeError, 'key');
    });
  });
});
