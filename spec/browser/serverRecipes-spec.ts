import { expect } from 'chai';
import { build } from 'esbuild';
import express, { type Express, type RequestHandler } from 'express';
import { createServer, type Server } from 'node:http';
import type { Browser, Page } from 'playwright-core';
import { firstValueFrom, ReplaySubject, take, toArray } from 'rxjs';
import type { Resumable } from 'rxjs-sse';
import { toSSE } from 'rxjs-sse/express';
import { memoryLog } from 'rxjs-sse/log';
import { launchChromium } from '../support/chromium.js';
import { listen } from '../support/listen.js';
import { recipeFile, removeRecipes, runRecipe } from '../support/recipe.js';

/** What the page has seen. */
declare const seen: readonly string[];

describe('in Chromium, the recipe for servers', function () {
  this.timeout(20_000);

  let browser: Browser | undefined;
  let page: Page | undefined;
  const servers: Server[] = [];

  before(async function () {
    browser = await launchChromium('the recipes for servers in a page');
    if (!browser) return this.skip();
  });
  after(async () => {
    await browser?.close();
    await removeRecipes();
  });
  afterEach(async () => {
    await page?.close();
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });

  /** Serves it at an origin of its own. */
  const serve = async (app: Express) => {
    const server = createServer(app);
    servers.push(server);
    const origin = `http://127.0.0.1:${await listen(server)}`;
    return { origin, cut: () => server.closeAllConnections() };
  };
  /** Answers with a page that runs this. */
  const pageOf = async (contents: string): Promise<RequestHandler> => {
    const { outputFiles } = await build({
      stdin: { contents: `globalThis.seen = []; ${contents}`, resolveDir: import.meta.dirname },
      bundle: true,
      format: 'esm',
      target: 'es2022',
      write: false,
    });
    const html = `<!doctype html><script type="module">${outputFiles[0]?.text}</script>`;
    return (_request, response) => void response.type('html').send(html);
  };
  const visit = async (url: string) => {
    page = await browser?.newPage();
    await page?.goto(url);
  };
  const untilSeen = (...lines: string[]) =>
    page?.waitForFunction(expected => JSON.stringify(seen) === expected, JSON.stringify(lines));

  it('"The browser\'s own EventSource" listens by type, comes back, and is told of a gap', async () => {
    const log = memoryLog({ maxEvents: 1 });
    let isOver = false;
    const prices = toSSE(() => (isOver ? [] : log), { retry: 500 });
    const module = await recipeFile("The browser's own EventSource");
    const watching = await pageOf(`
      import { watch } from '${module}';
      watch('/prices', line => seen.push(line));
    `);
    const { origin, cut } = await serve(express().get('/prices', prices).get('/page', watching));
    await visit(`${origin}/page`);

    await untilSeen('open');
    const first = await log.append({ type: 'price', data: 'a' });
    await untilSeen('open', `${first}: a`);
    cut();
    await untilSeen('open', `${first}: a`, 'lost');
    await log.append({ type: 'price', data: 'b' });
    const last = await log.append({ type: 'price', data: 'c' });
    const lines = ['open', `${first}: a`, 'lost', 'open', 'missing: {"reason":"trimmed"}', `${last}: c`];
    await untilSeen(...lines);
    isOver = true;
    cut();
    await untilSeen(...lines, 'lost', 'closed');
  });

  it('"Another origin" lets a page of it read, with its cookies, and resume', async () => {
    const { appOf } = await runRecipe<{ appOf: (prices: Resumable, origins: readonly string[]) => Express }>(
      'Another origin',
    );
    const log = memoryLog();
    const place$ = new ReplaySubject<string | undefined>();
    const prices: Resumable = {
      after(id) {
        place$.next(id);
        return log.after(id);
      },
    };
    const pages = express();
    const other = await serve(pages);
    const cookies: unknown[] = [];
    const app = express()
      .get('/login', (_request, response) => void response.cookie('user', 'ann').end())
      .use((request, _response, next) => {
        if (request.method === 'GET') cookies.push(request.headers.cookie);
        next();
      })
      .use(appOf(prices, [other.origin]));
    const { origin, cut } = await serve(app);
    pages.get(
      '/page',
      await pageOf(`
        import { fromSSE } from 'rxjs-sse';
        await fetch('${origin}/login', { mode: 'no-cors', credentials: 'include' });
        fromSSE('${origin}/prices', { credentials: 'include', reconnect: { delay: 100 } })
          .subscribe(({ data }) => seen.push(data));
      `),
    );
    await visit(`${other.origin}/page`);

    await firstValueFrom(place$);
    const first = await log.append({ data: 'a' });
    await untilSeen('a');
    cut();
    await log.append({ data: 'b' });
    await untilSeen('a', 'b');
    expect(await firstValueFrom(place$.pipe(take(2), toArray()))).to.deep.equal([undefined, first]);
    expect(cookies).to.deep.equal(['user=ann', 'user=ann']);
  });
});
