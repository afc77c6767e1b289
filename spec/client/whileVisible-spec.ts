import { expect } from 'chai';
import { getEventListeners } from 'node:events';
import { defer, EMPTY, NEVER, of, Subject, take, tap } from 'rxjs';
import { resuming, whileVisible } from '../../src/index.js';
import { run } from '../support/marbles.js';
import { virtualTime } from '../support/virtualTime.js';

describe('whileVisible', () => {
  const mine = new Error('mine');

  describe('in a browser', () => {
    let page: EventTarget;
    let visibilityState: string;
    let original: PropertyDescriptor | undefined;

    beforeEach(() => {
      page = new EventTarget();
      visibilityState = 'visible';
      Object.defineProperty(page, 'visibilityState', { get: () => visibilityState });
      original = Object.getOwnPropertyDescriptor(globalThis, 'document');
      Object.defineProperty(globalThis, 'document', { value: page, configurable: true });
    });
    afterEach(() => {
      if (original) Object.defineProperty(globalThis, 'document', original);
      else Reflect.deleteProperty(globalThis, 'document');
    });

    /** What becomes of the page, by marbles. */
    const becomes = { h: 'hidden', v: 'visible', p: 'prerender' };
    function turn(state: string): void {
      visibilityState = state;
      page.dispatchEvent(new Event('visibilitychange'));
    }
    const listeners = () => getEventListeners(page, 'visibilitychange').length;

    it('changes nothing while the page is visible', () => {
      run(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('   --a--b--c');
        const subs = '          ^------!';
        const unsub = '         -------!';
        const expected = '      --a--b--';
        expectObservable(source.pipe(whileVisible()), unsub).toBe(expected);
        expectSubscriptions(source.subscriptions).toBe(subs);
      });
      expect(listeners()).to.equal(0);
    });

    it('leaves the source when the page is hidden, and subscribes anew when it is visible again', () => {
      run(({ hot, cold, expectObservable, expectSubscriptions }) => {
        const page = hot('      ----h---v------', becomes);
        const source = cold('   --a--b--c      ');
        const subs = ['         ^---!          ', '--------^-----!'];
        const unsub = '         --------------!';
        const expected = '      --a-------a--b-';
        page.subscribe(turn);
        expectObservable(source.pipe(whileVisible()), unsub).toBe(expected);
        expectSubscriptions(source.subscriptions).toBe(subs);
      });
      expect(listeners()).to.equal(0);
    });

    it('does not subscribe before the page is visible', () => {
      for (const state of ['hidden', 'prerender']) {
        visibilityState = state;
        run(({ hot, cold, expectObservable, expectSubscriptions }) => {
          const page = hot('    ----v-----', becomes);
          const source = cold('     --a--b');
          const subs = '        ----^----!';
          const unsub = '       ---------!';
          const expected = '    ------a---';
          page.subscribe(turn);
          expectObservable(source.pipe(whileVisible()), unsub).toBe(expected);
          expectSubscriptions(source.subscriptions).toBe(subs);
        });
      }
    });

    it('looks whether the page is visible when it is subscribed to, not before', () => {
      run(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('   --a|');
        const events$ = source.pipe(whileVisible());
        visibilityState = 'hidden';
        expectObservable(events$).toBe('----');
        expectSubscriptions(source.subscriptions).toBe([]);
        expect(listeners()).to.equal(0);
      });
      expect(listeners()).to.equal(1);
    });

    it('looks whether it is in a browser when it is subscribed to, not before', () => {
      Reflect.deleteProperty(globalThis, 'document');
      const operator = whileVisible<string>();
      Object.defineProperty(globalThis, 'document', { value: page, configurable: true });
      const subscription = NEVER.pipe(operator).subscribe();
      expect(listeners()).to.equal(1);
      subscription.unsubscribe();
    });

    it('keeps its subscription if it is told again what it knows', () => {
      run(({ hot, cold, expectObservable, expectSubscriptions }) => {
        const page = hot('      -v-v-h-p-h-v----', becomes);
        const source = cold('   --a---b         ');
        const subs = ['         ^----!          ', '-----------^---!'];
        const unsub = '         ---------------!';
        const expected = '      --a----------a--';
        page.subscribe(turn);
        expectObservable(source.pipe(whileVisible()), unsub).toBe(expected);
        expectSubscriptions(source.subscriptions).toBe(subs);
      });
    });

    describe('with a grace', () => {
      const grace = 5;

      it('keeps its one subscription while the page is hidden for less', () => {
        run(({ hot, cold, expectObservable, expectSubscriptions }) => {
          const page = hot('    -h---v--h---v-----', becomes);
          const source = cold(' --a--b--c--d--e--f');
          const subs = '        ^----------------!';
          const unsub = '       -----------------!';
          const expected = '    --a--b--c--d--e---';
          page.subscribe(turn);
          expectObservable(source.pipe(whileVisible({ grace })), unsub).toBe(expected);
          expectSubscriptions(source.subscriptions).toBe(subs);
        });
        expect(listeners()).to.equal(0);
      });

      it('leaves the source once the page is hidden for as long, and subscribes anew at once', () => {
        run(({ hot, cold, expectObservable, expectSubscriptions }) => {
          const page = hot('    -h-------v-----', becomes);
          const source = cold(' --a--b--c      ');
          const subs = ['       ^-----!        ', '---------^----!'];
          const unsub = '       --------------!';
          const expected = '    --a--b-----a---';
          page.subscribe(turn);
          expectObservable(source.pipe(whileVisible({ grace })), unsub).toBe(expected);
          expectSubscriptions(source.subscriptions).toBe(subs);
        });
      });

      it('begins anew with each time that the page is hidden', () => {
        run(({ hot, cold, expectObservable, expectSubscriptions }) => {
          const page = hot('    -h--vh------', becomes);
          const source = cold(' --a--b--c--d');
          const subs = '        ^---------!';
          const expected = '    --a--b--c---';
          page.subscribe(turn);
          expectObservable(source.pipe(whileVisible({ grace }))).toBe(expected);
          expectSubscriptions(source.subscriptions).toBe(subs);
        });
      });

      it('does not subscribe to the source while a page that was hidden from the start stays hidden', () => {
        visibilityState = 'hidden';
        run(({ hot, cold, expectObservable, expectSubscriptions }) => {
          const page = hot('    --v----', becomes);
          const source = cold('   -a--b');
          const subs = '        --^---!';
          const unsub = '       ------!';
          const expected = '    ---a---';
          expectObservable(source.pipe(whileVisible({ grace })), '-!').toBe('-');
          page.subscribe(turn);
          expectObservable(source.pipe(whileVisible({ grace })), unsub).toBe(expected);
          expectSubscriptions(source.subscriptions).toBe(subs);
        });
      });

      it('counts in milliseconds', () => {
        run(({ hot, cold, expectObservable, expectSubscriptions }) => {
          const page = hot('    -h', becomes);
          const source = cold(' a');
          const subs = '        ^ 60s !';
          const unsub = '       - 90s !';
          const expected = '    a';
          page.subscribe(turn);
          expectObservable(source.pipe(whileVisible({ grace: 60_000 })), unsub).toBe(expected);
          expectSubscriptions(source.subscriptions).toBe(subs);
        });
      });

      it('is over with the source, also while the page is hidden', () => {
        run(({ hot, cold, expectObservable, expectSubscriptions }) => {
          const page = hot('    -h', becomes);
          const source = cold(' --a|');
          const subs = '        ^--!';
          const expected = '    --a|';
          page.subscribe(turn);
          expectObservable(source.pipe(whileVisible({ grace }))).toBe(expected);
          expectSubscriptions(source.subscriptions).toBe(subs);
        });
        expect(listeners()).to.equal(0);
      });

      it('ends when it is unsubscribed', () => {
        run(({ hot, cold, expectObservable, expectSubscriptions }) => {
          const page = hot('    -h', becomes);
          const source = cold(' --a--b');
          const subs = '        ^--!';
          const unsub = '       ---!';
          const expected = '    --a-';
          page.subscribe(turn);
          expectObservable(source.pipe(whileVisible({ grace })), unsub).toBe(expected);
          expectSubscriptions(source.subscriptions).toBe(subs);
        });
        expect(listeners()).to.equal(0);
      });

      describe('if it is Infinity', () => {
        const time = virtualTime();

        it('is for ever', () => {
          const source = new Subject();
          const subscription = source.pipe(whileVisible({ grace: Infinity })).subscribe();
          turn('hidden');
          time.tick(2 ** 31);
          expect(source.observed).to.equal(true);
          subscription.unsubscribe();
        });
      });

      it('is none if it is undefined', () => {
        run(({ hot, cold, expectObservable, expectSubscriptions }) => {
          const page = hot('    ---h', becomes);
          const source = cold(' --a--b');
          const subs = '        ^--!';
          const unsub = '       -----!';
          const expected = '    --a---';
          page.subscribe(turn);
          expectObservable(source.pipe(whileVisible({ grace: undefined })), unsub).toBe(expected);
          expectSubscriptions(source.subscriptions).toBe(subs);
        });
      });
    });

    it('removes its listener when it is unsubscribed while it waits', () => {
      run(({ hot, cold, expectObservable, expectSubscriptions }) => {
        const page = hot('      ---h------v', becomes);
        const source = cold('   --a--b');
        const subs = '          ^--!';
        const unsub = '         ------!';
        const expected = '      --a----';
        page.subscribe(turn);
        expectObservable(source.pipe(whileVisible()), unsub).toBe(expected);
        expectSubscriptions(source.subscriptions).toBe(subs);
      });
      expect(listeners()).to.equal(0);
    });

    it('completes with the source, and removes its listener', () => {
      run(({ hot, cold, expectObservable, expectSubscriptions }) => {
        const page = hot('      ---h-v------h-v', becomes);
        const source = cold('   --a--|');
        const subs = ['         ^--!', '-----^----!'];
        const expected = '      --a----a--|';
        page.subscribe(turn);
        expectObservable(source.pipe(whileVisible())).toBe(expected);
        expectSubscriptions(source.subscriptions).toBe(subs);
      });
      expect(listeners()).to.equal(0);
    });

    it('passes on the error of the source, and removes its listener', () => {
      run(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('   --a--#', undefined, mine);
        const subs = '          ^----!';
        const expected = '      --a--#';
        const failing$ = defer(() => {
          throw mine;
        });
        expectObservable(source.pipe(whileVisible())).toBe(expected, undefined, mine);
        expectObservable(failing$.pipe(whileVisible())).toBe('#', undefined, mine);
        expectSubscriptions(source.subscriptions).toBe(subs);
      });
      expect(listeners()).to.equal(0);
    });

    it('takes a source that gives nothing, or all at once', () => {
      run(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('   (abc)');
        const subs = '          (^!)';
        const expected = '      (a|)';
        expectObservable(EMPTY.pipe(whileVisible())).toBe('|');
        expectObservable(of('a', 'b').pipe(whileVisible())).toBe('(ab|)');
        expectObservable(source.pipe(whileVisible(), take(1))).toBe(expected);
        expectSubscriptions(source.subscriptions).toBe(subs);
      });
      expect(listeners()).to.equal(0);
    });

    it('waits with a source that never gives anything', () => {
      const subscription = NEVER.pipe(whileVisible()).subscribe(() => expect.fail());
      expect(listeners()).to.equal(1);
      subscription.unsubscribe();
      expect(listeners()).to.equal(0);
    });

    it('subscribes, and is patient, for each subscriber alone', () => {
      run(({ hot, cold, expectObservable, expectSubscriptions }) => {
        const page = hot('      ---h---v-----', becomes);
        const source = cold('   --a--b-|');
        const subs = ['         ^------!', '-------^------!'];
        const events$ = source.pipe(whileVisible({ grace: 5 }));
        page.subscribe(turn);
        expectObservable(events$).toBe('         --a--b-|');
        expectObservable(events$, '-----^').toBe('---------a--b-|');
        expectSubscriptions(source.subscriptions).toBe(subs);
      });
      expect(listeners()).to.equal(0);
    });

    it('goes on where it left off, with resuming', () => {
      const places: string[] = [];
      run(({ hot, cold, expectObservable, expectSubscriptions }) => {
        const page = hot('      ----h-----v-----', becomes);
        const source = cold('   --a--b--c       ');
        const subs = ['         ^-----!         ', '----------^---!'];
        const unsub = '         --------------! ';
        const expected = '      --a--b------a-  ';
        const events$ = resuming(place =>
          defer(() => {
            places.push(place.lastEventId);
            return source.pipe(tap(id => (place.lastEventId = id)));
          }).pipe(whileVisible({ grace: 2 })),
        );
        page.subscribe(turn);
        expectObservable(events$, unsub).toBe(expected);
        expectSubscriptions(source.subscriptions).toBe(subs);
      });
      expect(places).to.deep.equal(['', 'b']);
    });
  });

  it('changes nothing outside a browser', () => {
    run(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('   --a--|');
      const subs = ['         ^--!', '^----!'];
      const unsub = '         ---!';
      const expected = '      --a-';
      expectObservable(source.pipe(whileVisible({ grace: 1 })), unsub).toBe(expected);
      expectObservable(source.pipe(whileVisible())).toBe('--a--|');
      expectObservable(of('a').pipe(whileVisible())).toBe('(a|)');
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });
});
