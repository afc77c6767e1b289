import { configure, configureServer, watch, withAngular } from '../../support/angular.js';
import {
  Component,
  createEnvironmentInjector,
  EnvironmentInjector,
  inject,
  Injectable,
  runInInjectionContext,
} from '@angular/core';
import { TestBed } from '@angular/core/testing';
import { expect } from 'chai';
import { firstValueFrom, lastValueFrom, of, Subject, take, toArray, type Observable } from 'rxjs';
import {
  provideSse,
  provideSseTesting,
  SseClient,
  type SseTestingController,
  withDefaults,
} from '../../../src/adapters/angular.js';
import {
  fromSSE,
  SseConnectionError,
  SseResponseError,
  SseSizeError,
  type ReceivedSseEvent,
} from '../../../src/index.js';
import { rawServer, respond, startStream, type RawServer } from '../../support/rawServer.js';
import { uncaught } from '../../support/uncaught.js';
import { settled } from '../../support/virtualTime.js';

describe('SseClient', () => {
  withAngular();

  const client = () => TestBed.inject(SseClient);
  const atOnce = { reconnect: { delay: () => of(0) } };

  describe('over a network', () => {
    let server: RawServer;
    beforeEach(async () => {
      server = await rawServer();
      configure();
    });
    afterEach(() => server.close());

    const errorOf = (events$: Observable<unknown>) =>
      lastValueFrom(events$, { defaultValue: undefined }).then(
        () => expect.fail('completed'),
        (error: unknown) => error,
      );

    it('streams without any provider', async () => {
      const event = firstValueFrom(client().stream(`${server.origin}/a`));
      const exchange = await server.next('/a');
      await startStream(exchange).send('id: 1\nevent: t\ndata: a\n\n');
      expect(await event).to.deep.equal({
        type: 't',
        data: 'a',
        id: '1',
        lastEventId: '1',
        origin: server.origin,
      });
      expect(exchange.headers).to.include({ accept: 'text/event-stream' });
    });

    it('goes on where it was after a cut and after an end, until a 204', async () => {
      const events = lastValueFrom(client().stream(`${server.origin}/a`, atOnce).pipe(toArray()));

      const first = startStream(await server.next('/a'));
      await first.send('id: 1\ndata: a\n\n');
      first.cut();
      const second = await server.next('/a');
      expect(second.headers).to.include({ 'last-event-id': '1' });
      const stream = startStream(second);
      await stream.send('id: 2\ndata: b\n\n');
      await stream.end();
      const third = await server.next('/a');
      expect(third.headers).to.include({ 'last-event-id': '2' });
      await respond(third, 204);

      expect((await events).map(({ data }) => data)).to.deep.equal(['a', 'b']);
    });

    it('errors with what fromSSE errors with', async () => {
      const refused = errorOf(client().stream(`${server.origin}/refused`));
      await respond(await server.next('/refused'), 404, { 'Content-Type': 'text/plain' }, 'not here');
      expect(await refused)
        .to.be.instanceOf(SseResponseError)
        .and.include({ status: 404, contentType: 'text/plain', body: 'not here' });

      const large = errorOf(client().stream(`${server.origin}/large`, { maxEventSize: 10 }));
      await startStream(await server.next('/large')).send('data: 01234567890\n\n');
      expect(await large)
        .to.be.instanceOf(SseSizeError)
        .and.include({ maxEventSize: 10 });

      const cut = errorOf(client().stream(`${server.origin}/cut`, { reconnect: false }));
      startStream(await server.next('/cut')).cut();
      expect(await cut)
        .to.be.instanceOf(SseConnectionError)
        .and.include({ reason: 'cut' });
    });

    it('makes a connection for each subscription, and none before', async () => {
      client().stream(`${server.origin}/never`);
      const events$ = client().stream(`${server.origin}/a`);
      const both = [firstValueFrom(events$), firstValueFrom(events$)];
      await startStream(await server.next('/a')).send('data: a\n\n');
      await startStream(await server.next('/a')).send('data: b\n\n');
      const data = (await Promise.all(both)).map(event => event.data);
      expect(data).to.have.members(['a', 'b']);
      expect(server.requests.map(({ path }) => path)).to.deep.equal(['/a', '/a']);
    });

    it('closes the connection when it is unsubscribed', async () => {
      const { leave } = watch(client().stream(`${server.origin}/a`));
      const exchange = await server.next('/a');
      startStream(exchange);
      leave();
      await exchange.closed;
    });

    it('closes the connection when its component is destroyed', async () => {
      @Component({ template: '' })
      class View {
        readonly watch = watch(inject(SseClient).stream(`${server.origin}/a`));
      }
      const view = TestBed.createComponent(View);
      const exchange = await server.next('/a');
      startStream(exchange);
      view.destroy();
      await exchange.closed;
      expect(view.componentInstance.watch.seen).to.deep.equal(['|']);
    });
  });

  describe('as an Observable', () => {
    let server: SseTestingController;
    beforeEach(() => {
      server = configureServer();
    });

    it('makes no connection before it is subscribed to, and one for each subscription', () => {
      const events$ = client().stream('/a');
      server.expectNone('/a');
      watch(events$);
      watch(events$);
      expect(server.match('/a')).to.have.length(2);
    });

    it('keeps a place of its own for each subscription', () => {
      const events$ = client().stream('/a', { lastEventId: '0' });
      watch(events$);
      const first = server.expectOne('/a');
      first.open();
      first.event({ id: '1', data: 'a' });
      watch(events$);
      expect(server.expectOne('/a').request.headers.get('Last-Event-ID')).to.equal('0');
    });

    it('opens a stream in a browser whatever onServer says', () => {
      for (const onServer of [true, false, undefined]) {
        const { seen } = watch(client().stream('/a', { onServer }));
        const connection = server.expectOne('/a');
        connection.open();
        connection.event({ data: onServer });
        connection.complete();
        expect(seen.at(-1)).to.equal('|');
      }
    });

    it('asks a function for the URL of each connection, at once or as a promise', async () => {
      const urls: (string | URL | Promise<string>)[] = ['/a', new URL('http://b/'), Promise.resolve('/c')];
      const attempts: unknown[] = [];
      watch(
        client().stream(attempt => {
          attempts.push(attempt);
          return urls.shift() ?? '/d';
        }),
      );
      const first = server.expectOne('/a');
      first.open();
      first.event({ id: '1' });
      first.event({ data: 'a' });
      first.cut();
      server.expectOne('http://b/').cut();
      server.expectNone('/c');
      await settled();
      server.expectOne('/c').cut();
      server.expectOne('/d');
      expect(attempts).to.deep.equal([
        { attempt: 1, lastEventId: '' },
        { attempt: 2, lastEventId: '1' },
        { attempt: 3, lastEventId: '1' },
        { attempt: 4, lastEventId: '1' },
      ]);
    });

    it('errors with what a URL function throws', () => {
      const mine = new Error('mine');
      const { seen } = watch(
        client().stream(() => {
          throw mine;
        }),
      );
      expect(seen).to.deep.equal([mine]);
    });

    it('ends with the reason of its signal', () => {
      const abort = new AbortController();
      const { seen } = watch(client().stream('/a', { signal: abort.signal }));
      const connection = server.expectOne('/a');
      abort.abort('mine');
      expect(seen).to.deep.equal(['mine']);
      expect(connection.cancelled).to.be.true;
    });
  });

  describe('lives', () => {
    let server: SseTestingController;
    beforeEach(() => {
      server = configureServer();
    });

    /** The one connection there is, with an event sent over it. */
    const opened = () => {
      const connection = server.expectOne('/a');
      connection.open();
      connection.event({ data: 'a' });
      return connection;
    };

    it('as long as the component it is called in', () => {
      @Component({ template: '' })
      class View {
        readonly events$ = inject(SseClient).stream('/a');
      }
      const view = TestBed.createComponent(View);
      // It is where it was called that counts, not where it is subscribed to.
      const { seen } = watch(view.componentInstance.events$);
      const connection = opened();
      expect(connection.cancelled).to.be.false;
      view.destroy();
      expect(seen).to.deep.equal(['a', '|']);
      expect(connection.cancelled).to.be.true;
      server.verify();
    });

    it('as long as the component that provides the service it is called in', () => {
      @Injectable()
      class Prices {
        readonly events$ = inject(SseClient).stream('/a');
      }
      @Component({ template: '', providers: [Prices] })
      class View {
        readonly prices = inject(Prices);
      }
      const view = TestBed.createComponent(View);
      const { seen } = watch(view.componentInstance.prices.events$);
      const connection = opened();
      view.destroy();
      expect(seen).to.deep.equal(['a', '|']);
      expect(connection.cancelled).to.be.true;
    });

    it('as long as the application, called in a service of its root', () => {
      @Injectable({ providedIn: 'root' })
      class Prices {
        readonly events$ = inject(SseClient).stream('/a');
      }
      @Component({ template: '' })
      class View {
        readonly prices = inject(Prices);
      }
      const view = TestBed.createComponent(View);
      const { seen } = watch(view.componentInstance.prices.events$);
      const connection = opened();
      view.destroy();
      expect(seen).to.deep.equal(['a']);
      TestBed.resetTestingModule();
      expect(seen).to.deep.equal(['a', '|']);
      expect(connection.cancelled).to.be.true;
    });

    it('as long as the application, called outside any injection context', () => {
      @Component({ template: '' })
      class View {
        readonly #client = inject(SseClient);
        readonly ask = () => this.#client.stream('/a');
      }
      const view = TestBed.createComponent(View);
      const { seen } = watch(view.componentInstance.ask());
      const connection = opened();
      view.destroy();
      expect(seen).to.deep.equal(['a']);
      TestBed.resetTestingModule();
      expect(seen).to.deep.equal(['a', '|']);
      expect(connection.cancelled).to.be.true;
    });

    it('as long as the injector it is called under', () => {
      const injector = createEnvironmentInjector([], TestBed.inject(EnvironmentInjector));
      const { seen } = watch(runInInjectionContext(injector, () => client().stream('/a')));
      const connection = opened();
      injector.destroy();
      expect(seen).to.deep.equal(['a', '|']);
      expect(connection.cancelled).to.be.true;
    });

    it('as long as the injector of its client, called outside any injection context', () => {
      const injector = createEnvironmentInjector([provideSse()], TestBed.inject(EnvironmentInjector));
      const { seen } = watch(injector.get(SseClient).stream('/a'));
      opened();
      injector.destroy();
      expect(seen).to.deep.equal(['a', '|']);
    });

    it('as long as the injector it is given, whatever it is called in', () => {
      const root = TestBed.inject(EnvironmentInjector);
      const [given, around] = [createEnvironmentInjector([], root), createEnvironmentInjector([], root)];
      const { seen } = watch(runInInjectionContext(around, () => client().stream('/a', { injector: given })));
      opened();
      around.destroy();
      expect(seen).to.deep.equal(['a']);
      given.destroy();
      expect(seen).to.deep.equal(['a', '|']);
    });

    it('no more once that injector is destroyed: it completes and asks for nothing', () => {
      const injector = createEnvironmentInjector([], TestBed.inject(EnvironmentInjector));
      const events$ = runInInjectionContext(injector, () => client().stream('/a'));
      injector.destroy();
      expect(watch(events$).seen).to.deep.equal(['|']);
      server.verify();
    });

    it('while it waits to reconnect, too', () => {
      const injector = createEnvironmentInjector([], TestBed.inject(EnvironmentInjector));
      const again = new Subject<void>();
      const reconnect = { delay: () => again };
      const { seen } = watch(runInInjectionContext(injector, () => client().stream('/a', { reconnect })));
      opened().cut();
      expect(again.observed).to.be.true;
      injector.destroy();
      expect(again.observed).to.be.false;
      expect(seen).to.deep.equal(['a', '|']);
    });
  });

  describe('tells', () => {
    let server: SseTestingController;
    beforeEach(() => {
      server = configureServer();
    });

    const runThrough = () => {
      const first = server.expectOne('/a');
      first.open({ headers: { 'X-Server': '1' } });
      first.event({ comment: 'hi' });
      first.event({ data: 'a', id: '1' });
      first.cut();
      server.expectOne('/a').complete();
    };

    for (const kind of ['functions', 'observers']) {
      it(`its observers, given as ${kind}, in order`, () => {
        const told: string[] = [];
        const listener = <T>(note: (value: T) => string) => {
          const next = (value: T) => void told.push(note(value));
          return kind === 'functions' ? next : { next };
        };
        client()
          .stream('/a', {
            openObserver: listener(
              ({ attempt, url, status, headers }) =>
                `open ${attempt} ${url} ${status} ${headers.get('x-server')}`,
            ),
            commentObserver: listener(comment => `comment${comment}`),
            closeObserver: listener(({ reason }) => `close ${reason}`),
            reconnect: {
              delay: () => of(0),
              lossObserver: listener(({ attempt, error, retryIn }) => {
                const { reason } = error as SseConnectionError;
                return `loss ${attempt} ${reason} ${retryIn}`;
              }),
            },
          })
          .subscribe({ next: ({ data }) => told.push(data), complete: () => told.push('|') });
        runThrough();
        expect(told).to.deep.equal([
          'open 1 /a 200 1',
          'comment hi',
          'a',
          'close cut',
          'loss 1 cut NaN',
          'close stopped',
          '|',
        ]);
      });
    }

    it('of a connection that was left', () => {
      const told: unknown[] = [];
      const closeObserver = ({ reason }: { reason: string }) => told.push(reason);
      const { leave } = watch(client().stream('/a', { closeObserver }));
      server.expectOne('/a').open();
      leave();
      expect(told).to.deep.equal(['unsubscribed']);
    });

    it('of a final refusal', () => {
      const told: unknown[] = [];
      const { seen } = watch(client().stream('/a', { closeObserver: closing => told.push(closing) }));
      server.expectOne('/a').refuse(404);
      expect(told).to.deep.equal([{ reason: 'refused', error: seen[0] }]);
    });

    it('an observer that throws without harm to the stream', async () => {
      const error = uncaught();
      const openObserver = () => {
        throw new Error('mine');
      };
      const { seen } = watch(client().stream('/a', { openObserver }));
      const connection = server.expectOne('/a');
      connection.open();
      connection.event({ data: 'a' });
      expect(seen).to.deep.equal(['a']);
      expect(await error).to.include({ message: 'mine' });
    });
  });

  it('hands on what is not its own to fromSSE', () => {
    const server = configureServer(provideSse(withDefaults({ reconnect: { count: 1 } })));
    const now = new Subject<void>();
    const { seen } = watch(client().stream('/a', { reconnect: { now } }).pipe(take(2)));
    const first = server.expectOne('/a');
    first.open();
    now.next();
    expect(first.cancelled).to.be.true;
    server.expectOne('/a').refuse(503);
    server.expectOne('/a').refuse(503);
    expect(seen).to.have.length(1);
    expect(seen[0]).to.be.instanceOf(SseResponseError);
  });

  it('says of its events what fromSSE says', () => {
    interface Prices {
      tick: { price: number };
      note: string;
    }
    configure(provideSseTesting());
    const prices$ = client().stream<Prices>('/prices');
    const theirs$ = fromSSE<Prices>('/prices');
    prices$ satisfies typeof theirs$;
    theirs$ satisfies typeof prices$;
    client().stream('/prices') satisfies Observable<ReceivedSseEvent>;
    client().stream(new URL('http://a/'), { onServer: true, credentials: 'include' });
    client().stream(({ lastEventId }) => Promise.resolve(`/prices/${lastEventId}`));

    // @ts-expect-error a note is no tick
    prices$ satisfies Observable<ReceivedSseEvent<'tick'>>;
    // @ts-expect-error a flag is no text
    client().stream('/prices', { onServer: 'yes' });
    // @ts-expect-error an option that there is not
    client().stream('/prices', { withCredentials: true });
    // @ts-expect-error a number is no URL
    client().stream(1);
  });
});
