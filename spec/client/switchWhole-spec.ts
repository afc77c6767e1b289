import { throwError } from 'rxjs';
import { switchWhole } from '../../src/client/switchWhole.js';
import { run } from '../support/marbles.js';

describe('switchWhole', () => {
  it('leaves one inner Observable for the next', () => {
    run(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  x---x----');
      const inner = cold('  -a--b--c-');
      const subs = ['       ^---!----', '----^---!'];
      const unsub = '       --------!';
      const expected = '    -a---a---';
      expectObservable(source.pipe(switchWhole(() => inner)), unsub).toBe(expected);
      expectSubscriptions(inner.subscriptions).toBe(subs);
    });
  });

  it('completes with an inner Observable, and leaves the source', () => {
    run(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  x------x');
      const inner = cold('  -a-|');
      const subs = '        ^--!';
      const expected = '    -a-|';
      expectObservable(source.pipe(switchWhole(() => inner))).toBe(expected);
      expectSubscriptions(inner.subscriptions).toBe(subs);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it('errors with an inner Observable, with the source, and with what project throws', () => {
    run(({ cold, hot, expectObservable }) => {
      expectObservable(hot('x---').pipe(switchWhole(() => cold('-a#')))).toBe('-a#');
      expectObservable(hot('x-#').pipe(switchWhole(() => cold('-a--')))).toBe('-a#');
      const failing = () => throwError(() => 'error');
      expectObservable(hot('--x').pipe(switchWhole(failing))).toBe('--#');
      const throwing = () => {
        throw new Error('mine');
      };
      expectObservable(hot('--x').pipe(switchWhole(throwing))).toBe('--#', {}, new Error('mine'));
    });
  });

  it('waits for its inner Observable when the source completes', () => {
    run(({ cold, hot, expectObservable }) => {
      expectObservable(hot('x-|').pipe(switchWhole(() => cold('-a--b|')))).toBe('-a--b|');
      expectObservable(hot('--|').pipe(switchWhole(() => cold('a')))).toBe('--|');
    });
  });
});
