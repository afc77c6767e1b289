import { expect } from 'chai';
import {
  numberOf,
  published,
  runSlowReader,
  type SlowReaderDoor,
  type SlowReaderRun,
  type SlowReaderSource,
} from './support/slowReader.js';

describe('runs',  () => {
  const table: [SlowReaderSource, SlowReaderDoor][] = [
    ['disconnect', 'node'],
    ['drop-oldest', 'node'],
    ['drop-newest', 'node'],
    ['latestBy', 'node'],
    ['resumable', 'node'],
    ['iterable', 'node'],
    ['asyncIterable', 'node'],
    ['readableStream', 'node'],
    ['control', 'naive'],
    ['drop-oldest', 'express'],
    ['drop-oldest', 'fetch'],
    ['drop-oldest', 'http2'],
    ['asyncIterable', 'express'],
    ['asyncIterable', 'fetch'],
    ['asyncIterable', 'http2'],
  ];
  it('x', async function () {
    this.timeout(60000);
    await Promise.all(table.map(async ([s, d]) => {
      const t = performance.now();
      const r = await runSlowReader(s, d).catch(e => { console.log(s,d,e); return undefined; });
      if (!r) return;
      console.log(s, d, (r.growth/1e6).toFixed(3), r.given, r.closings, r.received.map(x => [x.length, x.filter(e=>e.type==='gap').map(e=>e.data).join(), x[0]?.data.slice(0,10), x.at(-1)?.data.slice(0,12)].join(' ')), (performance.now()-t|0), r.output);
    }));
  });
});
