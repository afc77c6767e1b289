import { expect } from 'chai';
import express from 'express';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { concat, NEVER, of } from 'rxjs';
import { toSSE } from 'rxjs-sse/express';
import { buildAngularApp } from '../../demo/angular/build.js';
import { launchChromium } from '../support/chromium.js';
import { collectComplaints } from '../support/complaints.js';
import { listen } from '../support/listen.js';

const app = fileURLToPath(new URL('../fixtures/angular-hydration', import.meta.url));

describe('an Angular page that was drawn on the server', function () {
  this.timeout(60_000);

  let browser: Browser | undefined;
  let page: Page;
  let server: Server;
  let outdir: string;
  let base: string;
  let html: string;
  let connections = 0;
  const complaints: string[] = [];

  before(async function () {
    browser = await launchChromium('hydration');
    if (!browser) return this.skip();
    outdir = await mkdtemp(join(tmpdir(), 'rxjs-sse-'));
    await buildAngularApp({ project: join(app, 'tsconfig.json'), entry: 'main.ts', outdir });
    const draw = [process.execPath, ['--import', 'tsx', join(app, 'server.ts')]] as const;
    html = (await promisify(execFile)(...draw)).stdout;

    const numbers = toSSE(() => {
      connections++;
      return concat(of({ data: 1 }, { data: 2 }), NEVER);
    });
    server = createServer(
      express()
        .get('/', (_request, response) => void response.send(html))
        .get('/numbers', numbers)
        .use(express.static(outdir)),
    );
    base = `http://127.0.0.1:${await listen(server)}`;
    page = await browser.newPage();
    collectComplaints(page, complaints);
  });

  after(async () => {
    if (!browser) return;
    await browser.close();
    server.closeAllConnections();
    server.close();
    await rm(outdir, { recursive: true });
  });

  it('shows what there is before the first event', () => {
    expect(html).to.include('<p id="latest">none yet</p><p id="status">loading</p>');
    expect(html).to.include('ngh=');
  });

  it('opens its streams in the browser, and goes on in the elements that are there', async () => {
    await page.goto(base);
    await page.waitForFunction(() => document.querySelectorAll('li').length === 2);
    expect(await page.locator('#status').textContent()).to.equal('resolved');
    expect(await page.locator('#latest').textContent()).to.equal('2');
    expect(await page.locator('#latest').getAttribute('data-from')).to.equal('server');
    expect(connections).to.equal(2);
    expect(complaints).to.deep.equal([]);
  });
});
