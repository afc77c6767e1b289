import { expect } from 'chai';
import { concat, defer, EMPTY, NEVER, of, repeat, retry, take, tap, throwError, type Observable } from 'rxjs';
import { reconnect, resuming, type ResumePoint } from '../../src/index.js';
import { run } from '../support/marbles.js';

describe('resuming', () => {
  /** What a `fromSSE` does with its place: it moves it to each event. */
  const connection = (source: Observable<string>, place: ResumePoint, places: string[] = []) =>
    defer(() => {
      places.push(place.lastEventId);
      return source.pipe(tap(id => (place.lastEventId = id)));
    });

  it('passes on what the projected Observable gives', () => {
    run(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('   --a--b--|');
      const subs = '          ^-------!';
      const expected = '      --a--b--|';
      expectObservable(resuming(() => source)).toBe(expected);
      expectObservable(resuming(() => EMPTY)).toBe('|');
      expectObservable(resuming(() => NEVER)).toBe('-');
      expectObservable(resuming(() => of('a', 'b'))).toBe('(ab|)');
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it('passes on its error', () => {
    run(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('   --a--#');
      const subs = '          ^----!';
      const expected = '      --a--#';
      expectObservable(resuming(() => source)).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it('leaves it when it is unsubscribed', () => {
    run(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('   --a--b--c--');
      const subs = '          ^-----!    ';
      const unsub = '         ------!    ';
      const expected = '      --a--b-    ';
      expectObservable(
        resuming(() => source),
        unsub,
      ).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it('leaves one that gives all at once', () => {
    run(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('   (abc)');
      const subs = '          (^!)';
      const expected = '      (a|)';
      expectObservable(resuming(() => source).pipe(take(1))).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it('ends the wait of a repetition when it is unsubscribed', () => {
    run(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('   a|         ');
      const subs = '          ^!         ';
      const unsub = '         - 50ms !   ';
      const expected = '      a- 50ms -- ';
      const events$ = resuming(place => connection(source, place).pipe(repeat({ delay: 100 })));
      expectObservable(events$, unsub).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it('does nothing before it is subscribed to', () => {
    let calls = 0;
    const events$ = resuming(() => {
      calls++;
      return EMPTY;
    });
    expect(calls).to.equal(0);
    events$.subscribe();
    expect(calls).to.equal(1);
  });

  it('starts from no place, or from the one that it is given', () => {
    const places: ResumePoint[] = [];
    const project = (place: ResumePoint) => {
      places.push(place);
      return EMPTY;
    };
    resuming(project).subscribe();
    resuming(project, '').subscribe();
    resuming(project, '7').subscribe();
    expect(places).to.deep.equal([
      { lastEventId: '', reconnectionTime: undefined },
      { lastEventId: '', reconnectionTime: undefined },
      { lastEventId: '7', reconnectionTime: undefined },
    ]);
  });

  it('goes on where it left off, through retry and repeat', () => {
    const places: string[] = [];
    run(({ cold, expectObservable, expectSubscriptions }) => {
      const first = cold('    a-b#  ');
      const second = cold('      c| ');
      const third = cold('        d|');
      const firstSubs = '     ^--!  ';
      const secondSubs = '    ---^! ';
      const thirdSubs = '     ----^!';
      const expected = '      a-bcd|';
      const connections = [first, second, third];
      const next$ = defer(() => connections.shift() ?? EMPTY);
      const events$ = resuming(place => connection(next$, place, places).pipe(retry(1), repeat(2)), 'z');
      expectObservable(events$).toBe(expected);
      expectSubscriptions(first.subscriptions).toBe(firstSubs);
      expectSubscriptions(second.subscriptions).toBe(secondSubs);
      expectSubscriptions(third.subscriptions).toBe(thirdSubs);
    });
    expect(places).to.deep.equal(['z', 'b', 'c']);
  });

  it('goes on where it left off, through reconnect', () => {
    const places: string[] = [];
    run(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('   -a#');
      const subs = ['         ^-!', '-- 100ms ^-!'];
      const unsub = '         ---- 100ms !';
      const expected = '      -a- 100ms a-';
      const events$ = resuming(place => connection(source, place, places).pipe(reconnect({ delay: 100 })));
      expectObservable(events$, unsub).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
    expect(places).to.deep.equal(['', 'a']);
  });

  it('has a place for each subscriber alone', () => {
    const places: string[] = [];
    run(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('   a--|');
      const subs = ['         ^--!', '-^--!', '---^--!', '----^--!'];
      const events$ = resuming(place => connection(source, place, places).pipe(repeat(2)));
      expectObservable(events$).toBe('       a--a--|');
      expectObservable(events$, '-^').toBe(' -a--a--|');
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
    expect(places).to.deep.equal(['', '', 'a', 'a']);
  });

  it('starts anew if it is subscribed to again', () => {
    const places: string[] = [];
    const events$ = resuming(place => connection(of('a'), place, places), 'z');
    concat(events$, events$).subscribe();
    expect(places).to.deep.equal(['z', 'z']);
  });

  it('errors with what its function throws', () => {
    const mine = new Error('mine');
    run(({ expectObservable }) => {
      const events$ = resuming(() => {
        throw mine;
      });
      expectObservable(events$).toBe('#', undefined, mine);
      expectObservable(resuming(() => throwError(() => mine))).toBe('#', undefined, mine);
    });
  });

  it('takes whatever RxJS takes for an Observable', () => {
    run(({ expectObservable }) => {
      expectObservable(resuming(() => ['a', 'b'])).toBe('(ab|)');
    });
  });
});
