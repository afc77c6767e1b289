import { expect } from 'chai';
import { defer, retry, throwError } from 'rxjs';
import { backoff, SseConnectionError, SseResponseError, SseSizeError } from '../../src/index.js';
import { run } from '../support/marbles.js';

describe('backoff', () => {
  const lost = (reconnectionTime?: number) => new SseConnectionError('cut', { reconnectionTime });
  const waits = (notifier: ReturnType<typeof backoff>, error: unknown, count = 8) =>
    Array.from({ length: count }, (_, i) => notifier.wait(error, i + 1));
  const refused = (retryAfter: number) =>
    new SseResponseError({
      status: 503,
      url: '',
      headers: new Headers(),
      retryAfter,
      reconnectionTime: 5000,
    });

  it('doubles from one second, to 30 s with the most jitter', () => {
    expect(waits(backoff({ random: () => 0 }), lost())).to.deep.equal([
      1000, 2000, 4000, 8000, 16_000, 25_000, 25_000, 25_000,
    ]);
    expect(waits(backoff({ random: () => 1 }), lost()).at(-1)).to.equal(30_000);
  });

  it('adds up to a fifth at random, and takes nothing off', () => {
    expect(backoff({ random: () => 0.5 }).wait(lost(), 1)).to.equal(1100);
    const drawn = Array.from({ length: 200 }, () => backoff().wait(lost(), 1));
    expect(Math.min(...drawn)).to.be.at.least(1000);
    expect(Math.max(...drawn)).to.be.below(1200);
    expect(new Set(drawn)).to.have.length.above(100);
  });

  it("starts from the server's reconnection time", () => {
    expect(waits(backoff({ random: () => 0 }), lost(3000), 3)).to.deep.equal([3000, 6000, 12_000]);
  });

  it('waits longer than its maximum if the server says so', () => {
    expect(waits(backoff({ random: () => 0 }), lost(60_000), 3)).to.deep.equal([60_000, 60_000, 60_000]);
  });

  it('does not spin at a reconnection time of 0', () => {
    expect(waits(backoff({ random: () => 0 }), lost(0), 3)).to.deep.equal([100, 200, 400]);
  });

  it('waits an hour at most', () => {
    expect(waits(backoff(), lost(99_999_999_999), 2)).to.deep.equal([3_600_000, 3_600_000]);
  });

  it('takes Retry-After as it is, within 100 ms and an hour', () => {
    expect(waits(backoff(), refused(7000), 2)).to.deep.equal([7000, 7000]);
    expect(backoff().wait(refused(0), 1)).to.equal(100);
    expect(backoff().wait(refused(1e12), 1)).to.equal(3_600_000);
  });

  it('obeys a Retry-After of no time once, and then waits longer after each failure', () => {
    expect(waits(backoff({ random: () => 0 }), refused(0), 3)).to.deep.equal([100, 10_000, 20_000]);
  });

  it('exceeds its maximum by no jitter, whatever it starts from', () => {
    for (const initial of [1000, 9000, 60_000]) {
      expect(backoff({ initial, max: 10_000, random: () => 0.999 }).wait(lost(), 5)).to.be.at.most(10_000);
    }
  });

  it('passes on an error that is final, in a retry of your own', () => {
    const notFound = new SseResponseError({ status: 404, url: '', headers: new Headers() });
    for (const error of [notFound, new SseSizeError(10)]) {
      const seen: unknown[] = [];
      let subscriptions = 0;
      defer(() => {
        subscriptions++;
        return throwError(() => error);
      })
        .pipe(retry({ delay: backoff() }))
        .subscribe({ error: failure => seen.push(failure) });
      expect(seen).to.deep.equal([error]);
      expect(subscriptions).to.equal(1);
    }
  });

  it('survives any number of attempts', () => {
    expect(backoff({ random: () => 0 }).wait(lost(), 5000)).to.equal(25_000);
  });

  it('has its start, factor, maximum and jitter chosen', () => {
    const notifier = backoff({ initial: 200, factor: 3, max: 1000, jitter: 0 });
    expect(waits(notifier, new Error('any'), 4)).to.deep.equal([200, 600, 1000, 1000]);
  });

  it('is a notifier of RxJS retry', () => {
    run(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('   a#');
      const subs = ['         ^!', '- 1s ^!', '-- 3s ^!'];
      const unsub = '         --- 3s !';
      const expected = '      a 1s a 2s a';
      expectObservable(source.pipe(retry({ delay: backoff({ jitter: 0 }) })), unsub).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });
});
