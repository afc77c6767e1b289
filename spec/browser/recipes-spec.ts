import { expect } from 'chai';
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { launchChromium } from '../support/chromium.js';
import { recipeFile, removeRecipes } from '../support/recipe.js';
import { open, scriptedServer, type Answer, type ScriptedServer } from '../support/scriptedServer.js';

/** What the page has seen since it was loaded. */
declare const seen: readonly string[];

describe('in Chromium, the recipe', function () {
  this.timeout(20_000);

  let browser: Browser | undefined;
  let server: ScriptedServer;
  let page: Page;

  before(async function () {
    browser = await launchChromium('the recipes in a page');
    if (!browser) return this.skip();
  });
  after(async () => {
    await browser?.close();
    await removeRecipes();
  });
  afterEach(async () => {
    await page.close();
    server.close();
  });

  /** A page that subscribes to what the recipe makes of its server, whenever it is loaded. */
  const visit = async (title: string, ...answers: Answer[]) => {
    if (!browser) throw new Error('Expected a browser');
    server = await scriptedServer(...answers);
    const { outputFiles } = await build({
      stdin: {
        contents: `
          import { prices } from '${await recipeFile(title)}';
          globalThis.seen = [];
          // For a recipe that knows a grace period.
          prices('/events', 50).subscribe(({ data }) => seen.push(data));
        `,
        resolveDir: import.meta.dirname,
      },
      bundle: true,
      format: 'esm',
      target: 'es2022',
      write: false,
    });
    page = await browser.newPage();
    await page.route('**/page', route =>
      route.fulfill({
        contentType: 'text/html',
        body: `<!doctype html><script type="module">${outputFiles[0]?.text}</script>`,
      }),
    );
    await page.goto(`${server.url}/page`);
  };
  const untilSeen = (...data: string[]) =>
    page.waitForFunction(expected => JSON.stringify(seen) === expected, JSON.stringify(data));
  const becomes = (state: DocumentVisibilityState) =>
    page.evaluate(visibilityState => {
      Object.defineProperty(document, 'visibilityState', { value: visibilityState, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    }, state);
  const lastEventIds = () => server.requests.map(({ headers }) => headers['last-event-id']);

  it('"The place, kept over a page reload" goes on after a reload', async () => {
    await visit('The place, kept over a page reload', open('id: é1\ndata: a\n\n'), open('data: b\n\n'));
    await untilSeen('a');
    await page.reload();
    await untilSeen('b');
    expect(lastEventIds()).to.deep.equal([undefined, Buffer.from('é1').toString('latin1')]);
  });

  it('"Not while offline, not while hidden" makes no attempt while offline, and one at once when online', async () => {
    await visit(
      'Not while offline, not while hidden',
      open('retry: 3600000\nid: 7\ndata: a\n\n'),
      open('data: b\n\n'),
    );
    await untilSeen('a');
    await page.context().setOffline(true);
    await server.requests[0]?.closed;
    await page.context().setOffline(false);
    await untilSeen('a', 'b');
    expect(lastEventIds()).to.deep.equal([undefined, '7']);
  });

  it('"Not while offline, not while hidden" leaves once the page was hidden for long, and goes on when it is seen', async () => {
    await visit(
      'Not while offline, not while hidden',
      open('retry: 3600000\nid: 7\ndata: a\n\n'),
      open('data: b\n\n'),
    );
    await untilSeen('a');
    await becomes('hidden');
    await server.requests[0]?.closed;
    await becomes('visible');
    await untilSeen('a', 'b');
    expect(lastEventIds()).to.deep.equal([undefined, '7']);
  });
});
