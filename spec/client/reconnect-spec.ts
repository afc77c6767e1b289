import { expect } from 'chai';
import {
  BehaviorSubject,
  defer,
  EMPTY,
  merge,
  NEVER,
  of,
  Subject,
  take,
  tap,
  throwError,
  type Observable,
} from 'rxjs';
import {
  backoff,
  reconnect,
  SseConnectionError,
  SseResponseError,
  SseSizeError,
  type SseLoss,
} from '../../src/index.js';
import { run } from '../support/marbles.js';

describe('reconnect', () => {
  const steady = { delay: 100 };
  const cut = (facts: { openFor?: number; isUsed?: boolean } = {}) => new SseConnectionError('cut', facts);

  it('passes on what a source that stays gives', () => {
    run(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('   -a-b--');
      const subs = '          ^----!';
      const unsub = '         -----!';
      const expected = '      -a-b--';
      expectObservable(source.pipe(reconnect()), unsub).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it('completes with its source', () => {
    run(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('   -a-|');
      const subs = '          ^--!';
      const expected = '      -a-|';
      expectObservable(source.pipe(reconnect())).toBe(expected);
      expectObservable(EMPTY.pipe(reconnect())).toBe('|');
      expectObservable(of('a').pipe(reconnect())).toBe('(a|)');
      expectObservable(NEVER.pipe(reconnect())).toBe('-');
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it('subscribes again after each loss, once it has waited', () => {
    run(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('   -a#');
      const subs = ['         ^-!', '-- 100ms ^-!', '---- 200ms ^!'];
      const unsub = '         ---- 200ms -!';
      const expected = '      -a- 100ms a----';
      expectObservable(source.pipe(reconnect(steady)), unsub).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it('ends the wait when it is unsubscribed', () => {
    run(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('   -a#');
      const subs = '          ^-!';
      const unsub = '         --- 50ms !';
      const expected = '      -a-';
      expectObservable(source.pipe(reconnect(steady)), unsub).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it('ends a wait that a notifier measures when it is unsubscribed', () => {
    run(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('   -a#');
      const notifier = cold(' -----x');
      const subs = '          ^-!';
      const waits = '         --^--!';
      const unsub = '         -----!';
      const expected = '      -a----';
      expectObservable(source.pipe(reconnect({ delay: () => notifier })), unsub).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
      expectSubscriptions(notifier.subscriptions).toBe(waits);
    });
  });

  it('leaves the notifier at its first emission', () => {
    run(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('   -a#');
      const notifier = cold(' --x-x-x');
      const subs = ['         ^-!', '----^-!'];
      const waits = ['        --^-!', '------^!'];
      const unsub = '         -------!';
      const expected = '      -a---a--';
      expectObservable(source.pipe(reconnect({ delay: () => notifier })), unsub).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
      expectSubscriptions(notifier.subscriptions).toBe(waits);
    });
  });

  it('makes no further attempt with a count of 0', () => {
    run(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('   -a#');
      const subs = '          ^-!';
      const expected = '      -a#';
      expectObservable(source.pipe(reconnect({ count: 0 }))).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it('fails after as many attempts in a row as it may make', () => {
    run(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('   #');
      const subs = ['         (^!)', '100ms (^!)', '200ms (^!)'];
      const expected = '      200ms #';
      expectObservable(source.pipe(reconnect({ ...steady, count: 2 }))).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it('waits for each subscriber alone', () => {
    run(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('           #');
      const subs = ['                 (^!)', '50ms (^!)', '100ms (^!)', '150ms (^!)'];
      const events$ = source.pipe(reconnect({ ...steady, count: 1 }));
      expectObservable(events$).toBe('100ms #');
      expectObservable(events$, '     50ms ^').toBe('150ms #');
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it('counts for each subscriber alone', () => {
    run(({ expectObservable }) => {
      // The first subscriber fails at 0, 100 (after a healthy connection), 200 and 400 ms; the second at 150, 250 and 450 ms.
      let losses = 0;
      const source = defer(() => throwError(() => (losses++ === 1 ? cut({ openFor: 5000 }) : cut())));
      const delay = backoff({ initial: 100, jitter: 0 });
      const events$ = source.pipe(reconnect({ delay, count: 2 }));
      expectObservable(events$).toBe('400ms #', undefined, cut());
      expectObservable(events$, '150ms ^').toBe('450ms #', undefined, cut());
    });
  });

  it('waits longer after each failure in a row, by default from one second', () => {
    run(({ expectObservable }) => {
      const events$ = throwError(() => cut()).pipe(reconnect({ delay: backoff({ jitter: 0 }), count: 3 }));
      expectObservable(events$).toBe('7s #', undefined, cut());
    });
  });

  it('keeps a number within 100 ms and an hour', () => {
    run(({ cold, expectObservable }) => {
      expectObservable(cold('#').pipe(reconnect({ delay: 0, count: 1 }))).toBe('100ms #');
      expectObservable(cold('#').pipe(reconnect({ delay: 1e12, count: 1 }))).toBe('3600s #');
    });
  });

  describe('counts from the first failure again', () => {
    const attemptsOf = (losses: readonly unknown[], config: Parameters<typeof reconnect>[0] = {}) => {
      const attempts: number[] = [];
      let number = 0;
      run(({ expectObservable }) => {
        const source = throwError(() => losses[number++]);
        const delay = (_: unknown, attempt: number) => {
          attempts.push(attempt);
          return number < losses.length ? of(0) : EMPTY;
        };
        expectObservable(source.pipe(reconnect({ delay, ...config }))).toBe('|');
      });
      return attempts;
    };

    it('after a connection that stayed open for resetAfter', () => {
      expect(attemptsOf([cut(), cut(), cut({ openFor: 5000 }), cut(), cut({ openFor: 4999 })])).to.deep.equal(
        [1, 2, 1, 2, 3],
      );
      expect(attemptsOf([cut(), cut({ openFor: 10 }), cut()], { resetAfter: 10 })).to.deep.equal([1, 1, 2]);
      expect(attemptsOf([cut(), cut({ openFor: 1e9 })], { resetAfter: Infinity })).to.deep.equal([1, 2]);
    });

    it('after a connection that delivered an event and ended properly', () => {
      const ended = (isUsed: boolean) => new SseConnectionError('end', { isUsed });
      expect(attemptsOf([cut(), ended(false), ended(true), cut()])).to.deep.equal([1, 2, 1, 2]);
    });

    it('not after a connection that never opened, even if no time is healthy enough', () => {
      const refused = new SseConnectionError('refused');
      expect(attemptsOf([refused, refused, refused], { resetAfter: 0 })).to.deep.equal([1, 2, 3]);
    });

    it('not after a connection that was accepted and died', () => {
      expect(attemptsOf([cut({ openFor: 1 }), cut({ openFor: 1 }), cut({ openFor: 1 })])).to.deep.equal([
        1, 2, 3,
      ]);
    });

    it('not after a connection that delivered an event and was cut', () => {
      expect(attemptsOf([cut({ isUsed: true }), cut({ isUsed: true }), cut({ isUsed: true })])).to.deep.equal(
        [1, 2, 3],
      );
    });

    it('after a value that follows a healthy connection, with resetOnSuccess', () => {
      const attempts: number[] = [];
      run(({ cold, expectObservable }) => {
        const connections = [
          cold('#', undefined, cut()),
          cold('#', undefined, cut({ openFor: 5000 })),
          cold('a#', undefined, cut()),
          cold('#', undefined, cut()),
          cold('|'),
        ];
        const delay = (_: unknown, attempt: number) => {
          attempts.push(attempt);
          return of(0);
        };
        const source = defer(() => connections.shift() ?? EMPTY);
        expectObservable(source.pipe(reconnect({ delay, resetOnSuccess: true }))).toBe('a|');
      });
      expect(attempts).to.deep.equal([1, 1, 1, 2]);
    });

    it('after a value, with resetOnSuccess', () => {
      const attempts: number[] = [];
      run(({ cold, expectObservable }) => {
        const delay = (_: unknown, attempt: number) => {
          attempts.push(attempt);
          return attempts.length < 3 ? of(0) : EMPTY;
        };
        expectObservable(cold('a#').pipe(reconnect({ delay, resetOnSuccess: true }))).toBe('aaa|');
      });
      expect(attempts).to.deep.equal([1, 1, 1]);
    });
  });

  describe('fails at once', () => {
    const refusal = (status: number) => new SseResponseError({ status, url: '', headers: new Headers() });

    it('after an error that is not transient', () => {
      run(({ expectObservable }) => {
        for (const error of [refusal(404), refusal(200), new SseSizeError(1)]) {
          expectObservable(throwError(() => error).pipe(reconnect())).toBe('#', undefined, error);
        }
      });
    });

    it('but not after a transient one, or one that is not of this library', () => {
      run(({ expectObservable }) => {
        for (const error of [refusal(503), cut(), new Error('any')]) {
          expectObservable(throwError(() => error).pipe(reconnect({ ...steady, count: 1 }))).toBe(
            '100ms #',
            undefined,
            error,
          );
        }
      });
    });

    it('or not, as isTransient says', () => {
      run(({ cold, expectObservable }) => {
        expectObservable(cold('#').pipe(reconnect({ isTransient: () => false }))).toBe('#');
      });
    });

    it('with what a function argument throws', () => {
      const mine = new Error('mine');
      const fail = () => {
        throw mine;
      };
      run(({ cold, expectObservable }) => {
        expectObservable(cold('#').pipe(reconnect({ delay: fail }))).toBe('#', undefined, mine);
        expectObservable(cold('#').pipe(reconnect({ isTransient: fail }))).toBe('#', undefined, mine);
        expectObservable(cold('#').pipe(reconnect({ delay: backoff({ random: fail }) }))).toBe(
          '#',
          undefined,
          mine,
        );
      });
    });
  });

  it('obeys a notifier: a value connects, completion completes, an error fails', () => {
    run(({ cold, expectObservable }) => {
      const after = (notifier: Observable<unknown>) =>
        cold('#').pipe(reconnect({ delay: () => notifier, count: 1 }));
      expectObservable(after(cold('--a'))).toBe('--#');
      expectObservable(after(cold('--|'))).toBe('--|');
      expectObservable(after(cold('--#', {}, 'mine'))).toBe('--#', undefined, 'mine');
    });
  });

  it('completes at a proper end, with onEnd', () => {
    run(({ expectObservable }) => {
      const ended = throwError(() => new SseConnectionError('end'));
      expectObservable(ended.pipe(reconnect({ onEnd: 'complete' }))).toBe('|');
    });
  });

  it('goes on after a cut, also with onEnd', () => {
    run(({ expectObservable }) => {
      const broken = throwError(() => cut());
      const events$ = broken.pipe(reconnect({ ...steady, count: 1, onEnd: 'complete' }));
      expectObservable(events$).toBe('100ms #', undefined, cut());
    });
  });

  it('tells of each loss, before it waits', () => {
    const losses: SseLoss[] = [];
    const lossObserver = new Subject<SseLoss>();
    lossObserver.subscribe(loss => losses.push(loss));
    const error = cut();
    run(({ expectObservable }) => {
      const events$ = throwError(() => error).pipe(reconnect({ ...steady, count: 1, lossObserver }));
      expectObservable(events$).toBe('100ms #', undefined, error);
    });
    expect(losses).to.deep.equal([
      { error, attempt: 1, retryIn: 100 },
      { error, attempt: 2 },
    ]);
  });

  it('takes a source that gives all at once', () => {
    run(({ expectObservable }) => {
      const source = merge(
        of('a', 'b'),
        throwError(() => cut()),
      );
      expectObservable(source.pipe(reconnect({ ...steady, count: 1 }))).toBe(
        '(ab) 96ms (ab#)',
        undefined,
        cut(),
      );
    });
  });

  it('tells of no loss when it is left in the middle of a source that gives all at once', () => {
    const losses: SseLoss[] = [];
    run(({ expectObservable }) => {
      const source = merge(
        of('a', 'b'),
        throwError(() => cut()),
      );
      const events$ = source.pipe(reconnect({ lossObserver: loss => losses.push(loss) }), take(1));
      expectObservable(events$).toBe('(a|)');
    });
    expect(losses).to.deep.equal([]);
  });

  describe('with now', () => {
    it('drops the subscription that is there, and subscribes again at once', () => {
      run(({ cold, hot, expectObservable, expectSubscriptions }) => {
        const source = cold('   -a--b--c        ');
        const now = hot('       -----x-x--------');
        const subs = ['         ^----!          ', '-----^-!        ', '-------^-------!'];
        const nows = '          ^--------------!';
        const unsub = '         ---------------!';
        const expected = '      -a--b-a-a--b--c-';
        expectObservable(source.pipe(reconnect({ now })), unsub).toBe(expected);
        expectSubscriptions(source.subscriptions).toBe(subs);
        expectSubscriptions(now.subscriptions).toBe(nows);
      });
    });

    it('ends a wait at once', () => {
      run(({ cold, hot, expectObservable, expectSubscriptions }) => {
        const source = cold('   -a#             ');
        const now = hot('       -----x          ');
        const subs = ['         ^-!             ', '-----^-!', '------- 100ms ^-!'];
        const unsub = '         ------- 100ms --!';
        const expected = '      -a----a 100ms -a';
        expectObservable(source.pipe(reconnect({ ...steady, now })), unsub).toBe(expected);
        expectSubscriptions(source.subscriptions).toBe(subs);
      });
    });

    it('leaves the notifier whose wait it ends', () => {
      run(({ cold, hot, expectObservable, expectSubscriptions }) => {
        const source = cold('   -a#    ');
        const notifier = cold('   -----x');
        const now = hot('       -----x ');
        const subs = ['         ^-!    ', '-----^-!'];
        const waits = ['        --^--! ', '-------^!'];
        const unsub = '         --------!';
        const expected = '      -a----a-';
        expectObservable(source.pipe(reconnect({ delay: () => notifier, now })), unsub).toBe(expected);
        expectSubscriptions(source.subscriptions).toBe(subs);
        expectSubscriptions(notifier.subscriptions).toBe(waits);
      });
    });

    it('waits as after the first failure again', () => {
      run(({ cold, hot, expectObservable, expectSubscriptions }) => {
        const source = cold('   #');
        const now = hot('       400ms x');
        const delay = backoff({ initial: 100, jitter: 0 });
        // Without it: at 0, 100, 300 and 700 ms.
        const subs = ['0', '100', '300', '400', '500', '700'].map(time => `${time}ms (^!)`);
        const unsub = '         750ms !';
        const expected = '      -';
        expectObservable(source.pipe(reconnect({ delay, now })), unsub).toBe(expected);
        expectSubscriptions(source.subscriptions).toBe(subs);
      });
    });

    it('has as many attempts again', () => {
      run(({ cold, hot, expectObservable, expectSubscriptions }) => {
        const source = cold('   #');
        const now = hot('       150ms x');
        const subs = ['0', '100', '150', '250', '350'].map(time => `${time}ms (^!)`);
        const unsub = '         500ms !';
        const expected = '      350ms #';
        expectObservable(source.pipe(reconnect({ ...steady, count: 2, now })), unsub).toBe(expected);
        expectSubscriptions(source.subscriptions).toBe(subs);
      });
    });

    it('tells of losses as of the first again, and of none that it made itself', () => {
      const losses: SseLoss[] = [];
      run(({ cold, hot, expectObservable }) => {
        const source = cold('   ----#');
        const now = hot('       ------x-x 150ms x');
        const unsub = '         ------------------ 150ms !';
        const events$ = source.pipe(reconnect({ ...steady, now, lossObserver: loss => losses.push(loss) }));
        expectObservable(events$, unsub).toBe('-');
      });
      // Lost at 4 ms; dropped at 6 and 8 ms; lost at 12 and 116 ms; dropped at 159 ms; lost at 163 ms.
      expect(losses.map(({ attempt }) => attempt)).to.deep.equal([1, 1, 2, 1]);
    });

    it('completes with the source, and leaves it', () => {
      run(({ cold, hot, expectObservable, expectSubscriptions }) => {
        const source = cold('   -a--|  ');
        const now = hot('       --x-----x');
        const subs = ['         ^-!    ', '--^---!'];
        const nows = '          ^-----!';
        const expected = '      -a-a--|';
        expectObservable(source.pipe(reconnect({ now }))).toBe(expected);
        expectSubscriptions(source.subscriptions).toBe(subs);
        expectSubscriptions(now.subscriptions).toBe(nows);
      });
    });

    it('fails with the source, and leaves it', () => {
      const error = new SseSizeError(1);
      run(({ cold, hot, expectObservable, expectSubscriptions }) => {
        const source = cold('   -a--#  ', undefined, error);
        const now = hot('       --x-----x');
        const subs = ['         ^-!    ', '--^---!'];
        const nows = '          ^-----!';
        const unsub = '         ----------!';
        const expected = '      -a-a--#';
        expectObservable(source.pipe(reconnect({ now })), unsub).toBe(expected, undefined, error);
        expectSubscriptions(source.subscriptions).toBe(subs);
        expectSubscriptions(now.subscriptions).toBe(nows);
      });
    });

    it('changes nothing if that never emits', () => {
      for (const now of [NEVER, EMPTY]) {
        run(({ cold, expectObservable, expectSubscriptions }) => {
          const source = cold(' -a#');
          const subs = ['       ^-!', '-- 100ms ^-!'];
          const unsub = '       ---- 200ms !';
          const expected = '    -a- 100ms a#';
          expectObservable(source.pipe(reconnect({ ...steady, count: 1, now })), unsub).toBe(expected);
          expectSubscriptions(source.subscriptions).toBe(subs);
        });
      }
    });

    it('goes on once that completes', () => {
      run(({ cold, hot, expectObservable, expectSubscriptions }) => {
        const source = cold('   -a#');
        const now = hot('       ---x-(|)');
        const subs = ['         ^-!', '---^-!', '----- 100ms ^-!'];
        const nows = '          ^----!';
        const unsub = '         ---- 200ms !';
        const expected = '      -a--a- 100ms a#';
        expectObservable(source.pipe(reconnect({ ...steady, count: 1, now })), unsub).toBe(expected);
        expectSubscriptions(source.subscriptions).toBe(subs);
        expectSubscriptions(now.subscriptions).toBe(nows);
      });
    });

    it('passes on its error, and leaves the source', () => {
      run(({ cold, hot, expectObservable, expectSubscriptions }) => {
        const source = cold('   -a--b');
        const now = hot('       ---# ', undefined, 'mine');
        const subs = '          ^--! ';
        const expected = '      -a-# ';
        expectObservable(source.pipe(reconnect({ now }))).toBe(expected, undefined, 'mine');
        expectSubscriptions(source.subscriptions).toBe(subs);
      });
    });

    it('passes on what a function of its own throws, also during a wait', () => {
      const mine = new Error('mine');
      run(({ cold, hot, expectObservable, expectSubscriptions }) => {
        const source = cold('   -a#  ');
        const now = hot('       ----x');
        const subs = '          ^-!  ';
        const unsub = '         -----!';
        const expected = '      -a--#';
        const failing = now.pipe(
          tap(() => {
            throw mine;
          }),
        );
        expectObservable(source.pipe(reconnect({ now: failing })), unsub).toBe(expected, undefined, mine);
        expectSubscriptions(source.subscriptions).toBe(subs);
      });
    });

    it('leaves it when it is unsubscribed, while there is a subscription and while there is none', () => {
      run(({ cold, hot, expectObservable, expectSubscriptions }) => {
        const source = cold('   -a--# ');
        const now = hot('       ------------x');
        const subs = ['         ^--!  ', '^---! '];
        const nows = ['         ^--!  ', '^-----!'];
        const events$ = source.pipe(reconnect({ ...steady, now }));
        expectObservable(events$, '     ---!  ').toBe('-a-');
        expectObservable(events$, '     ------!').toBe('-a-');
        expectSubscriptions(source.subscriptions).toBe(subs);
        expectSubscriptions(now.subscriptions).toBe(nows);
      });
    });

    it('subscribes to it once for each subscriber, who begins alone', () => {
      run(({ cold, hot, expectObservable, expectSubscriptions }) => {
        const source = cold('   -a--b--|');
        const now = hot('       ---x----');
        const subs = ['         ^--!           ', '--^!           ', '---^------!', '---^------!'];
        const nows = ['         ^---------!', '--^-------!'];
        const events$ = source.pipe(reconnect({ now }));
        expectObservable(events$).toBe('       -a--a--b--|');
        expectObservable(events$, '--^').toBe('----a--b--|');
        expectSubscriptions(source.subscriptions).toBe(subs);
        expectSubscriptions(now.subscriptions).toBe(nows);
      });
    });

    it('does not subscribe to it before it is subscribed to', () => {
      const now = new Subject<void>();
      const events$ = NEVER.pipe(reconnect({ now }));
      expect(now.observed).to.equal(false);
      const subscription = events$.subscribe();
      expect(now.observed).to.equal(true);
      subscription.unsubscribe();
      expect(now.observed).to.equal(false);
    });

    it('takes one that has a value from the start: it begins twice, and stays', () => {
      run(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('   -a--b--');
        const subs = ['         (^!)   ', '^-----!'];
        const unsub = '         ------!';
        const expected = '      -a--b--';
        const now = new BehaviorSubject('a token');
        expectObservable(source.pipe(reconnect({ now })), unsub).toBe(expected);
        expectSubscriptions(source.subscriptions).toBe(subs);
      });
    });

    it('takes a source that gives all at once, and asks it no further', () => {
      run(({ cold, hot, expectObservable, expectSubscriptions }) => {
        const now = hot('       --x--');
        const source = cold('   (ab|)');
        const subs = '          (^!)';
        const expected = '      (a|)';
        expectObservable(of('a', 'b').pipe(reconnect({ now }))).toBe('(ab|)');
        expectObservable(EMPTY.pipe(reconnect({ now }))).toBe('|');
        expectObservable(source.pipe(reconnect({ now }), take(1))).toBe(expected);
        expectSubscriptions(source.subscriptions).toBe(subs);
        expectSubscriptions(now.subscriptions).toBe(['(^!)', '(^!)', '(^!)']);
      });
    });

    it('may be told by an event that comes at once', () => {
      const now = new Subject<void>();
      const seen: string[] = [];
      let connections = 0;
      const source = defer(() => merge(of(`a${++connections}`, `b${connections}`), NEVER));
      const subscription = source.pipe(reconnect({ now })).subscribe(event => {
        seen.push(event);
        if (event === 'a1') now.next();
      });
      expect(seen).to.deep.equal(['a1', 'a2', 'b2']);
      subscription.unsubscribe();
    });

    it('may be told by an event, in the middle of those that come at once', () => {
      run(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('   -(ab)c');
        const subs = ['         ^!', '-^-----!'];
        const unsub = '         -------!';
        const expected = '      -a(ab)c';
        const now = new Subject<void>();
        let events = 0;
        const events$ = source.pipe(
          reconnect({ now }),
          tap(() => ++events === 1 && now.next()),
        );
        expectObservable(events$, unsub).toBe(expected);
        expectSubscriptions(source.subscriptions).toBe(subs);
      });
    });
  });
});
