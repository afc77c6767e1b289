import { expect } from 'chai';
import { build } from 'esbuild';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { Subject } from 'rxjs';
import { launchChromium } from '../support/chromium.js';
import { open, scriptedServer, stop, type ScriptedServer } from '../support/scriptedServer.js';

/** What the tab has seen. */
declare const seen: readonly string[];
declare const leave: () => void;

describe('in Chromium, shareAcrossTabs', function () {
  this.timeout(20_000);

  let browser: Browser | undefined;
  let context: BrowserContext;
  let server: ScriptedServer;
  let script: string;
  /** What the stream that is open is to send. */
  let sending: Subject<string>;

  before(async function () {
    browser = await launchChromium('tabs that share a connection');
    if (!browser) return this.skip();
    const { outputFiles } = await build({
      stdin: {
        contents: `
          import { fromSSE, resuming, shareAcrossTabs } from '../../src/index.js';
          globalThis.seen = [];
          const subscription = resuming(resumePoint =>
            fromSSE('/events', { resumePoint }).pipe(shareAcrossTabs('events', resumePoint)),
          ).subscribe({ next: ({ data }) => seen.push(data), complete: () => seen.push('complete') });
          globalThis.leave = () => subscription.unsubscribe();
        `,
        resolveDir: import.meta.dirname,
      },
      bundle: true,
      format: 'esm',
      target: 'es2022',
      write: false,
    });
    script = outputFiles[0]?.text ?? '';
  });
  after(() => browser?.close());

  beforeEach(async () => {
    if (!browser) throw new Error('Expected a browser');
    sending = new Subject();
    const stream = open(':\n');
    server = await scriptedServer(
      ...Array.from({ length: 3 }, () => (response: Parameters<typeof stream>[0]) => {
        stream(response, response.req);
        const subscription = sending.subscribe(text => response.write(text));
        response.on('close', () => subscription.unsubscribe());
      }),
    );
    context = await browser.newContext();
    await context.route('**/tab', route =>
      route.fulfill({
        contentType: 'text/html',
        body: `<!doctype html><script type="module">${script}</script>`,
      }),
    );
  });
  afterEach(async () => {
    await context.close();
    server.close();
  });

  const openTab = async () => {
    const tab = await context.newPage();
    await tab.goto(`${server.url}/tab`);
    return tab;
  };
  const untilSeen = (tab: Page, ...data: string[]) =>
    tab.waitForFunction(expected => JSON.stringify(seen) === expected, JSON.stringify(data));
  const lastEventIds = () => server.requests.map(({ headers }) => headers['last-event-id']);

  it('makes one connection, whose events all tabs see', async () => {
    const tabs = [await openTab()];
    await server.request(0);
    tabs.push(await openTab(), await openTab());
    sending.next('id: 1\ndata: a\n\nid: 2\ndata: b\n\n');
    for (const tab of tabs) await untilSeen(tab, 'a', 'b');
    expect(server.requests).to.have.length(1);
  });

  for (const [manner, go] of [
    ['is closed', (tab: Page) => tab.close()],
    ['unsubscribes', (tab: Page) => tab.evaluate(() => leave())],
  ] as const) {
    it(`goes on in another tab, without loss or repetition, when the one that has it ${manner}`, async () => {
      const first = await openTab();
      await server.request(0);
      const others = [await openTab(), await openTab()];
      sending.next('id: 1\ndata: a\n\n');
      for (const tab of others) await untilSeen(tab, 'a');

      await go(first);
      await server.request(1);
      sending.next('id: 2\ndata: b\n\n');
      for (const tab of others) await untilSeen(tab, 'a', 'b');
      expect(lastEventIds()).to.deep.equal([undefined, '1']);
    });
  }

  it('is over in every tab once the server says stop', async () => {
    server.close();
    server = await scriptedServer(stop, stop);
    const tabs = [await openTab(), await openTab()];
    for (const tab of tabs) await untilSeen(tab, 'complete');
    expect(server.requests).to.have.length(2);
  });
});
