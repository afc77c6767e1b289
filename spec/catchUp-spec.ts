import { createClient } from '@redis/client';
import { expect } from 'chai';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { catchUp } from './support/catchUpReader.js';
import type { CatchUpServerReport } from './support/catchUpServer.js';
import type { EngineServer } from './support/engineServer.js';
import { redisServer } from './support/redisServer.js';

const count = 100_000;
/** With it, the data of an event take about 130 bytes. */
const padding = 110;
const megabyte = 1_000_000;

/** That of the pages on their way, and of what the log has at hand, which changes from the last four thousand events to twice that. */
const constant = 5 * megabyte;

describe('a reader that was away for a hundred thousand events, and reads them slowly,', function () {
  this.timeout(60_000);

  let engine: EngineServer | undefined;
  let server: ChildProcess | undefined;
  afterEach(async () => {
    if (server?.connected) {
      const gone = once(server, 'exit');
      server.disconnect();
      await gone;
    }
    await engine?.stop();
    engine = server = undefined;
  });

  it('gets each once and in order, while the server of a log in memory keeps what it did', async () => {
    const { path, firstId } = await start();
    await expectBounded(path, firstId);
  });

  it('gets each once and in order, while the server of a log in Redis keeps a few of them', async function () {
    engine = await redisServer();
    const lastEventId = await fill(engine.port);
    const { path } = await start(`${engine.port}`);
    await expectBounded(path, lastEventId);
  });

  async function start(...engine: readonly string[]): Promise<CatchUpServerReport> {
    server = fork(program, [`${count}`, `${padding}`, ...engine], {
      execArgv: ['--expose-gc', '--import', 'tsx'],
    });
    const [report] = await once(server, 'message');
    return report;
  }

  async function memory(): Promise<number> {
    server?.send('memory');
    const [kept] = server ? await once(server, 'message') : [];
    return kept;
  }

  async function expectBounded(path: string, lastEventId: string): Promise<void> {
    const backlog = { to: { path }, lastEventId, first: 1, last: count };
    // What it costs once, however much there is.
    await catchUp({ ...backlog, last: 10_000 });
    const before = await memory();
    let most = before;
    const { bytes } = await catchUp({
      ...backlog,
      pauseAfter: 3 * megabyte,
      whilePaused: async () => (most = Math.max(most, await memory())),
    });
    expect(bytes).to.be.greaterThan(13 * megabyte);
    expect(most - before).to.be.lessThan(constant);
  }
});

const program = fileURLToPath(new URL('support/catchUpServer.ts', import.meta.url));

/** Appends in Redis itself, which is fast. Gives the id of the first. */
async function fill(port: number): Promise<string> {
  const client = createClient({ url: `redis://127.0.0.1:${port}` });
  await client.connect();
  const script = `
    local first = redis.call('XADD', 'log', '*', 'event', '{"data":{"n":0}}')
    for n = 1, ${count} do
      redis.call('XADD', 'log', '*', 'event', '{"data":{"n":' .. n .. ',"text":"${'.'.repeat(padding)}"}}')
    end
    return first`;
  const first = await client.sendCommand<string>(['EVAL', script, '0']);
  client.destroy();
  return first;
}
