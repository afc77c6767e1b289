import { build } from 'esbuild';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { describeClient } from '../contracts/client.js';
import { standardDeviations } from '../contracts/client/answers.js';
import type { ClientDriver, Sight, StreamConfig } from '../contracts/client/driver.js';
import { launchChromium } from '../support/chromium.js';

/** What the bundle below puts into each page. */
declare const contract: {
  readonly open: (client: string, id: number, url: string, config: StreamConfig) => Promise<void>;
  readonly stop: (id: number) => void;
};

const inPage = `
  import { fromSSE } from '../../src/index.js';
  import { eventSourceDriver, fromSseDriver } from '../contracts/client/driver.js';

  const drivers = { fromSSE: fromSseDriver(fromSSE), EventSource: eventSourceDriver(EventSource) };
  const stops = new Map();
  globalThis.contract = {
    async open(client, id, url, config) {
      stops.set(id, await drivers[client].open(url, config, sight => void see(id, sight)));
    },
    stop: id => stops.get(id)(),
  };
`;

describe('in Chromium:', function () {
  this.timeout(20_000);

  let browser: Browser | undefined;
  let context: BrowserContext;
  const pages = new Map<string, Promise<Page>>();
  const watchers: ((sight: Sight) => void)[] = [];

  before(async function () {
    browser = await launchChromium('the client contract in a page');
    if (!browser) return this.skip();
    const { outputFiles } = await build({
      stdin: { contents: inPage, resolveDir: import.meta.dirname },
      bundle: true,
      format: 'iife',
      target: 'es2022',
      write: false,
    });
    // One scenario redirects to another port, which is an access to the machine's own network.
    context = await browser.newContext({ permissions: ['local-network-access'] });
    await context.addInitScript(outputFiles[0]?.text ?? '');
    await context.exposeFunction('see', (id: number, sight: Sight) => watchers[id]?.(sight));
    await context.route('**/blank', route => route.fulfill({ contentType: 'text/html', body: '' }));
  });
  after(() => browser?.close());

  /** A page of the origin itself, since `Last-Event-ID` would cost any other a preflight. */
  const pageOf = (origin: string) => {
    const page = pages.get(origin) ?? newPage(origin);
    pages.set(origin, page);
    return page;
  };
  const newPage = async (origin: string) => {
    const page = await context.newPage();
    await page.goto(`${origin}/blank`);
    return page;
  };
  const driver = (client: 'fromSSE' | 'EventSource'): ClientDriver => ({
    async open(url, config, see) {
      const page = await pageOf(new URL(url).origin);
      const id = watchers.push(see) - 1;
      await page.evaluate(args => contract.open(...args), [client, id, url, config] as const);
      return () => page.evaluate(stream => contract.stop(stream), id);
    },
  });

  const ownHead = 'the browser takes half a head for a whole one';
  describeClient('fromSSE', driver('fromSSE'), {
    'comes back when the connection closes in the middle of a head': ownHead,
  });

  // The control.
  const moves = 'comes back to where it was sent';
  const toDefault = 'goes back to three seconds';
  describeClient('EventSource', driver('EventSource'), {
    'strips a BOM before a blank line': 'takes the line that follows for a part of it',
    'ignores any other retry': toDefault,
    'comes back when the connection closes in the middle of a head': ownHead,
    'notices that a connection has died without a word': 'has no idle timeout',
    'tells 204 from a failure': 'tells no more than that it is over',
    ...standardDeviations,
    'follows 301, and comes back to where it was sent from': moves,
    'follows 302, and comes back to where it was sent from': moves,
    'follows 303, and comes back to where it was sent from': moves,
    'follows 307, and comes back to where it was sent from': moves,
    'follows 308, and comes back to where it was sent from': moves,
    'takes "text/event-stream;charset=windows-1251" for an event stream, in UTF-8': 'takes no other charset',
    'is not told how long to wait by "retry: "': toDefault,
    'is not told how long to wait by "retry"': toDefault,
    'does not spin after retry: 0': 'spins',
    'comes back from an id of 20,000 bytes, and leaves it out': 'sends it',
  });
});
