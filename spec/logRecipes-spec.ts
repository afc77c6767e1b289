import { connect as connectNats, type NatsConnection } from '@nats-io/transport-node';
import { createClient } from '@redis/client';
import { expect } from 'chai';
import type { Express } from 'express';
import { createServer } from 'node:http';
import { firstValueFrom, Subject } from 'rxjs';
import { SseLogError } from 'rxjs-sse';
import { memoryLog, type EventLog, type MemoryLogConfig } from 'rxjs-sse/log';
import { redisLog } from 'rxjs-sse/redis';
import { append, numbers } from './contracts/log/stage.js';
import type { Reader } from './support/connection.js';
import type { EngineServer } from './support/engineServer.js';
import { connectHttp1 } from './support/http1.js';
import { listen } from './support/listen.js';
import { dispatched } from './support/logServer.js';
import { natsServer } from './support/natsServer.js';
import { needs } from './support/needs.js';
import { readingOf, type Reading } from './support/reading.js';
import { recipesNotRun, removeRecipes, runRecipe } from './support/recipe.js';
import { redisServer } from './support/redisServer.js';

describe('the recipe for logs', () => {
  /** Undoes what a spec has begun, the last first. */
  const cleanUps: (() => unknown)[] = [];
  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  });
  after(removeRecipes);

  const serve = async (app: Express) => {
    const server = createServer(app);
    const port = await listen(server);
    cleanUps.push(() => {
      server.close();
      server.closeAllConnections();
    });
    return {
      read: (path: string, lastEventId = ''): Reader => {
        const connection = connectHttp1(port);
        cleanUps.push(connection.close);
        return connection.ask({ path, headers: { 'Last-Event-ID': lastEventId } });
      },
      post: (path: string, body: unknown) =>
        fetch(`http://127.0.0.1:${port}${path}`, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify(body),
        }),
      statusOf: async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).status,
    };
  };
  const open = (config?: MemoryLogConfig) => {
    const log = memoryLog(config);
    cleanUps.push(() => log.close());
    return log;
  };
  const readLog = (log: EventLog, lastEventId?: string): Reading => {
    const reading = readingOf(log.after(lastEventId));
    cleanUps.push(reading.leave);
    return reading;
  };
  const eventsIn = ({ body }: Reader) => dispatched(body()).map(({ type, data }) => `${type} ${data}`);
  const idIn = ({ body }: Reader) => Array.from(body().matchAll(/^id: (.*)$/gm), ([, id]) => id).at(-1);

  /** @param publish appends as the document says that anybody can */
  const goesOnAnywhere = async (apps: readonly [Express, Express], publish: (event: string) => unknown) => {
    const [one, other] = [await serve(apps[0]), await serve(apps[1])];
    const first = one.read('/prices');
    await first.until('id: ');
    const response = await other.post('/prices', { price: 1 });
    const { id } = (await response.json()) as { id: string };
    await first.until(`id: ${id}\ndata: {"price":1}\n\n`);
    first.leave();

    await one.post('/prices', { price: 2 });
    await publish('{"type":"price","data":42}');
    const second = other.read('/prices', id);
    await second.until('data: 42\n\n');
    expect(eventsIn(second)).to.deep.equal(['price {"price":2}', 'price 42']);
    second.leave();
  };

  const engineIs = (
    program: Parameters<typeof needs>[0],
    start: () => Promise<EngineServer>,
    use: (server: EngineServer) => void,
  ) => {
    const { error } = console;
    let server: EngineServer | undefined;
    needs(program);
    before(async () => {
      // What the logs of a recipe, which nobody closes, say of the end of their engine.
      console.error = () => undefined;
      server = await start();
      use(server);
    });
    after(async () => {
      await server?.stop();
      console.error = error;
    });
  };

  describe('with NATS,', () => {
    let server: EngineServer;
    engineIs('nats-server', natsServer, started => (server = started));

    it('"NATS", is a route that goes on where its reader was, on any server', async () => {
      const { appOf } = await runRecipe<{ appOf: (connection: NatsConnection) => Express }>('NATS');
      const open = async () => {
        const connection = await connectNats({
          servers: `127.0.0.1:${server.port}`,
          maxReconnectAttempts: -1,
        });
        cleanUps.push(() => connection.close());
        return connection;
      };
      const connection = await open();
      await goesOnAnywhere([appOf(connection), appOf(await open())], async event => {
        connection.publish('prices', event);
        await connection.flush();
      });
    });
  });

  describe('with Redis,', () => {
    let server: EngineServer;
    engineIs('redis-server', redisServer, started => (server = started));

    const connect = async () => {
      const client = createClient({
        socket: { host: '127.0.0.1', port: server.port, reconnectStrategy: 20 },
      });
      // Without a listener the process would end.
      client.on('error', () => undefined);
      await client.connect();
      cleanUps.push(() => client.destroy());
      return client;
    };

    it('"Redis", is a route that goes on where its reader was, on any server', async () => {
      type AppOf = (client: Awaited<ReturnType<typeof connect>>) => Express;
      const { appOf } = await runRecipe<{ appOf: AppOf }>('Redis');
      const client = await connect();
      await goesOnAnywhere([appOf(client), appOf(await connect())], event =>
        client.sendCommand(['XADD', 'prices', '*', 'event', event]),
      );
    });

    it('"An append that failed", appends each order once, whatever becomes of Redis meanwhile', async () => {
      const { appendOnce } = await runRecipe<Appending>('An append that failed');
      const client = await connect();
      const log = redisLog<Entry>(client, 'orders', { errorObserver: () => undefined });
      cleanUps.push(() => log.close());
      const begun = await log.tip();
      const appended = new Subject<number>();
      let outages = 0;
      const kills = appended.subscribe(number => {
        if (number % 100 !== 50) return;
        outages++;
        void server.kill().then(() => server.start());
      });
      cleanUps.push(() => kills.unsubscribe());

      let lastId = begun;
      const ids: string[] = [];
      for (const number of numbers(300)) {
        // The outage begins while the next ones are on their way.
        appended.next(number);
        lastId = await appendOnce(log, number, lastId);
        ids.push(lastId);
      }
      expect(outages).to.equal(3);
      const reader = readLog(log, begun);
      await log.append({ type: 'mark', data: 'end' });
      while (reader.data.at(-1) !== 'end') await reader.until(reader.data.length + 1);
      const orders = reader.events.filter(({ type }) => type === 'order');
      expect(orders.map(({ data }) => data)).to.deep.equal(numbers(300).map(number => ({ number })));
      expect(orders.map(({ id }) => id)).to.deep.equal(ids);
    }).timeout(30_000);
  });

  type Entry =
    | { readonly type: 'order'; readonly data: { readonly number: number } }
    | { readonly type: 'mark'; readonly data: string };
  interface Appending {
    readonly appendOnce: (log: EventLog<Entry>, number: number, lastId: string) => Promise<string>;
  }

  describe('"An append that failed"', () => {
    /** Keeps, of the next appends, those that it is told to keep, and fails with each of them. */
    const failing = (...keeps: readonly boolean[]) => {
      const log = memoryLog<Entry>();
      cleanUps.push(() => log.close());
      const left = [...keeps];
      const seemingly: EventLog<Entry> = {
        ...log,
        async append(entry) {
          const isKept = left.shift();
          if (isKept === undefined) return log.append(entry);
          if (isKept) await log.append(entry);
          throw new SseLogError('outage');
        },
      };
      return { log, seemingly };
    };
    const orders = async (log: EventLog<Entry>, begun: string) => {
      await log.append({ type: 'mark', data: 'end' });
      const reader = readLog(log, begun);
      while (reader.data.at(-1) !== 'end') await reader.until(reader.data.length + 1);
      return reader.events.filter(({ type }) => type === 'order');
    };

    const rows: readonly [what: string, keeps: readonly boolean[]][] = [
      ['has not failed', []],
      ['was kept', [true]],
      ['was not kept', [false]],
      ['was kept, and the mark failed', [true, false]],
      ['was kept, and the mark too, before it failed', [true, true, false]],
      ['was not kept, nor the mark, at first', [false, false, true]],
    ];
    for (const [what, keeps] of rows) {
      it(`gives the one id of an order that ${what}`, async () => {
        const { appendOnce } = await runRecipe<Appending>('An append that failed');
        const { log, seemingly } = failing(...keeps);
        const begun = await log.tip();
        const before = await log.append({ type: 'order', data: { number: 1 } });
        const id = await appendOnce(seemingly, 2, before);
        const kept = await orders(log, begun);
        expect(kept.map(({ data }) => data)).to.deep.equal([{ number: 1 }, { number: 2 }]);
        expect(kept[1]?.id).to.equal(id);
      });
    }

    for (const isKept of [true, false]) {
      it(`finds what was ${isKept ? '' : 'not '}kept among what others append`, async () => {
        const { appendOnce } = await runRecipe<Appending>('An append that failed');
        const { log, seemingly } = failing(isKept);
        const begun = await log.tip();
        await log.append({ type: 'order', data: { number: 5 } });
        await log.append({ type: 'mark', data: '' });
        const id = await appendOnce(seemingly, 1, begun);
        const kept = await orders(log, begun);
        expect(kept.map(({ data }) => data)).to.deep.equal([{ number: 5 }, { number: 1 }]);
        expect(kept[1]?.id).to.equal(id);
      });
    }

    it('tries again where it was lost twice', async () => {
      const { appendOnce } = await runRecipe<Appending>('An append that failed');
      const { log } = failing();
      const begun = await log.tip();
      // The order, each time, but no mark.
      const losses = [true, false, true, false, false];
      const seemingly: EventLog<Entry> = {
        ...log,
        append: entry => (losses.shift() ? Promise.reject(new SseLogError('outage')) : log.append(entry)),
      };
      const id = await appendOnce(seemingly, 1, begun);
      expect((await orders(log, begun)).map(event => event.id)).to.deep.equal([id]);
    });

    it('passes on what is no outage', async () => {
      const { appendOnce } = await runRecipe<Appending>('An append that failed');
      const { log } = failing();
      const begun = await log.tip();
      for (const error of [new SseLogError('refused'), new SseLogError('closed'), new Error('mine')]) {
        const refusing = { ...log, append: () => Promise.reject(error) };
        expect(await appendOnce(refusing, 1, begun).catch((is: unknown) => is)).to.equal(error);
      }
      expect(await orders(log, begun)).to.deep.equal([]);
    });
  });

  it('"The state first, then what changes it" gives who is new, or was away for too long, the board', async () => {
    const { appOf } = await runRecipe<{
      appOf: (log: EventLog, readBoard: () => Promise<Record<string, number>>) => Express;
    }>('The state first, then what changes it');
    const log = open({ maxEvents: 2 });
    const board: Record<string, number> = { A: 1 };
    const { read } = await serve(appOf(log, () => Promise.resolve({ ...board })));
    const change = (symbol: string, price: number) => {
      board[symbol] = price;
      return log.append({ type: 'price', data: { symbol, price } });
    };

    const first = read('/prices');
    await first.until('data: {"A":1}\n\n');
    await change('B', 2);
    await first.until('"B"');
    first.leave();
    const place = idIn(first);
    await change('A', 3);
    const second = read('/prices', place);
    await second.until('"A"');
    await change('A', 4);
    await change('A', 5);
    const third = read('/prices', place);
    await third.until('data: {"A":5,"B":2}\n\n');
    expect(eventsIn(first)).to.deep.equal(['board {"A":1}', 'price {"symbol":"B","price":2}']);
    expect(eventsIn(second)[0]).to.equal('price {"symbol":"A","price":3}');
    expect(eventsIn(third)).to.deep.equal(['board {"A":5,"B":2}']);
  });

  it('"Part of a log" shows a customer no other orders, and has the place move on nevertheless', async () => {
    const { appOf } = await runRecipe<{ appOf: (orders: EventLog) => Express }>('Part of a log');
    const log = open();
    const { read } = await serve(appOf(log));
    const order = (customer: string, total: number) => ({ type: 'order', data: { customer, total } });
    const reader = read('/orders/ann');
    await reader.until('id: ');
    await log.append(order('ann', 1));
    let place = '';
    for (let n = 1; n <= 100; n++) place = await log.append(order('bob', n));
    await reader.until(`id: ${place}\n\n`);
    await log.append(order('ann', 2));
    await reader.until('"total":2');
    expect(eventsIn(reader)).to.deep.equal([1, 2].map(total => `order {"customer":"ann","total":${total}}`));
    const again = read('/orders/ann', place);
    await again.until('"total":2');
    expect(eventsIn(again)).to.have.length(1);
    for (const { body } of [reader, again]) expect(body()).not.to.include('bob');
  });

  it('"Several logs over one connection" resumes each of them, and tells them apart', async () => {
    const { appOf } = await runRecipe<{ appOf: (prices: EventLog, news: EventLog) => Express }>(
      'Several logs over one connection',
    );
    const prices = open();
    const news = open({ maxEvents: 1 });
    const { read } = await serve(appOf(prices, news));
    const untilBoth = async (reader: Reader) => {
      await reader.until('id: prices=');
      await reader.until('&news=');
    };
    const first = ['/all', '/tagged'].map(path => read(path));
    await Promise.all(first.map(untilBoth));
    const places = first.map(idIn);
    for (const { leave } of first) leave();
    await append(prices, 1, 2);
    await news.append({ type: 'flash', data: 3 });
    await news.append({ type: 'flash', data: 4 });

    const second = ['/all', '/tagged'].map((path, n) => read(path, places[n]));
    await Promise.all(second.map(({ until }) => until('data: 4\n\n')));
    const gap = 'gap {"reason":"trimmed","log":"news"}';
    const [all, tagged] = second.map(eventsIn);
    expect(all).to.have.members(['message 1', 'message 2', gap, 'flash 4']);
    expect(tagged).to.have.members(['prices/message 1', 'prices/message 2', gap, 'news/flash 4']);
    const lost = read('/tagged', 'of something else');
    await lost.until('data: 4\n\n');
    expect(eventsIn(lost)).to.have.members([
      ...['prices', 'news'].map(name => `gap {"reason":"invalid","log":"${name}"}`),
      ...['prices/message 1', 'prices/message 2', 'news/flash 4'],
    ]);
  });

  it('"A log for each room" opens the rooms that there are, each by itself', async () => {
    const { appOf } = await runRecipe<{
      appOf: (open: (room: string) => EventLog, rooms: ReadonlySet<string>) => Express;
    }>('A log for each room');
    const opened: string[] = [];
    const { read, post, statusOf } = await serve(
      appOf(
        room => {
          opened.push(room);
          return open();
        },
        new Set(['garden', 'é']),
      ),
    );
    const [garden, other] = [read('/rooms/garden'), read('/rooms/%C3%A9')];
    await Promise.all([garden, other].map(({ until }) => until('id: ')));
    const { id } = (await (await post('/rooms/garden', { text: 'a' })).json()) as { id: string };
    await post('/rooms/%C3%A9', { text: 'b' });
    await garden.until(`id: ${id}\ndata: {"text":"a"}\n\n`);
    await other.until('"b"');
    expect(garden.body()).not.to.include('"b"');
    expect(await statusOf('/rooms/attic')).to.equal(404);
    expect((await post('/rooms/__proto__', {})).status).to.equal(404);
    expect(opened).to.have.members(['garden', 'é']);
  });

  describe('"Another engine"', () => {
    interface Table {
      add(record: string): Promise<number>;
      count(): Promise<number>;
      read(
        after: number,
        limit: number,
      ): Promise<readonly { readonly number: number; readonly record: string }[]>;
    }
    const tableOf = () => {
      const records: string[] = [];
      const table: Table = {
        add: record => Promise.resolve(records.push(record)),
        count: () => Promise.resolve(records.length),
        read: (after, limit) =>
          Promise.resolve(
            records
              .slice(after, after + limit)
              .map((record, index) => ({ number: after + index + 1, record })),
          ),
      };
      return { records, table };
    };
    const openOn = async (table: Table, pollEvery = 5) => {
      const { tableLog } = await runRecipe<{ tableLog: (table: Table, pollEvery?: number) => EventLog }>(
        'Another engine',
      );
      const log = tableLog(table, pollEvery);
      cleanUps.push(() => log.close());
      return log;
    };

    it('is a log, for all that open it', async () => {
      const { table, records } = tableOf();
      const [one, other] = [await openOn(table), await openOn(table)];
      const reader = readLog(other);
      expect(await reader.placed()).to.equal('0');
      const ids = await append(one, ...numbers(20));
      expect(await reader.until(20)).to.deep.equal(numbers(20));
      expect(ids).to.deep.equal(numbers(20, 1).map(String));
      expect(records[0]).to.equal('{"data":0}');
      for (const id of [5, 20]) {
        const back = readLog(one, String(id));
        if (id < 20) expect(await back.until(20 - id)).to.deep.equal(numbers(20 - id, id));
      }
      await append(other, 'later');
      expect(await readLog(one, '20').until(1)).to.deep.equal(['later']);
    });

    it('reads more than fits in a page', async () => {
      const { table } = tableOf();
      for (const data of numbers(2500)) await table.add(JSON.stringify({ data }));
      const log = await openOn(table);
      const reader = readLog(log, '0');
      expect(await reader.until(2500)).to.deep.equal(numbers(2500));
      for (const data of numbers(1500, 2500)) await table.add(JSON.stringify({ data }));
      expect(await reader.until(4000)).to.deep.equal(numbers(4000));
    });

    it('says of an id that it is none, or not yet', async () => {
      const { table } = tableOf();
      const log = await openOn(table);
      await append(log, 'a');
      for (const [id, reason] of Object.entries({
        x: 'invalid',
        '01': 'invalid',
        '': 'invalid',
        2: 'future',
      })) {
        expect(await readLog(log, id).until(2)).to.deep.equal([{ reason }, 'a']);
      }
    });

    it('waits for a table that cannot be read', async () => {
      const { table } = tableOf();
      let isDown = false;
      const failed = new Subject<void>();
      const shaky: Table = {
        ...table,
        async read(after, limit) {
          if (isDown) {
            failed.next();
            throw new Error('mine');
          }
          return table.read(after, limit);
        },
      };
      const { error } = console;
      console.error = () => undefined;
      cleanUps.push(() => (console.error = error));
      const log = await openOn(shaky);
      const reader = readLog(log);
      await reader.placed();
      const failure = firstValueFrom(failed);
      isDown = true;
      await failure;
      await append(log, 'a', 'b');
      isDown = false;
      expect(await reader.until(2)).to.deep.equal(['a', 'b']);
    });
  });

  // After all others, as what is described comes after what is not.
  describe('whichever it is', () => {
    it('is run', async () => {
      expect(await recipesNotRun('LOGS.md')).to.deep.equal([]);
    });
  });
});
