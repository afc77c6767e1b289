import { expect } from 'chai';
import { NEVER, of } from 'rxjs';
import { SseEventError } from '../../../src/index.js';
import { a, begun, watched, wholeBody, type Stage } from './stage.js';

export function beginning({ make, serve, connect, read, closings }: Stage): void {
  it('with its head and a comment, at once, however quiet the source is', async () => {
    await serve(() => NEVER);
    const { head, until } = read();
    await until(begun);
    const { status, headers } = await head();
    expect(status).to.equal(200);
    expect(headers).to.include({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    });
  });

  it('without a word about its connection', async () => {
    await serve(() => of(a));
    const { headers } = await read({ isLast: true }).head();
    // What the protocol itself answers, if it has a word for that.
    expect(headers['connection'] ?? 'close').to.equal('close');
    expect(headers).not.to.have.any.keys('keep-alive', 'upgrade');
  });

  it('with a comment also where there is no keep-alive to announce', async () => {
    await serve(() => of(a), { keepAlive: false });
    expect(await wholeBody(read())).to.match(/^: .+\n\ndata: a\n\n$/);
  });

  it('with the reconnection time that it is given, before any event', async () => {
    await serve(() => of(a), { retry: 0 });
    expect(await wholeBody(read())).to.equal(': keep-alive 15000\nretry: 0\n\ndata: a\n\n');
  });

  it('never with a reconnection time that cannot be written', () => {
    for (const retry of [-1, 1.5, NaN, Infinity]) {
      expect(() => make(() => NEVER, { retry })).to.throw(SseEventError, 'retry');
    }
  });

  const outOfRange: Readonly<Record<string, readonly number[]>> = {
    keepAlive: [0, -1, NaN, Infinity, 2 ** 31],
    stallTimeout: [0, -1, NaN, 2 ** 31],
    bufferLimit: [-1, NaN],
  };
  for (const [option, values] of Object.entries(outOfRange)) {
    it(`never with a ${option} out of its range`, () => {
      for (const value of values) {
        expect(() => make(() => NEVER, { [option]: value })).to.throw(RangeError, option);
      }
    });
  }

  it('and subscribes to nothing, where only the head is asked for, on a connection that goes on', async () => {
    const { events$, log } = watched();
    await serve(() => events$);
    const { ask } = connect();
    const onlyHead = ask({ method: 'HEAD' });
    const { status, headers } = await onlyHead.head();
    expect(status).to.equal(200);
    expect(headers['content-type']).to.match(/^text\/event-stream/);
    expect(await onlyHead.over()).to.equal('ended');
    expect(log).to.deep.equal([]);

    await ask().until(begun);
    expect(log).to.deep.equal(['subscribed']);
    expect(closings).to.deep.equal([]);
  });
}
