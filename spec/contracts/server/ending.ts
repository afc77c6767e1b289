import { expect } from 'chai';
import { concat, defer, EMPTY, ignoreElements, map, of, range, Subject, throwError, timer } from 'rxjs';
import { SseEventError, type SseEvent } from '../../../src/index.js';
import type { SseProject } from '../../../src/server/index.js';
import { bytes, decode } from '../../support/decode.js';
import { unhandledRejections } from '../../support/uncaught.js';
import { a, b, begun, watched, wholeBody, type Stage } from './stage.js';

export function ending({ serve, connect, read, errors, closings, closing }: Stage): void {
  const mine = new Error('mine');

  it('properly when the source completes, after all that it gave', async () => {
    await serve(() => of(a, b));
    const closed = closing();
    expect(await wholeBody(read())).to.equal(`${begun}data: a\n\ndata: b\n\n`);
    expect(await closed).to.include({ reason: 'complete', events: 2 });
  });

  it('properly when the source completes later, though it gave nothing', async () => {
    await serve(() => timer(1).pipe(ignoreElements()));
    expect(await wholeBody(read())).to.equal(begun);
  });

  for (const [when, project] of [
    ['completes at once and empty', () => EMPTY],
    ['completes at once and empty, once the project has decided', () => Promise.resolve([])],
  ] as const) {
    it(`with a 204 when the source ${when}, on a connection that goes on`, async () => {
      await serve(project);
      const { ask } = connect();
      for (const response of [ask(), ask()]) {
        const { status, headers } = await response.head();
        expect(status).to.equal(204);
        expect(headers).not.to.have.any.keys('content-type', 'content-length', 'transfer-encoding');
        expect(await wholeBody(response)).to.equal('');
      }
      expect(closings).to.deep.equal([]);
    });
  }

  it('without a loss, though its reader takes it slowly', async () => {
    const data = 'x'.repeat(1000);
    const { events$, finalized } = watched(range(1, 900).pipe(map(id => ({ data, id: String(id) }))));
    await serve(() => events$);
    const reader = read();
    reader.pause();
    const closed = closing();
    await finalized;
    reader.resume();
    const { events } = decode([bytes(await wholeBody(reader))]);
    expect(events.map(({ lastEventId }) => Number(lastEventId))).to.deep.equal(
      Array.from({ length: 900 }, (_, n) => n + 1),
    );
    expect(await closed).to.include({ reason: 'complete', events: 900 });
  });

  const failures: Readonly<Record<string, SseProject<unknown>>> = {
    later: () =>
      concat(
        of(a),
        defer(() => Promise.reject(mine)),
      ),
    'at once, after an event': () =>
      concat(
        of(a),
        throwError(() => mine),
      ),
  };
  for (const [when, project] of Object.entries(failures)) {
    it(`by cutting it off when the source fails ${when}, with nothing but what it gave`, async () => {
      await serve(project);
      const { over, body } = read();
      const closed = closing();
      expect(await over()).to.equal('cut');
      expect(body()).to.equal(`${begun}data: a\n\n`);
      expect(errors).to.deep.equal([mine]);
      expect(await closed).to.include({ reason: 'error', error: mine, events: 1 });
    });
  }

  it('by cutting it off only after all that was given has left, however much that is', async () => {
    const data = 'x'.repeat(8_000_000);
    await serve(() =>
      concat(
        of({ data }),
        throwError(() => mine),
      ),
    );
    const { over, body } = read();
    expect(await over()).to.equal('cut');
    expect(body() === `${begun}data: ${data}\n\n`).to.equal(true);
  });

  it('and tells the console of a failure, if nobody else', async () => {
    const { error: original } = console;
    const told: unknown[] = [];
    console.error = (error: unknown) => told.push(error);
    try {
      await serve(() => timer(1).pipe(map(() => expect.fail('mine'))), { errorObserver: undefined });
      expect(await read().over()).to.equal('cut');
      // What speaks fetch may print the failure of a body, too.
      expect(told.map(String)).to.include('AssertionError: mine');
    } finally {
      console.error = original;
    }
  });

  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  const throwing = () => {
    throw mine;
  };
  const invalid: Readonly<Record<string, SseEvent>> = {
    'a line break in its id': { data: 'x', id: '1\ndata: forged' },
    'a NUL in its id': { data: 'x', id: '1\0' },
    'a line break in its type': { data: 'x', type: 't\r\n\r\ndata: forged' },
    'a retry that is not whole': { data: 'x', retry: 1.5 },
    'a retry below 0': { data: 'x', retry: -1 },
    'a retry that is no number': { data: 'x', retry: JSON.parse('"5"') },
    'a comment that is no text': { data: 'x', comment: JSON.parse('5') },
    'data that is a BigInt': { data: 1n },
    'data that is a function': { data: () => 'x' },
    'data that holds itself': { data: cycle },
    'data whose toJSON throws': { data: { toJSON: throwing } },
    'data with a getter that throws': {
      data: Object.defineProperty({}, 'x', { enumerable: true, get: throwing }),
    },
    // What JavaScript may emit, whatever the types say.
    'no fields, since it is none': JSON.parse('null'),
  };
  for (const [name, event] of Object.entries(invalid)) {
    it(`by cutting it off at an event with ${name}, while other readers go on`, async () => {
      const bad$ = new Subject<SseEvent>();
      const good$ = new Subject<SseEvent>();
      await serve((_, { lastEventId }) => (lastEventId === 'bad' ? bad$ : good$));
      const bad = read({ headers: { 'Last-Event-ID': 'bad' } });
      const good = read();
      await Promise.all([bad.until(begun), good.until(begun)]);

      const closed = closing();
      const rejections = await unhandledRejections(async () => {
        for (const each of [a, event, b]) bad$.next(each);
        expect(await bad.over()).to.equal('cut');
      });
      expect(rejections).to.deep.equal([]);
      expect(bad.body()).to.equal(`${begun}data: a\n\n`);
      expect(bad$.observed).to.equal(false);
      expect(errors).to.have.length(1);
      expect(errors[0]).to.be.instanceOf(SseEventError);
      expect(await closed).to.include({ reason: 'error', error: errors[0], events: 1 });

      good$.next(b);
      await good.until('data: b\n\n');
      expect(good.body()).to.equal(`${begun}data: b\n\n`);
    });
  }
}
