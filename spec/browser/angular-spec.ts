import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { angularDemoServer, type AngularDemoServer } from '../support/angularDemoServer.js';
import { launchChromium } from '../support/chromium.js';
import { collectComplaints } from '../support/complaints.js';
import { startDemo, type DemoServer } from '../support/demoServer.js';

describe('npm run demo:angular', function () {
  this.timeout(60_000);

  let demo: DemoServer;
  before(async () => (demo = await startDemo({}, 'demo/angular.ts')));
  after(() => demo.stop());

  it('prints where its page is, and serves it', async () => {
    const get = async (path: string) => {
      const response = await fetch(demo.base + path);
      return [response.status, response.headers.get('content-type'), await response.text()];
    };
    expect(await get('/')).to.satisfy(([status, , html]: string[]) => {
      return Number(status) === 200 && html?.includes('<app-root>');
    });
    expect((await get('/main.js')).slice(0, 2)).to.deep.equal([200, 'text/javascript; charset=utf-8']);
    expect((await get('/style.css')).slice(0, 2)).to.deep.equal([200, 'text/css; charset=utf-8']);
  });

  describe('its page', () => {
    let browser: Browser | undefined;
    let page: Page;
    /** What a browser says of a server that is away. */
    const ofTheNetwork = /^Failed to load resource: net::ERR_/;
    const complaints: string[] = [];

    before(async function () {
      browser = await launchChromium('the page of npm run demo:angular');
      if (!browser) return this.skip();
    });
    after(() => browser?.close());

    const open = async (url: string) => {
      if (!browser) throw new Error('Expected a browser');
      page = await browser.newPage();
      page.setDefaultTimeout(15_000);
      collectComplaints(page, complaints);
      await page.goto(url);
      await waitForState('open');
    };

    describe('with the metrics of this machine', () => {
      before(() => open(demo.base));
      after(() => page.close());

      it('lists events as they come, with their ids', async () => {
        await waitForEvents(3);

        const ids = await page.locator('ol code').allTextContents();
        expect(ids).to.have.length.of.at.least(3);
        for (const id of ids) expect(id).to.match(/^[0-9a-f]{8}\.\d+$/);
        expect(await textOf('last-event-id')).to.match(/^[0-9a-f]{8}\.\d+$/);
      });

      it('draws charts', async () => {
        await waitForPoints(3);
        for (const line of await page.locator('.line').all()) {
          expect((await line.boundingBox())?.width).to.be.greaterThan(0);
        }
        expect(await page.locator('svg').count()).to.equal(4);
      });

      it('says that it reconnects after its connection was cut, and comes back', async () => {
        await page.click('button');
        await waitForState('reconnecting in');
        expect(await page.locator('button').isDisabled()).to.equal(true);

        await waitForState('open');
        await page.waitForSelector('.was-missed');
        expect(await textOf('reconnects')).to.equal('1');
        expect(await textOf('missing')).to.equal('0');
        const numbers = await numbersListed();
        expect(numbers).to.deep.equal(numbers.map((_, index) => (numbers[0] ?? 0) - index));
      });

      it('complains of nothing', () => expect(complaints).to.deep.equal([]));
    });

    describe('with a server that is told what to say', () => {
      let server: AngularDemoServer;
      const all: number[] = [];
      const append = async (count: number) => all.push(...(await server.append(count)));

      before(async function () {
        server = await angularDemoServer(demo.base);
        await open(server.base);
        await page.waitForFunction(() => document.querySelectorAll('.light[data-state=open]').length === 2);
      });
      after(() => server.close());

      it('is drawn once for a hundred events that come at once, by each of the two streams', async () => {
        await append(1);
        await waitForPoints(1);
        const [renders, writes] = [await rendersAfterAll(), server.writes()];
        await append(100);
        await waitForEvents(101);
        await waitForPoints(101);

        expect(server.writes() - writes).to.equal(2);
        expect((await rendersAfterAll()) - renders).to.be.within(1, 2);
      });

      it('is not drawn while nothing comes', async () => {
        const renders = await rendersAfterAll();
        await new Promise(resolve => setTimeout(resolve, 600));
        expect(await rendersAfterAll()).to.equal(renders);
      });

      it('goes on without a hole once the server is back', async () => {
        await server.close();
        await waitForState('reconnecting in');
        await append(20);
        await server.reopen();
        await waitForState('open');
        await waitForEvents(121);
        await append(5);
        await waitForEvents(126);
        await waitForPoints(126);

        expect(await numbersListed()).to.deep.equal(all.slice(-40).reverse());
        expect(await page.locator('.was-missed').count()).to.equal(20);
        expect(await textOf('missing')).to.equal('0');
        expect(await textOf('reconnects')).to.match(/^[1-9]$/);
      });

      it('says what it cannot know once the server has lost its log', async () => {
        await server.close();
        await waitForState('reconnecting in');
        server.forget();
        await append(3);
        await server.reopen();
        await page.waitForSelector('li.gap');

        expect(await page.locator('li.gap').textContent()).to.match(/gap, reset/);
        expect(await textOf('missing')).to.equal('unknown');
        await waitForEvents(130);
        expect((await numbersListed()).slice(0, 4)).to.deep.equal([...all.slice(-4)].reverse());
      });

      it('complains of nothing but the network', () => {
        expect(complaints.filter(text => !ofTheNetwork.test(text))).to.deep.equal([]);
      });
    });

    const textOf = async (id: string) => (await page.locator(`#${id}`).textContent()) ?? '';

    const waitForState = (state: string) =>
      page.waitForFunction(
        text => document.getElementById('state')?.textContent.trim().startsWith(text),
        state,
      );

    const waitForEvents = (count: number) =>
      page.waitForFunction(
        least => Number(document.getElementById('events')?.textContent ?? 0) >= least,
        count,
      );

    /** Waits until the first line of the charts has so many points. */
    const waitForPoints = (count: number) =>
      page.waitForFunction(
        least => (document.querySelector('.line')?.getAttribute('d') ?? '').split(' ').length >= least,
        count,
      );

    /** The numbers of the samples in the list, the newest first. */
    const numbersListed = () =>
      page.evaluate(() =>
        Array.from(document.querySelectorAll<HTMLElement>('[data-number]'), item =>
          Number(item.dataset['number']),
        ),
      );

    /** How often Angular has drawn the page, once it has drawn all that it knows. */
    const rendersAfterAll = () =>
      page.evaluate(async () => {
        for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
        return Number(document.querySelector('app-render-count')?.textContent);
      });
  });
});
