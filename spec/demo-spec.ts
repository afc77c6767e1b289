import { expect } from 'chai';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { EventSource } from 'eventsource';
import {
  catchError,
  defer,
  filter,
  firstValueFrom,
  ignoreElements,
  of,
  repeat,
  take,
  takeUntil,
  timer,
  toArray,
} from 'rxjs';
import { fromSSE } from 'rxjs-sse';
import { startClusterDemo, type ClusterDemo } from './support/clusterDemo.js';
import { listen } from './support/listen.js';
import { needs } from './support/needs.js';
import { runDemo, startDemo, type DemoServer } from './support/demoServer.js';

describe('npm start', function () {
  this.timeout(20_000);

  describe('when it runs', () => {
    let demo: DemoServer;
    before(async () => (demo = await startDemo()));
    after(() => demo.stop());

    it('prints the first events of a subscriber', async () => {
      await demo.printed('and four more each second');
      expect(demo.output().match(/^ {2}[0-9a-f]{8}\.\d+ .*cpu .*memory .*load .*delay /gm)).to.have.length(5);
    });

    it('serves the metrics of this machine, each with an id', async () => {
      const samples$ = fromSSE(`${demo.base}/host`).pipe(
        filter(({ type }) => type === 'sample'),
        take(3),
        toArray(),
      );
      const samples = await firstValueFrom(samples$);

      expect(new Set(samples.map(({ id }) => id))).to.have.length(3);
      for (const { data } of samples) {
        expect(JSON.parse(data)).to.have.keys('number', 'at', 'cpu', 'memory', 'load', 'delay');
      }
    });

    it('goes on after the last event ID', async () => {
      const read = (lastEventId: string) =>
        firstValueFrom(
          fromSSE(`${demo.base}/host`, { lastEventId }).pipe(filter(({ type }) => type === 'sample')),
        );
      const numberOf = ({ data }: { data: string }) => Number(/"number":(\d+)/.exec(data)?.[1]);
      const first = await read('');
      const second = await read(first.lastEventId);

      expect(numberOf(second)).to.equal(numberOf(first) + 1);
    });

    it('serves a clock to fromSSE', async () => {
      const event = await firstValueFrom(fromSSE(`${demo.base}/clock`));
      expect(event.type).to.equal('timestamp');
      expect(new Date(event.data).toISOString()).to.equal(event.data);
    });

    it('serves a clock to EventSource', async () => {
      const source = new EventSource(`${demo.base}/clock`);
      const event = await new Promise<MessageEvent<string>>(resolve =>
        source.addEventListener('timestamp', resolve),
      );
      source.close();
      expect(new Date(event.data).toISOString()).to.equal(event.data);
    });
  });

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`ends at once on ${signal}, with a stream open`, async () => {
      const demo = await startDemo();
      const response = await fetch(`${demo.base}/host`);
      const exit = once(demo.process, 'exit');
      demo.process.kill(signal);

      expect(await exit).to.deep.equal([0, null]);
      await response.body?.cancel().catch(() => undefined);
    });
  }

  it('says in one line that the port is in use', async () => {
    const other = createServer();
    const port = await listen(other);
    const child = runDemo({ PORT: String(port) });
    const [error, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
    other.close();

    expect(error).to.match(new RegExp(`^Port ${port} is in use.*\n$`));
    expect(code).to.equal(1);
  });

  it('says in one line that the port is none', async () => {
    const child = runDemo({ PORT: 'abc' });
    const [error, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);

    expect(error).to.equal('Expected PORT to be a whole number from 0 to 65535, got abc\n');
    expect(code).to.equal(1);
  });
});

describe('npm run demo:cluster', function () {
  this.timeout(60_000);

  let demo: ClusterDemo;
  const run = (args: readonly string[], env?: Readonly<Record<string, string>>) =>
    (demo = startClusterDemo(args, env));
  // Where a spec has failed.
  afterEach(() => void demo.process.kill());

  for (const engine of ['redis', 'nats'] as const) {
    describe(`--engine ${engine}`, () => {
      needs(`${engine}-server`);

      it('kills a server and the engine, and finds nothing lost, twice or out of order', async () => {
        const { output, error, code } = await run(['--engine', engine, '--seconds', '5']).end();
        for (const victim of ['server 1', `${engine}-server`]) {
          expect(output).to.match(new RegExp(`${victim} is killed\\n.* ${victim} is back\\n`));
        }

        const summary = output.slice(output.indexOf('received:')).match(/\d+/g)?.map(Number);
        const [received, reconnects, gaps, ...flaws] = summary ?? [];
        expect(received).to.be.greaterThan(500);
        expect(reconnects).to.be.greaterThan(0);
        expect({ gaps, flaws, code, error }).to.deep.equal({ gaps: 0, flaws: [0, 0, 0], code: 0, error: '' });
      });

      it('ends all that it has started on SIGINT', async () => {
        run(['--engine', engine]);
        const output = await demo.printed('reconnects');
        demo.process.kill('SIGINT');
        // Its servers print where it does, so that what it prints has no end before theirs.
        expect(await demo.end()).to.include({ error: '', code: 0 });

        const port = Number(/on port (\d+)/.exec(output)?.[1]);
        const attempt = async () => {
          const socket = connect(port, '127.0.0.1');
          await once(socket, 'connect');
          socket.destroy();
        };
        const refusal = await firstValueFrom(
          defer(attempt).pipe(
            repeat({ delay: 25 }),
            ignoreElements(),
            catchError((error: unknown) => of(error)),
            takeUntil(timer(10_000)),
          ),
          { defaultValue: undefined },
        );
        expect(refusal).to.include({ code: 'ECONNREFUSED' });
      });
    });
  }

  it('says in one line what to install', async () => {
    expect(await run([], { PATH: '' }).end()).to.deep.equal({
      output: '',
      error: 'There is no redis-server. To install it: apt-get install -y redis-server\n',
      code: 1,
    });
  });

  it('says in one line what it takes', async () => {
    expect(await run(['--engine', 'none']).end()).to.deep.equal({
      output: '',
      error: 'Expected --engine redis or --engine nats, and --seconds with a number\n',
      code: 1,
    });
  });
});
