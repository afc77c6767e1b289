import { expect } from 'chai';
import { BehaviorSubject, concat, defer, EMPTY, NEVER, of, take, throwError } from 'rxjs';
import { activeWhile } from '../../src/client/activeWhile.js';
import { run } from '../support/marbles.js';

describe('activeWhile', () => {
  const states = { t: true, f: false };

  it('subscribes to the source at true, leaves it at false, and begins anew at the next true', () => {
    run(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const isActive = hot('  --t-----f---t-----', states);
      const source = cold('     -a--b--c--        ');
      const subs = ['         --^-----!---------', '------------^----!'];
      const actives = '       ^----------------!';
      const unsub = '         -----------------!';
      const expected = '      ---a--b------a--b-';
      expectObservable(source.pipe(activeWhile(isActive)), unsub).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
      expectSubscriptions(isActive.subscriptions).toBe(actives);
    });
  });

  it('does not subscribe to the source before it is told to', () => {
    run(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const source = cold('   -a--b');
      const isActive = hot('  --f--', states);
      const expected = '      -----';
      expectObservable(source.pipe(activeWhile(NEVER))).toBe(expected);
      expectObservable(source.pipe(activeWhile(EMPTY))).toBe('|');
      expectObservable(source.pipe(activeWhile(of(false)))).toBe(expected);
      expectObservable(source.pipe(activeWhile(isActive))).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe([]);
    });
  });

  it('subscribes anew at a true that follows another', () => {
    run(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const isActive = hot('  t---t----', states);
      const source = cold('   -a--b--c-');
      const subs = ['         ^---!----', '----^---!'];
      const unsub = '         --------!';
      const expected = '      -a---a---';
      expectObservable(source.pipe(activeWhile(isActive)), unsub).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it('completes with the source, and leaves what tells it', () => {
    run(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const isActive = hot('  t-------f-t', states);
      const source = cold('   -a--|');
      const subs = '          ^---!';
      const expected = '      -a--|';
      expectObservable(source.pipe(activeWhile(isActive))).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
      expectSubscriptions(isActive.subscriptions).toBe(subs);
    });
  });

  it('completes with a source that is empty, and waits for one that never is over', () => {
    run(({ cold, expectObservable, expectSubscriptions }) => {
      const isActive = cold(' -t--', states);
      const actives = ['      ^!', '^'];
      expectObservable(EMPTY.pipe(activeWhile(isActive))).toBe('-|');
      expectObservable(NEVER.pipe(activeWhile(isActive))).toBe('--');
      expectSubscriptions(isActive.subscriptions).toBe(actives);
    });
  });

  it('passes on the error of the source, and leaves what tells it', () => {
    run(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const isActive = hot('  t-------f-t', states);
      const source = cold('   -a--#');
      const subs = '          ^---!';
      const expected = '      -a--#';
      expectObservable(source.pipe(activeWhile(isActive))).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
      expectSubscriptions(isActive.subscriptions).toBe(subs);
    });
  });

  it('passes on the error of what tells it, and leaves the source', () => {
    run(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const isActive = hot('  t--#', states);
      const source = cold('   -a--b');
      const subs = '          ^--!';
      const expected = '      -a-#';
      expectObservable(source.pipe(activeWhile(isActive))).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it('goes on with the source once it will be told nothing more', () => {
    run(({ cold, expectObservable, expectSubscriptions }) => {
      const isActive = cold(' -(t|)', states);
      const source = cold('    -a-b-|');
      const subs = '          -^----!';
      const expected = '      --a-b-|';
      expectObservable(source.pipe(activeWhile(isActive))).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it('leaves what tells it when it is unsubscribed while it waits', () => {
    run(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const isActive = hot('  t--f----t', states);
      const source = cold('   -a--b');
      const subs = '          ^--!';
      const actives = '       ^----!';
      const unsub = '         -----!';
      const expected = '      -a----';
      expectObservable(source.pipe(activeWhile(isActive)), unsub).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
      expectSubscriptions(isActive.subscriptions).toBe(actives);
    });
  });

  it('takes a source that gives all at once', () => {
    run(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const isActive = hot('  -t---', states);
      const actives = ['      ^!', '^!'];
      const source = cold('    (abc)');
      const subs = '          -(^!)';
      expectObservable(of('a', 'b').pipe(activeWhile(isActive))).toBe('-(ab|)');
      expectObservable(source.pipe(activeWhile(isActive), take(2))).toBe('-(ab|)');
      expectSubscriptions(source.subscriptions).toBe(subs);
      expectSubscriptions(isActive.subscriptions).toBe(actives);
    });
  });

  it('leaves a source that makes it inactive, in the middle of what that gives at once', () => {
    const isActive = new BehaviorSubject(true);
    const seen: string[] = [];
    const source = concat(of('a', 'b', 'c'), NEVER);
    const subscription = source.pipe(activeWhile(isActive)).subscribe(value => {
      seen.push(value);
      if (value === 'b') isActive.next(false);
    });
    expect(seen).to.deep.equal(['a', 'b']);
    subscription.unsubscribe();
    expect(isActive.observed).to.equal(false);
  });

  it('subscribes for each subscriber alone', () => {
    run(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const isActive = hot('  t--f--t----', states);
      const source = cold('   -a--b|');
      const subs = ['         ^--!', '------^----!', '------^----!'];
      const events$ = source.pipe(activeWhile(isActive));
      expectObservable(events$).toBe('         -a-----a--b|');
      expectObservable(events$, '----^').toBe('-------a--b|');
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it('errors with what a function of the source or of what tells it throws', () => {
    const mine = new Error('mine');
    const failing = defer(() => {
      throw mine;
    });
    run(({ expectObservable }) => {
      expectObservable(failing.pipe(activeWhile(of(true)))).toBe('#', undefined, mine);
      expectObservable(NEVER.pipe(activeWhile(failing))).toBe('#', undefined, mine);
      expectObservable(throwError(() => mine).pipe(activeWhile(of(false)))).toBe('-');
    });
  });
});
