import { expect } from 'chai';
import { EMPTY, map, mergeMap, NEVER, of, range, Subject, throwError, timer } from 'rxjs';
import type { SseEvent } from '../../../src/index.js';
import type { Overflow } from '../../../src/server/index.js';
import { standstill } from '../../support/standstill.js';
import { settled } from '../../support/virtualTime.js';
import { a, begun, wholeBody, type Stage } from './stage.js';

export function options({ serve, read, closing }: Stage): void {
  const large = 'x'.repeat(16_384);
  /** More than the buffers of both ends hold. */
  const count = 800;
  const upTo = (end: number) => Array.from({ length: end }, (_, id) => id);
  const numbersIn = (body: string) => Array.from(body.matchAll(/^id: (\d+)$/gm), ([, id]) => Number(id));

  describe('overflow', () => {
    /** Has a reader that does not read miss a lot, and then read on to the end. */
    const missALot = async (overflow: Overflow) => {
      const events$ = new Subject<SseEvent>();
      await serve(() => events$, { overflow, bufferLimit: 100_000, stallTimeout: Infinity });
      const reader = read();
      await reader.until(begun);
      reader.pause();
      for (let id = 0; id < count; id++) {
        events$.next({ data: large, id: String(id), type: id % 2 === 0 ? 'even' : 'odd' });
        await settled();
      }
      events$.complete();
      const closed = closing();
      reader.resume();
      const body = await wholeBody(reader);
      const gaps = Array.from(body.matchAll(/^event: gap\ndata: \{"dropped":(\d+)\}$/gm), ([, n]) =>
        Number(n),
      );
      return { ids: numbersIn(body), gaps, closing: await closed };
    };
    it('drop-oldest leaves the oldest out, and says how many in their place', async () => {
      const { ids, gaps, closing } = await missALot('drop-oldest');
      const [dropped = 0] = gaps;
      expect(gaps).to.have.length(1);
      const before = ids.findIndex((id, index) => id !== index);
      expect(ids).to.deep.equal(upTo(count).filter(id => id < before || id >= before + dropped));
      expect(closing).to.include({ reason: 'complete', events: count - dropped, dropped });
    });

    it('drop-newest leaves the newest out, and says how many in their place', async () => {
      const { ids, gaps, closing } = await missALot('drop-newest');
      const [dropped = 0] = gaps;
      expect(gaps).to.have.length(1);
      expect(dropped).to.be.greaterThan(0);
      expect(ids).to.deep.equal(upTo(count - dropped));
      expect(closing).to.include({ reason: 'complete', events: count - dropped, dropped });
    });

    it('latestBy leaves out what is superseded, and says nothing', async () => {
      const { ids, gaps, closing } = await missALot({ latestBy: ({ type }) => type });
      expect(gaps).to.deep.equal([]);
      expect(ids.slice(-2)).to.deep.equal([count - 2, count - 1]);
      expect(closing).to.include({ events: ids.length, dropped: count - ids.length });
      expect(ids.length).to.be.lessThan(count);
    });
  });

  describe('of a source that can be slowed', () => {
    it('what can be read from a place loses and repeats nothing, and is left meanwhile', async () => {
      let reads = 0;
      const after = (id = '0') => {
        reads++;
        const place = Number(id);
        return range(place + 1, count - place).pipe(map(n => ({ id: String(n), data: large })));
      };
      await serve(() => ({ after }), { bufferLimit: 1 });
      const reader = read();
      await reader.until(begun);
      reader.pause();
      await standstill(() => reads);
      const before = reads;
      reader.resume();
      expect(numbersIn(await wholeBody(reader))).to.deep.equal(upTo(count).map(id => id + 1));
      expect(reads).to.be.greaterThan(before);
    });

    it('a generator is asked only while there is room, and closed with its reader', async () => {
      let asked = 0;
      let finalized = 0;
      await serve(async function* () {
        try {
          for (;;) yield await Promise.resolve({ data: `${++asked} ${large}` });
        } finally {
          finalized++;
        }
      });
      const { until, pause, leave } = read();
      await until('data: 3 ');
      pause();
      await standstill(() => asked);
      expect(asked).to.be.lessThan(2000);
      const closed = closing();
      leave();
      expect(await closed).to.include({ reason: 'gone', dropped: 0 });
      expect(finalized).to.equal(1);
    });
  });

  it('refuses a reader who is one too many, until there is a place', async () => {
    await serve(() => NEVER, { maxConnections: 1, retry: 2000 });
    const first = read();
    await first.until(': keep-alive');
    const { status, headers } = await read().head();
    expect([status, headers['retry-after']]).to.deep.equal([503, '2']);
    const closed = closing();
    first.leave();
    await closed;
    await read().until(': keep-alive');
  });

  it('begins with as much padding as it is asked for', async () => {
    await serve(() => of(a), { padding: 2048 });
    expect(await wholeBody(read())).to.match(/^: keep-alive 15000\n: {2049}\n\ndata: a\n\n$/);
  });

  it('has the head wait for the first event, which may be an end or an error', async () => {
    const sources = [
      timer(1).pipe(mergeMap(() => of(a))),
      timer(1).pipe(mergeMap(() => EMPTY)),
      timer(1).pipe(mergeMap(() => throwError(() => 'mine'))),
    ];
    await serve(() => sources.shift() ?? NEVER, { head: 'first-event' });
    expect(await wholeBody(read())).to.equal(`${begun}data: a\n\n`);
    expect((await read().head()).status).to.equal(204);
    expect((await read().head()).status).to.equal(500);
  });

  for (const [why, config] of [
    ['has been open for long enough', { maxDuration: 20 }],
    ['is not wanted any more', { takeUntil: () => timer(20) }],
  ] as const) {
    it(`ends a stream properly that ${why}`, async () => {
      await serve(() => NEVER, config);
      expect(await wholeBody(read())).to.equal(begun);
    });
  }
}
