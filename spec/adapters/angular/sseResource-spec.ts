import { configure, withAngular } from '../../support/angular.js';
import { eventStream, scriptedFetch } from '../../support/scriptedFetch.js';
import {
  Component,
  computed,
  createEnvironmentInjector,
  DestroyRef,
  effect,
  EnvironmentInjector,
  Injector,
  type EnvironmentProviders,
  linkedSignal,
  signal,
  type WritableSignal,
} from '@angular/core';
import { rxResource } from '@angular/core/rxjs-interop';
import { TestBed } from '@angular/core/testing';
import { expect } from 'chai';
import { firstValueFrom, Observable, of, scan, Subject } from 'rxjs';
import {
  provideSse,
  provideSseTesting,
  SseClient,
  SseTestingController,
  sseResource,
  withBaseUrl,
  withDefaults,
  type SseTestConnection,
} from '../../../src/adapters/angular.js';
import type { ReceivedSseEvent, SseClosing, SseOpening } from '../../../src/index.js';
import { settled } from '../../support/virtualTime.js';

interface AnyResource {
  readonly status: () => string;
  readonly value: () => unknown;
  readonly error: () => Error | undefined;
  readonly isLoading: () => boolean;
  readonly hasValue: () => boolean;
}

/** All that can be read, `throws` in the place of a value that does. */
function stateOf(resource: AnyResource): object {
  let value: unknown;
  try {
    value = resource.value();
  } catch {
    value = 'throws';
  }
  return {
    status: resource.status(),
    value,
    hasError: resource.error() !== undefined,
    hasValue: resource.hasValue(),
    isLoading: resource.isLoading(),
  };
}

const append = (list: readonly string[], { data }: { readonly data: string }) => [...list, data];
const all = { defaultValue: [] as readonly string[], reduce: append };

function textOf({ nativeElement }: { readonly nativeElement: { readonly textContent: string } }): string {
  return nativeElement.textContent;
}

describe('sseResource', () => {
  withAngular();

  /** What is made in an injection context, and its effects run. */
  function made<T>(make: () => T): T {
    const result = TestBed.runInInjectionContext(make);
    TestBed.tick();
    return result;
  }

  /** An injector that a spec may destroy. */
  function childInjector(...providers: EnvironmentProviders[]): {
    readonly injector: Injector;
    readonly destroyInjector: () => void;
  } {
    const own = createEnvironmentInjector(providers, TestBed.inject(EnvironmentInjector));
    return { injector: own.get(Injector), destroyInjector: () => own.destroy() };
  }

  const server = () => TestBed.inject(SseTestingController);
  const isAsked = () => server().match(() => true).length > 0;

  /** The one connection that waits, opened, with these events sent. */
  function opened(url: string, ...events: readonly string[]): SseTestConnection {
    const connection = server().expectOne(url);
    connection.open();
    for (const data of events) connection.event({ data });
    return connection;
  }

  describe('beside an rxResource', () => {
    beforeEach(() => configure(provideSseTesting()));

    interface Pair {
      readonly key: WritableSignal<string | undefined>;
      readonly event: (data: string) => void;
      readonly fail: () => void;
      readonly reload: () => void;
      readonly destroy: () => void;
      readonly destroyInjector: () => void;
      readonly tick: () => Promise<void>;
      readonly compare: (when: string) => void;
    }

    type Step = (pair: Pair) => unknown;

    const key =
      (value: string | undefined): Step =>
      pair =>
        pair.key.set(value);
    const event =
      (data: string): Step =>
      async pair => {
        pair.event(data);
        // An rxResource gives its first value a little later.
        await settled();
      };
    const fail: Step = async pair => {
      pair.fail();
      await settled();
    };
    const reload: Step = pair => pair.reload();
    const destroy: Step = pair => pair.destroy();
    const destroyInjector: Step = pair => pair.destroyInjector();
    const tick: Step = pair => pair.tick();

    function pairOf(config: { readonly defaultValue?: readonly string[] }): Pair {
      const key = signal<string | undefined>(undefined);
      const { injector, destroyInjector } = childInjector();
      const reduce = (list: readonly string[] | undefined, event: { readonly data: string }) =>
        append(list ?? [], event);
      let subject = new Subject<{ data: string }>();
      let connection: SseTestConnection | undefined;
      const connected = () => {
        [connection = connection] = server().match(() => true);
        return connection;
      };

      const theirs = rxResource<readonly string[] | undefined, string | undefined>({
        ...config,
        injector,
        params: () => key(),
        stream: () => {
          subject = new Subject();
          return subject.pipe(scan(reduce, config.defaultValue));
        },
      });
      const ours = sseResource<readonly string[] | undefined, string>({
        defaultValue: undefined,
        ...config,
        injector,
        reduce,
        params: () => key(),
        url: ({ params }) => `/${params}`,
        reconnect: false,
      });
      return {
        key,
        event(data) {
          subject.next({ data });
          const known = connection;
          const current = connected();
          if (current !== known) current?.open();
          current?.event({ data });
        },
        fail() {
          subject.error(new Error('failed'));
          connected()?.cut();
        },
        reload: () => expect(ours.reload()).to.equal(theirs.reload()),
        destroy() {
          ours.destroy();
          theirs.destroy();
        },
        destroyInjector,
        async tick() {
          TestBed.tick();
          await settled();
        },
        compare(when) {
          // An rxResource still has the error that it reloads after.
          const forgiven = theirs.status() === 'reloading' && { hasError: false };
          expect(stateOf(ours), when).to.deep.equal({ ...stateOf(theirs), ...forgiven });
        },
      };
    }

    const scripts: readonly (readonly [string, ...Step[]])[] = [
      ['is idle without a request', tick],
      ['loads, and resolves with each event', key('a'), tick, event('1'), event('2')],
      ['loads as soon as the request is another one', key('a'), tick, event('1'), key('b'), tick, event('2')],
      ['loads something else while it loads', key('a'), tick, key('b'), tick, event('1')],
      ['has one request for many changes', key('a'), key('b'), key('c'), tick, event('1')],
      ['goes on if the request is changed and changed back', key('a'), tick, event('1'), key('a'), tick],
      ['is idle when the request is gone', key('a'), tick, event('1'), key(undefined), tick],
      ['comes back from idle', key('a'), tick, event('1'), key(undefined), tick, key('a'), tick, event('2')],
      ['has an error before the first event', key('a'), tick, fail],
      ['has an error after events', key('a'), tick, event('1'), fail, tick],
      ['loads another request after an error', key('a'), tick, fail, key('b'), tick, event('1')],
      ['is idle after an error', key('a'), tick, event('1'), fail, key(undefined), tick],
      ['keeps the value while it reloads', key('a'), tick, event('1'), reload, tick, event('2'), event('3')],
      ['reloads after an error', key('a'), tick, event('1'), fail, reload, tick, event('2')],
      ['reloads after an error that came first', key('a'), tick, fail, reload, tick, event('2')],
      ['fails while it reloads', key('a'), tick, event('1'), reload, tick, fail, reload, tick, event('2')],
      [
        'reloads again and again',
        key('a'),
        tick,
        event('1'),
        reload,
        tick,
        event('2'),
        reload,
        tick,
        event('3'),
      ],
      ['loads another request while it reloads', key('a'), tick, event('1'), reload, tick, key('b'), tick],
      ['is idle while it reloads', key('a'), tick, event('1'), reload, tick, key(undefined), tick],
      ['does not reload while idle', reload, tick],
      ['does not reload while loading', key('a'), reload, tick, reload, tick, event('1')],
      ['is idle when destroyed', key('a'), tick, event('1'), destroy, tick],
      ['is idle when destroyed while loading', key('a'), tick, destroy, tick],
      ['is idle when destroyed after an error', key('a'), tick, fail, destroy, tick],
      ['does not reload when destroyed', key('a'), tick, event('1'), destroy, reload, tick],
      ['is idle when its injector is destroyed', key('a'), tick, event('1'), destroyInjector],
      [
        'gets nothing from a stream that it is about to leave',
        key('a'),
        tick,
        event('1'),
        key('b'),
        event('2'),
      ],
      ['gets no error from a stream that it is about to leave', key('a'), tick, event('1'), key('b'), fail],
    ];

    for (const [title, ...steps] of scripts) {
      for (const config of [{}, { defaultValue: ['nothing'] }]) {
        it(`${title}${config.defaultValue ? ', with a default value' : ''}`, async () => {
          const pair = pairOf(config);
          pair.compare('at first');
          for (const [index, step] of steps.entries()) {
            await step(pair);
            pair.compare(`after step ${index + 1}`);
          }
        });
      }
    }
  });

  describe('unlike an rxResource', () => {
    beforeEach(() => configure(provideSseTesting()));

    it('lets the application be stable while it loads', async () => {
      @Component({ selector: 'app-stable', template: '{{ events.status() }} {{ events.readyState() }}' })
      class StableComponent {
        readonly events = sseResource({ url: () => '/a', ...all });
      }
      const fixture = TestBed.createComponent(StableComponent);
      await fixture.whenStable();
      expect(textOf(fixture)).to.equal('loading connecting');
      server().expectOne('/a').open();
      await fixture.whenStable();
      expect(textOf(fixture)).to.equal('loading open');
    });

    it('has no error when the stream completes without an event', () => {
      const events = made(() => sseResource({ url: () => '/a', ...all }));
      server().expectOne('/a').complete();
      expect(stateOf(events)).to.include({ status: 'loading', hasError: false });
      expect(events.value()).to.deep.equal([]);
      expect(events.readyState()).to.equal('closed');
    });

    it('throws the very error of the stream', () => {
      const events = made(() => sseResource({ url: () => '/a' }));
      server().expectOne('/a').refuse(404);
      expect(() => events.value())
        .to.throw(Error)
        .that.equals(events.error());
      expect(events.error()).to.include({ name: 'SseResponseError', status: 404 });
    });

    it('has no error any more while it reloads', () => {
      const events = made(() => sseResource({ url: () => '/a', ...all }));
      server().expectOne('/a').refuse(404);
      events.reload();
      expect(stateOf(events)).to.include({ status: 'reloading', hasError: false });
    });

    it('is idle for good when it is destroyed', () => {
      const key = signal('a');
      const events = made(() => sseResource({ url: () => `/${key()}`, ...all }));
      events.destroy();
      key.set('b');
      TestBed.tick();
      expect(events.status()).to.equal('idle');
      expect(isAsked()).to.equal(false);
    });
  });

  describe('value', () => {
    beforeEach(() => configure(provideSseTesting()));

    it('is the latest event without reduce', () => {
      const events = made(() => sseResource({ url: () => '/a' }));
      expect(events.value()).to.equal(undefined);
      expect(events.hasValue()).to.equal(false);
      const connection = opened('/a');
      connection.event({ type: 'tick', data: '1', id: '7' });
      expect(events.value()).to.deep.include({ type: 'tick', data: '1', id: '7' });
      connection.event({ data: '2' });
      expect(events.value()).to.deep.include({ type: 'message', data: '2', lastEventId: '7' });
      expect(events.hasValue()).to.equal(true);
    });

    it('is the default value before the first event', () => {
      const events = made(() => sseResource({ url: () => '/a', ...all }));
      expect(events.value()).to.equal(all.defaultValue);
      expect(events.hasValue()).to.equal(true);
      server().expectOne('/a').open();
      expect(events.value()).to.equal(all.defaultValue);
    });

    it('is the default value while idle', () => {
      const events = made(() => sseResource({ url: () => undefined, ...all }));
      expect(events.value()).to.equal(all.defaultValue);
    });

    it('is made of each event and the value before', () => {
      const calls: unknown[][] = [];
      const events = made(() =>
        sseResource({
          url: () => '/a',
          defaultValue: 10,
          reduce: (sum, event) => {
            calls.push([sum, event.data]);
            return sum + Number(event.data);
          },
        }),
      );
      opened('/a', '1', '2');
      expect(events.value()).to.equal(13);
      expect(calls).to.deep.equal([
        [10, '1'],
        [11, '2'],
      ]);
    });

    it('is made of undefined and the first event without a default value', () => {
      const events = made(() =>
        sseResource({
          url: () => '/a',
          reduce: (list: string | undefined, { data }) => `${list ?? 'nothing'}, ${data}`,
        }),
      );
      expect(events.value()).to.equal(undefined);
      opened('/a', '1', '2');
      expect(events.value()).to.equal('nothing, 1, 2');
    });

    it('may become undefined again', () => {
      const events = made(() =>
        sseResource<string>({ url: () => '/a', reduce: (_, { data }) => data || undefined }),
      );
      const connection = opened('/a', '1');
      expect(events.hasValue()).to.equal(true);
      connection.event({ data: '' });
      expect(stateOf(events)).to.include({ status: 'resolved', value: undefined, hasValue: false });
    });

    it('may be null, false, 0 or empty', () => {
      for (const value of [null, false, 0, '']) {
        const events = made(() =>
          sseResource<unknown>({ url: () => undefined, defaultValue: value, reduce: all => all }),
        );
        expect(events.value()).to.equal(value);
        expect(events.hasValue()).to.equal(true);
      }
    });

    it('goes on over a reconnect', () => {
      const events = made(() => sseResource({ url: () => '/a', ...all }));
      opened('/a', '1').cut();
      expect(stateOf(events)).to.deep.include({ status: 'resolved', value: ['1'] });
      server().expectOne('/a').cut();
      opened('/a', '2').end();
      opened('/a', '3');
      expect(events.value()).to.deep.equal(['1', '2', '3']);
    });

    it('stays when the stream completes', () => {
      const events = made(() => sseResource({ url: () => '/a', ...all }));
      opened('/a', '1').complete();
      expect(stateOf(events)).to.deep.include({ status: 'resolved', value: ['1'], hasError: false });
    });

    it('begins again on a reload', () => {
      const events = made(() => sseResource({ url: () => '/a', ...all }));
      opened('/a', '1', '2');
      events.reload();
      TestBed.tick();
      expect(events.value()).to.deep.equal(['1', '2']);
      opened('/a', '3');
      expect(events.value()).to.deep.equal(['3']);
    });

    it('begins again on another URL', () => {
      const key = signal('a');
      const events = made(() => sseResource({ url: () => `/${key()}`, ...all }));
      opened('/a', '1');
      key.set('b');
      expect(events.value()).to.equal(all.defaultValue);
      TestBed.tick();
      opened('/b', '2');
      expect(events.value()).to.deep.equal(['2']);
    });

    it('begins again on the URL that it has been at before', () => {
      const key = signal('a');
      const events = made(() => sseResource({ url: () => `/${key()}`, ...all }));
      opened('/a', '1');
      key.set('b');
      TestBed.tick();
      key.set('a');
      TestBed.tick();
      opened('/a', '2');
      expect(events.value()).to.deep.equal(['2']);
    });

    it('tells of each event without equal', () => {
      const { events, seen } = watched(() =>
        sseResource({ url: () => '/a', defaultValue: 0, reduce: (_, { data }) => Number(data) }),
      );
      const connection = opened('/a');
      for (const data of ['1', '1', '2']) {
        connection.event({ data });
        TestBed.tick();
      }
      expect(seen).to.deep.equal([0, 1, 2]);
      expect(events.value()).to.equal(2);
    });

    it('tells nobody of a value that is equal', () => {
      const { events, seen } = watched(() =>
        sseResource({
          url: () => '/a',
          defaultValue: { price: 0 },
          reduce: (_, { data }) => ({ price: Number(data) }),
          equal: (a, b) => Math.trunc(a.price) === Math.trunc(b.price),
        }),
      );
      const connection = opened('/a');
      for (const data of ['1', '1.5', '2']) {
        connection.event({ data });
        TestBed.tick();
      }
      expect(seen).to.deep.equal([{ price: 0 }, { price: 1 }, { price: 2 }]);
      expect(events.value()).to.deep.equal({ price: 2 });
    });

    it('is that of the snapshot, which tells nobody of an equal one either', () => {
      const seen: unknown[] = [];
      const events = made(() => {
        const events = sseResource({
          url: () => '/a',
          defaultValue: { price: 0 },
          reduce: (_, { data }) => ({ price: Number(data) }),
          equal: (a, b) => a.price === b.price,
        });
        effect(() => void seen.push(events.snapshot()));
        return events;
      });
      const connection = opened('/a');
      for (const data of ['1', '1', '2']) {
        connection.event({ data });
        TestBed.tick();
        expect(events.snapshot()).to.have.property('value', events.value());
      }
      expect(seen).to.have.length(3);
    });

    it('tells of an event that is another object', () => {
      const { seen } = watched(() => sseResource({ url: () => '/a' }));
      const connection = opened('/a');
      for (const data of ['1', '1']) {
        connection.event({ data });
        TestBed.tick();
      }
      expect(seen).to.have.length(3);
    });

    /** A resource, and what an effect that reads its value sees. */
    function watched<T>(make: () => { readonly value: () => T }) {
      const seen: T[] = [];
      const events = made(() => {
        const events = make();
        effect(() => void seen.push(events.value()));
        return events;
      });
      return { events, seen };
    }
  });

  describe('error', () => {
    beforeEach(() => configure(provideSseTesting()));

    it('is thrown by value', () => {
      const events = made(() => sseResource({ url: () => '/a', ...all }));
      opened('/a', '1').cut();
      server().expectOne('/a').refuse(410);
      expect(stateOf(events)).to.deep.equal({
        status: 'error',
        value: 'throws',
        hasError: true,
        hasValue: false,
        isLoading: false,
      });
      expect(events.error()).to.include({ name: 'SseResponseError', status: 410 });
    });

    it('is an Error, with what is none as its cause', () => {
      const notAnError: unknown = { reason: 'none of yours' };
      const events = made(() =>
        sseResource({
          url: () => '/a',
          reduce: () => {
            throw notAnError;
          },
        }),
      );
      opened('/a', '1');
      expect(events.error()).to.be.an.instanceOf(Error);
      expect(events.error()).to.include({ cause: notAnError, message: '[object Object]' });
    });

    it('is what reduce throws, and the connection is left', () => {
      const oops = new Error('oops');
      const events = made(() =>
        sseResource({
          url: () => '/a',
          defaultValue: 0,
          reduce: () => {
            throw oops;
          },
        }),
      );
      const connection = opened('/a', '1');
      expect(events.status()).to.equal('error');
      expect(events.error()).to.equal(oops);
      expect(events.readyState()).to.equal('closed');
      expect(connection.cancelled).to.equal(true);
      expect(isAsked()).to.equal(false);
    });

    it('is what url throws, until a signal has changed', () => {
      const key = signal('');
      const oops = new Error('no key');
      const events = made(() =>
        sseResource({
          url: () => {
            if (!key()) throw oops;
            return `/${key()}`;
          },
          ...all,
        }),
      );
      expect(events.status()).to.equal('error');
      expect(events.error()).to.equal(oops);
      expect(events.readyState()).to.equal('closed');
      expect(isAsked()).to.equal(false);
      key.set('a');
      expect(events.status()).to.equal('loading');
      TestBed.tick();
      const connection = opened('/a', '1');
      expect(events.value()).to.deep.equal(['1']);
      key.set('');
      TestBed.tick();
      expect(events.error()).to.equal(oops);
      expect(connection.cancelled).to.equal(true);
    });

    it('is what url throws now, not what it threw before', () => {
      const key = signal('a');
      const events = made(() =>
        sseResource({
          url: () => {
            throw new Error(key());
          },
        }),
      );
      expect(events.error()?.message).to.equal('a');
      key.set('b');
      expect(events.error()?.message).to.equal('b');
    });

    it('is what params throw, until a signal has changed', () => {
      const key = signal('');
      const events = made(() =>
        sseResource({
          params: () => {
            // eslint-disable-next-line @typescript-eslint/only-throw-error -- it is what this is about
            if (!key()) throw 'no key';
            return key();
          },
          url: ({ params }) => `/${params}`,
        }),
      );
      expect(events.status()).to.equal('error');
      expect(events.error()).to.include({ message: 'no key', cause: 'no key' });
      expect(events.hasValue()).to.equal(false);
      key.set('a');
      TestBed.tick();
      opened('/a', '1');
      expect(events.value()).to.include({ data: '1' });
    });

    it('is what the signal of the config aborts with', () => {
      const abort = new AbortController();
      const events = made(() => sseResource({ url: () => '/a', ...all, signal: abort.signal }));
      const connection = opened('/a', '1');
      const reason = new Error('enough');
      abort.abort(reason);
      expect(events.error()).to.equal(reason);
      expect(events.readyState()).to.equal('closed');
      expect(connection.cancelled).to.equal(true);
    });

    it('is that of a stream that cannot be opened at all, which is closed then', () => {
      const events = made(() => sseResource({ url: () => '/a', signal: AbortSignal.abort() }));
      expect(events.status()).to.equal('error');
      expect(events.readyState()).to.equal('closed');
    });
  });

  describe('url and params', () => {
    beforeEach(() => configure(provideSseTesting()));

    it('leave the stream when they change, and open the other one', () => {
      const key = signal('a');
      const events = made(() => sseResource({ url: () => `/${key()}`, ...all }));
      const connection = opened('/a', '1');
      key.set('b');
      expect(stateOf(events)).to.deep.include({ status: 'loading', value: [], isLoading: true });
      expect(events.readyState()).to.equal('connecting');
      expect(connection.cancelled).to.equal(false);
      TestBed.tick();
      expect(connection.cancelled).to.equal(true);
      opened('/b', '2');
      expect(stateOf(events)).to.deep.include({ status: 'resolved', value: ['2'], isLoading: false });
    });

    it('leave a stream that has not opened yet', () => {
      const key = signal('a');
      made(() => sseResource({ url: () => `/${key()}` }));
      const connection = server().expectOne('/a');
      key.set('b');
      TestBed.tick();
      expect(connection.cancelled).to.equal(true);
      server().expectOne('/b');
    });

    it('let what is still to come from a stream that is about to be left go by', () => {
      const key = signal('a');
      const events = made(() => sseResource({ url: () => `/${key()}`, ...all }));
      const connection = opened('/a', '1');
      key.set('b');
      connection.event({ data: '2' });
      expect(stateOf(events)).to.deep.include({ status: 'loading', value: [] });
      connection.cut();
      server().expectOne('/a').refuse(404);
      expect(stateOf(events)).to.deep.include({ status: 'loading', value: [] });
      expect(events.readyState()).to.equal('connecting');
      TestBed.tick();
      expect(stateOf(events)).to.deep.include({ status: 'loading', value: [] });
      opened('/b', '3');
      expect(events.value()).to.deep.equal(['3']);
    });

    it('open nothing anew for the same text', () => {
      const key = signal('a');
      const events = made(() => sseResource({ url: () => `/${key().toLowerCase()}`, ...all }));
      const connection = opened('/a', '1');
      key.set('A');
      expect(events.status()).to.equal('resolved');
      TestBed.tick();
      expect(connection.cancelled).to.equal(false);
      expect(isAsked()).to.equal(false);
      expect(events.value()).to.deep.equal(['1']);
    });

    it('open nothing anew for a URL that reads the same', () => {
      const key = signal('a');
      made(() => sseResource({ url: () => new URL(key(), 'http://host/'), ...all }));
      const connection = opened('http://host/a', '1');
      key.set('./a');
      TestBed.tick();
      expect(connection.cancelled).to.equal(false);
      expect(isAsked()).to.equal(false);
      key.set('b');
      TestBed.tick();
      expect(connection.cancelled).to.equal(true);
      server().expectOne('http://host/b');
    });

    it('open it anew for other params at the same URL', () => {
      const params = signal({ page: 1 });
      const events = made(() => sseResource({ params, url: () => '/a', ...all }));
      const connection = opened('/a', '1');
      params.set({ page: 1 });
      expect(stateOf(events)).to.deep.include({ status: 'loading', value: [] });
      TestBed.tick();
      expect(connection.cancelled).to.equal(true);
      opened('/a', '2');
      expect(events.value()).to.deep.equal(['2']);
    });

    it('open nothing anew for the same params', () => {
      const key = signal(1);
      const params = { page: 1 };
      made(() => sseResource({ params: () => (key(), params), url: () => '/a' }));
      const connection = opened('/a');
      key.set(2);
      TestBed.tick();
      expect(connection.cancelled).to.equal(false);
      expect(isAsked()).to.equal(false);
    });

    it('take params that are NaN for the same', () => {
      const key = signal(1);
      made(() => sseResource({ params: () => (key(), NaN), url: () => '/a' }));
      const connection = opened('/a');
      key.set(2);
      TestBed.tick();
      expect(connection.cancelled).to.equal(false);
    });

    it('leave the stream while params are undefined', () => {
      const params = signal<{ readonly name: string } | undefined>(undefined);
      const asked: unknown[] = [];
      const events = made(() =>
        sseResource({
          params,
          url: ({ params }) => {
            asked.push(params);
            return `/${params.name}`;
          },
          ...all,
        }),
      );
      expect(events.status()).to.equal('idle');
      expect(events.readyState()).to.equal('closed');
      expect(asked).to.deep.equal([]);
      params.set({ name: 'a' });
      TestBed.tick();
      const connection = opened('/a', '1');
      expect(asked).to.deep.equal([{ name: 'a' }]);
      params.set(undefined);
      expect(stateOf(events)).to.deep.include({ status: 'idle', value: [] });
      TestBed.tick();
      expect(connection.cancelled).to.equal(true);
      expect(isAsked()).to.equal(false);
    });

    it('have params that are null, false, 0 or empty', () => {
      for (const params of [null, false, 0, '']) {
        made(() => sseResource({ params: () => params, url: ({ params }) => `/${String(params)}` }));
        server().expectOne(`/${String(params)}`);
      }
    });

    it('leave the stream while there is no URL', () => {
      const url = signal<string | undefined>('/a');
      const events = made(() => sseResource({ url, ...all }));
      const connection = opened('/a', '1');
      url.set(undefined);
      expect(stateOf(events)).to.deep.include({ status: 'idle', value: [] });
      expect(events.readyState()).to.equal('closed');
      TestBed.tick();
      expect(connection.cancelled).to.equal(true);
      url.set('/a');
      TestBed.tick();
      opened('/a', '2');
      expect(events.value()).to.deep.equal(['2']);
    });

    it('have the empty string for a URL', () => {
      TestBed.resetTestingModule();
      configure(provideSse(withBaseUrl('http://host/a')), provideSseTesting());
      made(() => sseResource({ url: () => '' }));
      server().expectOne('http://host/a');
    });

    it('call url without params with undefined', () => {
      const asked: unknown[] = [];
      made(() =>
        sseResource({
          url: context => {
            asked.push(context);
            return '/a';
          },
        }),
      );
      expect(asked).to.deep.equal([{ params: undefined }]);
    });

    it('are asked once for each change, however often the resource is read', () => {
      const key = signal('a');
      let count = 0;
      const events = made(() =>
        sseResource({
          url: () => {
            count++;
            return `/${key()}`;
          },
        }),
      );
      events.value();
      events.status();
      TestBed.tick();
      expect(count).to.equal(1);
      key.set('b');
      events.value();
      TestBed.tick();
      expect(count).to.equal(2);
    });

    it('are not asked again by a reconnect', () => {
      let count = 0;
      made(() => sseResource({ url: () => `/${++count}` }));
      opened('/1').cut();
      server().expectOne('/1');
    });

    it('are all that is reactive', () => {
      const other = signal('a');
      made(() =>
        sseResource({
          url: () => '/a',
          defaultValue: '',
          reduce: (_, { data }) => data + other(),
          headers: () => ({ 'X-Other': other() }),
          openObserver: () => void other(),
        }),
      );
      const connection = opened('/a', '1');
      expect(connection.request.headers.get('x-other')).to.equal('a');
      other.set('b');
      TestBed.tick();
      expect(connection.cancelled).to.equal(false);
      expect(isAsked()).to.equal(false);
    });
  });

  describe('reload', () => {
    beforeEach(() => configure(provideSseTesting()));

    it('leaves the stream and opens it anew', () => {
      const events = made(() => sseResource({ url: () => '/a', ...all }));
      const connection = opened('/a', '1');
      expect(events.reload()).to.equal(true);
      expect(stateOf(events)).to.deep.include({ status: 'reloading', value: ['1'], isLoading: true });
      expect(events.readyState()).to.equal('connecting');
      TestBed.tick();
      expect(connection.cancelled).to.equal(true);
      const second = server().expectOne('/a');
      second.open();
      expect(stateOf(events)).to.deep.include({ status: 'reloading', value: ['1'] });
      expect(events.readyState()).to.equal('open');
      second.event({ data: '2' });
      expect(stateOf(events)).to.deep.include({ status: 'resolved', value: ['2'], isLoading: false });
    });

    it('begins at the beginning', () => {
      const events = made(() => sseResource({ url: () => '/a', lastEventId: '3' }));
      const connection = opened('/a');
      expect(connection.request.headers.get('last-event-id')).to.equal('3');
      connection.event({ data: '', id: '7' });
      events.reload();
      TestBed.tick();
      expect(server().expectOne('/a').request.headers.get('last-event-id')).to.equal('3');
    });

    it('lets what is still to come from the stream before go by', () => {
      const events = made(() => sseResource({ url: () => '/a', ...all }));
      const connection = opened('/a', '1');
      events.reload();
      connection.event({ data: '2' });
      expect(stateOf(events)).to.deep.include({ status: 'reloading', value: ['1'] });
      TestBed.tick();
      expect(events.status()).to.equal('reloading');
    });

    it('begins with the default value after an error', () => {
      const events = made(() => sseResource({ url: () => '/a', ...all }));
      opened('/a', '1').cut();
      server().expectOne('/a').refuse(404);
      expect(events.reload()).to.equal(true);
      expect(stateOf(events)).to.deep.equal({
        status: 'reloading',
        value: [],
        hasError: false,
        hasValue: true,
        isLoading: true,
      });
      TestBed.tick();
      opened('/a', '2');
      expect(events.value()).to.deep.equal(['2']);
    });

    it('opens a stream that has ended for good', () => {
      const events = made(() => sseResource({ url: () => '/a', ...all }));
      opened('/a', '1').complete();
      expect(events.reload()).to.equal(true);
      TestBed.tick();
      opened('/a', '2');
      expect(events.value()).to.deep.equal(['2']);
    });

    it('does nothing while idle or loading', () => {
      const key = signal<string | undefined>(undefined);
      const events = made(() => sseResource({ url: key, ...all }));
      expect(events.reload()).to.equal(false);
      key.set('/a');
      expect(events.reload()).to.equal(false);
      TestBed.tick();
      expect(events.reload()).to.equal(false);
      const connection = server().expectOne('/a');
      TestBed.tick();
      expect(connection.cancelled).to.equal(false);
      expect(events.status()).to.equal('loading');
    });

    it('opens one stream for many calls in one turn', () => {
      const events = made(() => sseResource({ url: () => '/a', ...all }));
      opened('/a', '1');
      events.reload();
      events.reload();
      TestBed.tick();
      server().expectOne('/a');
    });

    it('makes nothing that calls it depend on the status', () => {
      const isWanted = signal(0);
      let count = 0;
      const events = made(() => {
        const events = sseResource({ url: () => '/a', ...all });
        effect(() => {
          count++;
          if (isWanted()) events.reload();
        });
        return events;
      });
      opened('/a', '1');
      isWanted.set(1);
      TestBed.tick();
      expect(events.status()).to.equal('reloading');
      opened('/a', '2');
      TestBed.tick();
      expect(count).to.equal(2);
    });
  });

  describe('destroy', () => {
    beforeEach(() => configure(provideSseTesting()));

    it('leaves the stream, at once and for good', () => {
      const key = signal('a');
      const events = made(() => sseResource({ url: () => `/${key()}`, ...all }));
      const connection = opened('/a', '1');
      events.destroy();
      expect(connection.cancelled).to.equal(true);
      expect(stateOf(events)).to.deep.include({ status: 'idle', value: [] });
      expect(events.readyState()).to.equal('closed');
      expect(events.reload()).to.equal(false);
      key.set('b');
      TestBed.tick();
      expect(events.status()).to.equal('idle');
      expect(isAsked()).to.equal(false);
    });

    it('opens nothing if it comes first', () => {
      const events = TestBed.runInInjectionContext(() => sseResource({ url: () => '/a' }));
      events.destroy();
      TestBed.tick();
      expect(isAsked()).to.equal(false);
      expect(events.status()).to.equal('idle');
    });

    it('may be called twice, and after an error', () => {
      const events = made(() => sseResource({ url: () => '/a' }));
      server().expectOne('/a').refuse(404);
      events.destroy();
      events.destroy();
      expect(events.error()).to.equal(undefined);
      expect(events.status()).to.equal('idle');
    });

    it('is called with the component', () => {
      const key = signal('a');
      @Component({ selector: 'app-gone', template: '' })
      class GoneComponent {
        readonly events = sseResource({ url: () => `/${key()}`, ...all });
      }
      const fixture = TestBed.createComponent(GoneComponent);
      TestBed.tick();
      const { events } = fixture.componentInstance;
      const connection = opened('/a', '1');
      fixture.destroy();
      expect(connection.cancelled).to.equal(true);
      expect(events.status()).to.equal('idle');
      expect(events.readyState()).to.equal('closed');
      key.set('b');
      TestBed.tick();
      expect(events.status()).to.equal('idle');
      expect(isAsked()).to.equal(false);
    });

    it('is called with the injector of the config', () => {
      const { injector, destroyInjector } = childInjector();
      const events = sseResource({ injector, url: () => '/a', ...all });
      TestBed.tick();
      const connection = opened('/a', '1');
      destroyInjector();
      expect(connection.cancelled).to.equal(true);
      expect(events.status()).to.equal('idle');
    });

    it('leaves no callback with the injector', () => {
      let count = 0;
      const { injector } = childInjector();
      const destroyRef = injector.get(DestroyRef);
      const onDestroy = destroyRef.onDestroy.bind(destroyRef);
      destroyRef.onDestroy = callback => {
        count++;
        const remove = onDestroy(callback);
        return () => {
          count--;
          remove();
        };
      };
      for (let index = 0; index < 3; index++) {
        const events = sseResource({ injector, url: () => '/a' });
        TestBed.tick();
        opened('/a', '1');
        events.destroy();
      }
      expect(count).to.equal(0);
    });
  });

  describe('readyState', () => {
    beforeEach(() => configure(provideSseTesting()));

    it('is that of the connection', () => {
      const events = made(() => sseResource({ url: () => '/a', ...all }));
      expect(events.readyState()).to.equal('connecting');
      const first = server().expectOne('/a');
      first.open();
      expect(events.readyState()).to.equal('open');
      first.event({ data: '1' });
      expect(events.readyState()).to.equal('open');
      first.cut();
      expect(events.readyState()).to.equal('connecting');
      expect(events.status()).to.equal('resolved');
      const second = server().expectOne('/a');
      second.refuse(503);
      expect(events.readyState()).to.equal('connecting');
      const third = server().expectOne('/a');
      third.open();
      expect(events.readyState()).to.equal('open');
      third.end();
      expect(events.readyState()).to.equal('connecting');
      server().expectOne('/a').complete();
      expect(events.readyState()).to.equal('closed');
      expect(events.status()).to.equal('resolved');
    });

    it('is closed after an error', () => {
      const events = made(() => sseResource({ url: () => '/a' }));
      server().expectOne('/a').refuse(404);
      expect(events.readyState()).to.equal('closed');
    });

    it('is closed after a single connection', () => {
      const events = made(() => sseResource({ url: () => '/a', ...all, reconnect: false }));
      opened('/a', '1').end();
      expect(events.readyState()).to.equal('closed');
      expect(stateOf(events)).to.deep.include({ status: 'resolved', value: ['1'], hasError: false });
      expect(isAsked()).to.equal(false);
    });

    it('is connecting while a notifier of your own decides', () => {
      const again = new Subject<void>();
      const events = made(() => sseResource({ url: () => '/a', reconnect: { delay: () => again } }));
      opened('/a').cut();
      expect(events.readyState()).to.equal('connecting');
      expect(isAsked()).to.equal(false);
      again.next();
      server().expectOne('/a').open();
      expect(events.readyState()).to.equal('open');
    });

    it('is connecting at once when a connection is dropped to be made anew', () => {
      const now = new Subject<void>();
      const seen: string[] = [];
      const events = made(() => sseResource({ url: () => '/a', reconnect: { now } }));
      const connection = opened('/a');
      now.next();
      seen.push(events.readyState());
      expect(connection.cancelled).to.equal(true);
      server().expectOne('/a').open();
      seen.push(events.readyState());
      expect(seen).to.deep.equal(['connecting', 'open']);
    });

    it('is closed while idle', () => {
      const events = made(() => sseResource({ url: () => undefined }));
      expect(events.readyState()).to.equal('closed');
    });

    it('is not disturbed by the end of a stream that was left', () => {
      const key = signal('a');
      const closings: string[] = [];
      const events = made(() =>
        sseResource({ url: () => `/${key()}`, closeObserver: ({ reason }) => closings.push(reason) }),
      );
      opened('/a');
      key.set('b');
      TestBed.tick();
      expect(closings).to.deep.equal(['unsubscribed']);
      expect(events.readyState()).to.equal('connecting');
      opened('/b', '1');
      expect(events.readyState()).to.equal('open');
      events.reload();
      TestBed.tick();
      expect(closings).to.deep.equal(['unsubscribed', 'unsubscribed']);
      expect(events.readyState()).to.equal('connecting');
    });

    it('is told of before the observers are', () => {
      const seen: string[] = [];
      const events = made(() =>
        sseResource({
          url: () => '/a',
          openObserver: () => seen.push(events.readyState()),
          closeObserver: () => seen.push(events.readyState()),
        }),
      );
      opened('/a').cut();
      server().expectOne('/a').refuse(404);
      expect(seen).to.deep.equal(['open', 'connecting', 'closed']);
    });

    it('changes without the value', () => {
      const seen: unknown[] = [];
      made(() => {
        const events = sseResource({ url: () => '/a', ...all });
        effect(() => void seen.push(events.value()));
        effect(() => void seen.push(events.status()));
      });
      seen.length = 0;
      const connection = server().expectOne('/a');
      connection.open();
      TestBed.tick();
      connection.cut();
      TestBed.tick();
      expect(seen).to.deep.equal([]);
    });
  });

  describe('options', () => {
    it('are those of a stream', () => {
      configure(provideSseTesting());
      made(() =>
        sseResource({ url: () => '/a', headers: { 'X-Own': '1' }, body: 'question', lastEventId: '7' }),
      );
      const { request } = server().expectOne('/a');
      expect(request).to.include({ method: 'POST', body: 'question' });
      expect(request.headers.get('x-own')).to.equal('1');
      expect(request.headers.get('last-event-id')).to.equal('7');
    });

    it('have the method that is asked for', () => {
      configure(provideSseTesting());
      made(() => sseResource({ url: () => '/a', method: 'QUERY', body: 'question' }));
      expect(server().expectOne('/a').request.method).to.equal('QUERY');
    });

    it('may say that there is no second connection', () => {
      configure(provideSseTesting());
      const events = made(() => sseResource({ url: () => '/a', reconnect: false }));
      opened('/a').cut();
      expect(events.error()).to.include({ name: 'SseConnectionError', reason: 'cut' });
      expect(isAsked()).to.equal(false);
    });

    it('may be functions that tell of openings and closings', () => {
      configure(provideSseTesting());
      const openings: SseOpening[] = [];
      const closings: SseClosing[] = [];
      const events = made(() =>
        sseResource({
          url: () => '/a',
          openObserver: opening => openings.push(opening),
          closeObserver: closing => closings.push(closing),
        }),
      );
      opened('/a').cut();
      opened('/a');
      events.destroy();
      expect(openings.map(({ attempt }) => attempt)).to.deep.equal([1, 2]);
      expect(closings.map(({ reason }) => reason)).to.deep.equal(['cut', 'unsubscribed']);
    });

    it('may be observers that are told of openings, closings and comments', () => {
      configure(provideSseTesting());
      const opening$ = new Subject<SseOpening>();
      const closing$ = new Subject<SseClosing>();
      const comment$ = new Subject<string>();
      const seen: unknown[] = [];
      opening$.subscribe(({ status }) => seen.push(status));
      closing$.subscribe(({ reason }) => seen.push(reason));
      comment$.subscribe(comment => seen.push(comment));
      made(() =>
        sseResource({
          url: () => '/a',
          openObserver: opening$,
          closeObserver: closing$,
          commentObserver: comment$,
        }),
      );
      const connection = opened('/a');
      connection.event({ comment: 'hello' });
      connection.complete();
      expect(seen).to.deep.equal([200, ' hello', 'stopped']);
    });

    it('go on with what provideSse has set up', () => {
      configure(
        provideSse(
          withBaseUrl('http://host'),
          withDefaults({ headers: { 'X-All': 'all' }, reconnect: false }),
        ),
        provideSseTesting(),
      );
      const events = made(() => sseResource({ url: () => '/a', headers: { 'X-Own': 'own' } }));
      const connection = opened('http://host/a');
      expect(connection.request.headers.get('x-all')).to.equal('all');
      expect(connection.request.headers.get('x-own')).to.equal('own');
      connection.cut();
      expect(events.status()).to.equal('error');
    });

    it('that are not for fetch do not reach it', async () => {
      configure();
      const writing = eventStream();
      const { fetch, requests } = scriptedFetch(writing.response);
      const injector = TestBed.inject(Injector);
      const reduced$ = new Subject<string>();
      const reduced = firstValueFrom(reduced$);
      const events = sseResource({
        injector,
        url: () => 'http://host/a',
        params: () => 1,
        defaultValue: '',
        reduce: (_, { data }) => {
          reduced$.next(data);
          return data;
        },
        equal: (a, b) => a === b,
        onServer: true,
        openObserver: () => undefined,
        closeObserver: () => undefined,
        commentObserver: () => undefined,
        reconnect: {},
        lastEventId: '7',
        credentials: 'include',
        fetch,
      });
      TestBed.tick();
      writing.write('data: 1\n\n');
      await reduced;
      expect(Object.keys(requests[0] ?? {})).to.have.members(['cache', 'credentials', 'headers', 'signal']);
      expect(events.value()).to.equal('1');
      const { signal } = requests[0] ?? {};
      events.destroy();
      expect(signal?.aborted).to.equal(true);
    });
  });

  describe('as a signal', () => {
    beforeEach(() => configure(provideSseTesting()));

    it('renders once for many events of a turn', async () => {
      let count = 0;
      @Component({ selector: 'app-list', template: '{{ seen(events.value()) }}' })
      class ListComponent {
        readonly events = sseResource({ url: () => '/a', ...all });

        seen(list: readonly string[]): string {
          count++;
          return list.join();
        }
      }
      const fixture = TestBed.createComponent(ListComponent);
      await fixture.whenStable();
      const connection = opened('/a');
      await fixture.whenStable();
      const before = count;
      for (const data of ['1', '2', '3']) connection.event({ data });
      await fixture.whenStable();
      expect(textOf(fixture)).to.equal('1,2,3');
      const rounds = count - before;
      connection.event({ data: '4' });
      await fixture.whenStable();
      // As many as a single event.
      expect(count - before - rounds).to.equal(rounds);
    });

    it('is read by what is computed', () => {
      const length = made(() => {
        const events = sseResource({ url: () => '/a', ...all });
        return computed(() => events.value().length);
      });
      expect(length()).to.equal(0);
      opened('/a', '1', '2');
      expect(length()).to.equal(2);
    });

    it('throws into what is computed, until it has a value again', () => {
      const { events, length } = made(() => {
        const events = sseResource({ url: () => '/a', ...all });
        return { events, length: computed(() => (events.hasValue() ? events.value().length : -1)) };
      });
      const sum = computed(() => events.value().length);
      server().expectOne('/a').refuse(404);
      expect(length()).to.equal(-1);
      expect(() => sum()).to.throw('404');
      events.reload();
      expect(length()).to.equal(0);
      TestBed.tick();
      opened('/a', '1');
      expect(length()).to.equal(1);
      expect(sum()).to.equal(1);
    });

    it('resets what is linked to it', () => {
      const key = signal('a');
      const chosen = made(() => {
        const events = sseResource({ url: () => `/${key()}`, ...all });
        return linkedSignal(() => events.value().at(-1));
      });
      opened('/a', '1');
      expect(chosen()).to.equal('1');
      chosen.set('mine');
      expect(chosen()).to.equal('mine');
      key.set('b');
      expect(chosen()).to.equal(undefined);
    });

    it('tells effects of the status and the readyState', () => {
      const seen: string[] = [];
      made(() => {
        const events = sseResource({ url: () => '/a', ...all });
        effect(() => void seen.push(`${events.status()} ${events.readyState()} ${events.isLoading()}`));
      });
      const connection = server().expectOne('/a');
      connection.open();
      TestBed.tick();
      connection.event({ data: '1' });
      TestBed.tick();
      connection.event({ data: '2' });
      TestBed.tick();
      connection.cut();
      TestBed.tick();
      server().expectOne('/a').refuse(404);
      TestBed.tick();
      expect(seen).to.deep.equal([
        'loading connecting true',
        'loading open true',
        'resolved open false',
        'resolved connecting false',
        'error closed false',
      ]);
    });

    it('has a snapshot of the status with the value or the error', () => {
      const key = signal<string | undefined>(undefined);
      const events = made(() => sseResource({ url: key, ...all }));
      expect(events.snapshot()).to.deep.equal({ status: 'idle', value: [] });
      key.set('/a');
      expect(events.snapshot()).to.deep.equal({ status: 'loading', value: [] });
      TestBed.tick();
      opened('/a', '1').complete();
      expect(events.snapshot()).to.deep.equal({ status: 'resolved', value: ['1'] });
      events.reload();
      expect(events.snapshot()).to.deep.equal({ status: 'reloading', value: ['1'] });
      TestBed.tick();
      server().expectOne('/a').refuse(404);
      expect(events.snapshot()).to.deep.equal({ status: 'error', error: events.error() });
    });

    it('is known before any effect has run', () => {
      const events = TestBed.runInInjectionContext(() => sseResource({ url: () => '/a', ...all }));
      expect(stateOf(events)).to.deep.include({ status: 'loading', value: [] });
      expect(events.readyState()).to.equal('connecting');
      expect(isAsked()).to.equal(false);
    });

    it('is nothing that an effect depends on because an event comes in it', () => {
      const key = signal('a');
      let count = 0;
      const events = made(() => sseResource({ url: () => `/${key()}`, ...all }));
      const connection = opened('/a');
      made(() =>
        effect(() => {
          if (!count++) connection.event({ data: '1' });
        }),
      );
      expect(events.value()).to.deep.equal(['1']);
      key.set('b');
      TestBed.tick();
      expect(count).to.equal(1);
    });

    it('may be what another resource depends on', () => {
      const [first, second] = made(() => {
        const first = sseResource({ url: () => '/a' });
        return [
          first,
          sseResource({
            params: () => first.value()?.data,
            url: ({ params }) => `/b/${params}`,
            ...all,
          }),
        ] as const;
      });
      expect(second.status()).to.equal('idle');
      const connection = opened('/a', '1');
      TestBed.tick();
      opened('/b/1', 'x');
      expect(second.value()).to.deep.equal(['x']);
      connection.cut();
      server().expectOne('/a').refuse(404);
      TestBed.tick();
      expect(second.error()).to.equal(first.error());
    });

    it('is independent of another one at the same URL', () => {
      const [first, second] = made(
        () => [sseResource({ url: () => '/a', ...all }), sseResource({ url: () => '/a', ...all })] as const,
      );
      const [a, b] = server().match('/a');
      a?.open();
      a?.event({ data: '1' });
      b?.open();
      b?.event({ data: '2' });
      expect(first.value()).to.deep.equal(['1']);
      expect(second.value()).to.deep.equal(['2']);
      first.destroy();
      expect(a?.cancelled).to.equal(true);
      expect(b?.cancelled).to.equal(false);
      expect(second.status()).to.equal('resolved');
    });
  });

  describe('where it lives', () => {
    beforeEach(() => configure(provideSseTesting()));

    it('is an injection context', () => {
      expect(() => sseResource({ url: () => '/a' })).to.throw('sseResource() can only be used within');
    });

    it('is the injector that is given', () => {
      const events = sseResource({
        injector: TestBed.inject(Injector),
        url: () => '/a',
        ...all,
      });
      TestBed.tick();
      opened('/a', '1');
      expect(events.value()).to.deep.equal(['1']);
    });

    it('is the injector that is given rather than the one at work', () => {
      const { injector, destroyInjector } = childInjector();
      made(() => sseResource({ injector, url: () => '/a' }));
      const connection = opened('/a');
      destroyInjector();
      expect(connection.cancelled).to.equal(true);
    });

    it('has the SseClient of that injector', () => {
      const { injector } = childInjector(provideSse(withBaseUrl('http://route')));
      sseResource({ injector, url: () => '/a' });
      TestBed.tick();
      server().expectOne('http://route/a');
    });
  });

  describe('over a stream that gives events as it is subscribed to', () => {
    const received: ReceivedSseEvent = { type: 'message', data: '1', lastEventId: '', origin: '' };

    function configureWith(stream$: Observable<ReceivedSseEvent>): void {
      configure({ provide: SseClient, useValue: { stream: () => stream$ } });
    }

    it('has them', () => {
      let isLeft = false;
      configureWith(
        new Observable(subscriber => {
          subscriber.next(received);
          subscriber.next({ ...received, data: '2' });
          return () => void (isLeft = true);
        }),
      );
      const events = made(() => sseResource({ url: () => '/a', ...all }));
      expect(stateOf(events)).to.deep.include({ status: 'resolved', value: ['1', '2'] });
      events.destroy();
      expect(isLeft).to.equal(true);
    });

    it('has its error', () => {
      const oops = new Error('oops');
      configureWith(
        new Observable(subscriber => {
          subscriber.next(received);
          subscriber.error(oops);
        }),
      );
      const events = made(() => sseResource({ url: () => '/a', ...all }));
      expect(events.error()).to.equal(oops);
    });

    it('is closed when it completes, whoever tells of that', () => {
      configureWith(of(received));
      const events = made(() => sseResource({ url: () => '/a', ...all }));
      expect(stateOf(events)).to.deep.include({ status: 'resolved', value: ['1'] });
      expect(events.readyState()).to.equal('closed');
    });

    it('gets nothing that comes after it was left', () => {
      let late: ((event: ReceivedSseEvent) => void) | undefined;
      configureWith(new Observable(subscriber => void (late = event => subscriber.next(event))));
      const events = made(() => sseResource({ url: () => '/a', ...all }));
      events.destroy();
      late?.(received);
      expect(stateOf(events)).to.deep.include({ status: 'idle', value: [] });
    });
  });
});
