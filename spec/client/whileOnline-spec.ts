import { expect } from 'chai';
import { getEventListeners } from 'node:events';
import { defer, EMPTY, NEVER, of, Subject, take, tap } from 'rxjs';
import { resuming, whileOnline } from '../../src/index.js';
import { run } from '../support/marbles.js';

describe('whileOnline', () => {
  const mine = new Error('mine');

  const restores: (() => void)[] = [];
  afterEach(() => {
    for (const restore of restores.splice(0).reverse()) restore();
  });

  /** Has a global be this, or not be there if there is no descriptor, until the spec is over. */
  function replace(name: string, descriptor?: PropertyDescriptor): void {
    const original = Object.getOwnPropertyDescriptor(globalThis, name);
    restores.push(() => set(original));
    set(descriptor);

    function set(descriptor?: PropertyDescriptor): void {
      if (descriptor) Object.defineProperty(globalThis, name, { ...descriptor, configurable: true });
      else Reflect.deleteProperty(globalThis, name);
    }
  }

  describe('in a browser', () => {
    let browser: EventTarget;
    let isOnline: boolean;

    beforeEach(() => {
      browser = new EventTarget();
      isOnline = true;
      replace('addEventListener', { value: browser.addEventListener.bind(browser) });
      replace('removeEventListener', { value: browser.removeEventListener.bind(browser) });
      replace('navigator', {
        value: {
          get onLine() {
            return isOnline;
          },
        },
      });
    });

    /** What the browser does, by marbles: offline, online. */
    const does = { f: false, o: true };
    function go(online: boolean): void {
      isOnline = online;
      browser.dispatchEvent(new Event(online ? 'online' : 'offline'));
    }
    const listeners = () => ['online', 'offline'].map(type => getEventListeners(browser, type).length);

    it('changes nothing while the browser is online', () => {
      run(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('   --a--b--c');
        const subs = '          ^------!';
        const unsub = '         -------!';
        const expected = '      --a--b--';
        expectObservable(source.pipe(whileOnline()), unsub).toBe(expected);
        expectSubscriptions(source.subscriptions).toBe(subs);
      });
      expect(listeners()).to.deep.equal([0, 0]);
    });

    it('leaves the source when it is offline, and subscribes anew the moment that it is online again', () => {
      run(({ hot, cold, expectObservable, expectSubscriptions }) => {
        const browser = hot('   ----f---o------', does);
        const source = cold('   --a--b--c      ');
        const subs = ['         ^---!          ', '--------^-----!'];
        const unsub = '         --------------!';
        const expected = '      --a-------a--b-';
        browser.subscribe(go);
        expectObservable(source.pipe(whileOnline()), unsub).toBe(expected);
        expectSubscriptions(source.subscriptions).toBe(subs);
      });
      expect(listeners()).to.deep.equal([0, 0]);
    });

    it('makes no attempt before it is online', () => {
      isOnline = false;
      run(({ hot, cold, expectObservable, expectSubscriptions }) => {
        const browser = hot('   ----o-----', does);
        const source = cold('       --a--b');
        const subs = '          ----^----!';
        const unsub = '         ---------!';
        const expected = '      ------a---';
        browser.subscribe(go);
        expectObservable(source.pipe(whileOnline()), unsub).toBe(expected);
        expectSubscriptions(source.subscriptions).toBe(subs);
      });
    });

    it('looks whether it is online when it is subscribed to, not before', () => {
      run(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('   --a|');
        const events$ = source.pipe(whileOnline());
        isOnline = false;
        expectObservable(events$).toBe('----');
        expectSubscriptions(source.subscriptions).toBe([]);
        expect(listeners()).to.deep.equal([0, 0]);
      });
      expect(listeners()).to.deep.equal([1, 1]);
    });

    it('looks whether it is in a browser when it is subscribed to, not before', () => {
      replace('addEventListener');
      const operator = whileOnline<string>();
      replace('addEventListener', { value: browser.addEventListener.bind(browser) });
      const subscription = NEVER.pipe(operator).subscribe();
      expect(listeners()).to.deep.equal([1, 1]);
      subscription.unsubscribe();
    });

    it('keeps its subscription if it is told again what it knows', () => {
      run(({ hot, cold, expectObservable, expectSubscriptions }) => {
        const browser = hot('   -o-o-f-f-o----', does);
        const source = cold('   --a--b        ');
        const subs = ['         ^----!        ', '---------^---!'];
        const unsub = '         -------------!';
        const expected = '      --a--------a--';
        browser.subscribe(go);
        expectObservable(source.pipe(whileOnline()), unsub).toBe(expected);
        expectSubscriptions(source.subscriptions).toBe(subs);
      });
    });

    it('removes its listeners when it is unsubscribed while it waits', () => {
      run(({ hot, cold, expectObservable, expectSubscriptions }) => {
        const browser = hot('   ---f------o', does);
        const source = cold('   --a--b');
        const subs = '          ^--!';
        const unsub = '         ------!';
        const expected = '      --a----';
        browser.subscribe(go);
        expectObservable(source.pipe(whileOnline()), unsub).toBe(expected);
        expectSubscriptions(source.subscriptions).toBe(subs);
      });
      expect(listeners()).to.deep.equal([0, 0]);
    });

    it('completes with the source, and removes its listeners', () => {
      run(({ hot, cold, expectObservable, expectSubscriptions }) => {
        const browser = hot('   ---f-o------f-o', does);
        const source = cold('   --a--|');
        const subs = ['         ^--!', '-----^----!'];
        const expected = '      --a----a--|';
        browser.subscribe(go);
        expectObservable(source.pipe(whileOnline())).toBe(expected);
        expectSubscriptions(source.subscriptions).toBe(subs);
      });
      expect(listeners()).to.deep.equal([0, 0]);
    });

    it('passes on the error of the source, and removes its listeners', () => {
      run(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('   --a--#', undefined, mine);
        const subs = '          ^----!';
        const expected = '      --a--#';
        const failing$ = defer(() => {
          throw mine;
        });
        expectObservable(source.pipe(whileOnline())).toBe(expected, undefined, mine);
        expectObservable(failing$.pipe(whileOnline())).toBe('#', undefined, mine);
        expectSubscriptions(source.subscriptions).toBe(subs);
      });
      expect(listeners()).to.deep.equal([0, 0]);
    });

    it('takes a source that gives nothing, or all at once', () => {
      run(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('   (abc)');
        const subs = '          (^!)';
        const expected = '      (a|)';
        expectObservable(EMPTY.pipe(whileOnline())).toBe('|');
        expectObservable(of('a', 'b').pipe(whileOnline())).toBe('(ab|)');
        expectObservable(source.pipe(whileOnline(), take(1))).toBe(expected);
        expectSubscriptions(source.subscriptions).toBe(subs);
      });
      expect(listeners()).to.deep.equal([0, 0]);
    });

    it('waits with a source that never gives anything', () => {
      const subscription = NEVER.pipe(whileOnline()).subscribe(() => expect.fail());
      expect(listeners()).to.deep.equal([1, 1]);
      subscription.unsubscribe();
      expect(listeners()).to.deep.equal([0, 0]);
    });

    it('subscribes for each subscriber alone', () => {
      run(({ hot, cold, expectObservable, expectSubscriptions }) => {
        const browser = hot('   ---f---o-----', does);
        const source = cold('   --a-|');
        const subs = ['         ^--!', '-------^---!', '-------^---!'];
        const events$ = source.pipe(whileOnline());
        browser.subscribe(go);
        expectObservable(events$).toBe('         --a------a-|');
        expectObservable(events$, '-----^').toBe('---------a-|');
        expectSubscriptions(source.subscriptions).toBe(subs);
      });
      expect(listeners()).to.deep.equal([0, 0]);
    });

    it('goes on where it left off, with resuming', () => {
      const places: string[] = [];
      run(({ hot, cold, expectObservable, expectSubscriptions }) => {
        const browser = hot('   ------f---o-----', does);
        const source = cold('   --a--b--c       ');
        const subs = ['         ^-----!         ', '----------^---!'];
        const unsub = '         --------------! ';
        const expected = '      --a--b------a-  ';
        const events$ = resuming(place =>
          defer(() => {
            places.push(place.lastEventId);
            return source.pipe(tap(id => (place.lastEventId = id)));
          }).pipe(whileOnline()),
        );
        browser.subscribe(go);
        expectObservable(events$, unsub).toBe(expected);
        expectSubscriptions(source.subscriptions).toBe(subs);
      });
      expect(places).to.deep.equal(['', 'b']);
    });

    it('may go offline because of an event', () => {
      const source = new Subject<string>();
      const seen: string[] = [];
      const subscription = source.pipe(whileOnline()).subscribe(value => {
        seen.push(value);
        if (value === 'a') go(false);
      });
      source.next('a');
      expect(source.observed).to.equal(false);
      source.next('b');
      go(true);
      source.next('c');
      expect(seen).to.deep.equal(['a', 'c']);
      subscription.unsubscribe();
    });
  });

  describe('outside a browser', () => {
    const listening = { value: () => expect.fail('listened') };
    const platforms: Readonly<Record<string, Readonly<Record<string, PropertyDescriptor | undefined>>>> = {
      'no navigator': {},
      'a navigator that does not know': { navigator: { value: { hardwareConcurrency: 1 } } },
      'events, and a navigator that does not know': {
        navigator: { value: {} },
        addEventListener: listening,
        removeEventListener: listening,
      },
      'events, and no navigator': { addEventListener: listening, removeEventListener: listening },
      'no events, and a navigator that is offline': { navigator: { value: { onLine: false } } },
    };

    for (const [platform, globals] of Object.entries(platforms)) {
      it(`changes nothing: ${platform}`, () => {
        for (const name of ['navigator', 'addEventListener', 'removeEventListener']) {
          replace(name, globals[name]);
        }
        run(({ cold, expectObservable, expectSubscriptions }) => {
          const source = cold('   --a--|');
          const subs = ['         ^--!', '^----!'];
          const unsub = '         ---!';
          const expected = '      --a-';
          expectObservable(source.pipe(whileOnline()), unsub).toBe(expected);
          expectObservable(source.pipe(whileOnline())).toBe('--a--|');
          expectObservable(of('a').pipe(whileOnline())).toBe('(a|)');
          expectSubscriptions(source.subscriptions).toBe(subs);
        });
      });
    }

    it('changes nothing on this platform', () => {
      run(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('   --a--#');
        const subs = '          ^----!';
        const expected = '      --a--#';
        expectObservable(source.pipe(whileOnline())).toBe(expected);
        expectSubscriptions(source.subscriptions).toBe(subs);
      });
    });
  });
});
