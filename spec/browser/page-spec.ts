import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { launchChromium } from '../support/chromium.js';
import { collectComplaints } from '../support/complaints.js';
import { startDemo, type DemoServer } from '../support/demoServer.js';

describe('the page of npm start', function () {
  this.timeout(60_000);

  let demo: DemoServer;
  let browser: Browser | undefined;
  let page: Page;
  const complaints: string[] = [];

  before(async function () {
    browser = await launchChromium('the page');
    if (!browser) return this.skip();
    demo = await startDemo();
    page = await browser.newPage();
    collectComplaints(page, complaints);
    await page.goto(demo.base);
  });

  after(async () => {
    if (!browser) return;
    await browser.close();
    await demo.stop();
  });

  it('shows that it is connected, and points arriving', async () => {
    await waitForState('open');
    await waitForEvents(3);

    expect(await textOf('last-event-id')).to.match(/^[0-9a-f]{8}\.\d+$/);
    expect(await pixelsDrawn('cpu')).to.be.greaterThan(0);
  });

  it('counts down after its connection was cut, and comes back', async () => {
    const seen = Number(await textOf('events'));
    await page.click('#cut');
    await waitForState('reconnecting in');
    expect(await page.locator('#cut').isDisabled()).to.equal(true);

    await waitForState('open');
    expect(await textOf('reconnects')).to.equal('1');
    await waitForEvents(seen + 8);
  });

  it('has missed nothing', async () => {
    expect(await textOf('missing')).to.equal('0');
  });

  it('has complained of nothing in the console', () => {
    expect(complaints).to.deep.equal([]);
  });

  it('comes back to a server that was started anew', async () => {
    const { port } = new URL(demo.base);
    await demo.stop();
    await waitForState('reconnecting in');
    demo = await startDemo({ PORT: port });
    await waitForState('open');
    await waitForEvents(Number(await textOf('events')) + 2);
  });

  const textOf = async (id: string) => (await page.locator(`#${id}`).textContent()) ?? '';

  const waitForState = (state: string) =>
    page.waitForFunction(text => document.getElementById('state')?.textContent.startsWith(text), state);

  const waitForEvents = (count: number) =>
    page.waitForFunction(
      least => Number(document.getElementById('events')?.textContent ?? 0) >= least,
      count,
    );

  /** How many pixels have the colour of the first core. */
  const pixelsDrawn = (id: string) =>
    page.evaluate(canvasId => {
      const canvas = document.querySelector<HTMLCanvasElement>(`canvas#${canvasId}`);
      const data = canvas?.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
      let count = 0;
      for (let i = 0; i < data.length; i += 4) if (data[i] === 0xf0 && data[i + 1] === 0x3e) count++;
      return count;
    }, id);
});
