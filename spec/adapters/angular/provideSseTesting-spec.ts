import { configure, configureServer, watch, withAngular } from '../../support/angular.js';
import { provideHttpClient, withInterceptors, type HttpInterceptorFn } from '@angular/common/http';
import { createEnvironmentInjector, EnvironmentInjector } from '@angular/core';
import { TestBed } from '@angular/core/testing';
import { expect } from 'chai';
import { Subject } from 'rxjs';
import {
  provideSse,
  provideSseTesting,
  SseClient,
  SseTestingController,
  withHeaders,
  withHttpClient,
  type SseStreamConfig,
  type SseTestConnection,
} from '../../../src/adapters/angular.js';
import { SseConnectionError, SseEventError, SseResponseError, SseSizeError } from '../../../src/index.js';
import { settled } from '../../support/virtualTime.js';

describe('provideSseTesting', () => {
  withAngular();

  let server: SseTestingController;
  beforeEach(() => {
    server = configureServer();
  });

  const stream = (url: string, config?: SseStreamConfig) =>
    watch(TestBed.inject(SseClient).stream(url, config));

  describe('finds', () => {
    it('the one connection that was asked for, by its text, by a URL, by what is true of it', () => {
      stream('/a');
      stream('https://b.test/');
      stream('/c', { method: 'POST', body: 'x', reconnect: false });
      expect(server.expectOne('/a').request).to.include({ url: '/a', method: 'GET', body: null });
      expect(server.expectOne(new URL('https://b.test/')).request.url).to.equal('https://b.test/');
      expect(server.expectOne(({ method }) => method === 'POST').request.body).to.equal('x');
      server.verify();
    });

    it('no other: it names what is waiting', () => {
      stream('/a');
      stream('/a');
      expect(() => server.expectOne('/b')).to.throw(
        Error,
        'Expected one connection for /b, got 0. Waiting: GET /a, GET /a',
      );
      expect(() => server.expectOne('/a', 'the first')).to.throw(
        'Expected one connection for the first, got 2',
      );
      expect(() => server.expectNone('/a')).to.throw('Expected no connection for /a, got 2');
      expect(() => server.verify()).to.throw('Expected no connection that is waiting, got 2');
      server.expectNone('/b');
      expect(server.match('/a')).to.have.length(2);
      expect(server.match('/a')).to.deep.equal([]);
      server.verify();
    });

    it('none that was left before it was asked for', () => {
      stream('/a').leave();
      server.verify();
    });
  });

  it('has the interceptors run that the stream of a route goes through', () => {
    const sign: HttpInterceptorFn = (request, next) =>
      next(request.clone({ setHeaders: { 'x-signed': 'yes' } }));
    TestBed.resetTestingModule();
    configure(provideSseTesting(), provideHttpClient(withInterceptors([sign])));
    const route = createEnvironmentInjector(
      [provideSse(withHttpClient())],
      TestBed.inject(EnvironmentInjector),
    );
    watch(route.get(SseClient).stream('/a'));
    stream('/b');
    server = TestBed.inject(SseTestingController);
    expect(server.expectOne('/a').request.headers.get('x-signed')).to.equal('yes');
    expect(server.expectOne('/b').request.headers.get('x-signed')).to.equal(null);
  });

  it('tells of the opening what the network would, also after a 401', () => {
    const openings: unknown[] = [];
    stream('/a', {
      headers: () => ({}),
      openObserver: opening => openings.push(Object.keys(opening).sort()),
    });
    server.expectOne('/a').refuse(401);
    server.expectOne('/a').open();
    expect(openings).to.deep.equal([['attempt', 'headers', 'lastEventId', 'status', 'url']]);
  });

  it('errors with what headers throw, and nobody is left with those that are rejected', async () => {
    TestBed.resetTestingModule();
    const thrown = new Error('thrown');
    const headers = [
      withHeaders(() => Promise.reject(new Error('rejected'))),
      withHeaders(() => {
        throw thrown;
      }),
    ];
    configure(provideSse(...headers), provideSseTesting());
    expect(stream('/a').seen).to.deep.equal([thrown]);
    // A rejection that nobody handles is reported in the next turn, and fails this spec.
    await settled();
  });

  describe('a connection', () => {
    const opened = (config?: SseStreamConfig) => {
      const { seen, leave } = stream('/a', config);
      const connection = server.expectOne('/a');
      connection.open();
      return { seen, leave, connection };
    };

    it('hands over each event before the call returns, as over a network', () => {
      const resumePoint = { lastEventId: '', reconnectionTime: undefined };
      const { seen, connection } = opened({ resumePoint });
      connection.event({ data: 'two\nlines', id: '1' });
      connection.event({ comment: 'nothing' });
      connection.event({ data: { price: 42 }, retry: 5 });
      expect(seen).to.deep.equal(['two\nlines', '{"price":42}']);
      expect(resumePoint).to.deep.equal({ lastEventId: '1', reconnectionTime: 5 });
    });

    it('refuses an event that cannot be written, and goes on', () => {
      const { seen, connection } = opened();
      expect(() => connection.event({ data: 'a', id: 'b\0c' })).to.throw(SseEventError);
      connection.event({ data: 'b' });
      expect(seen).to.deep.equal(['b']);
    });

    it('that is too much for the stream ends it', () => {
      const { seen, connection } = opened({ maxEventSize: 10 });
      connection.event({ data: 'more than that' });
      expect(seen[0]).to.be.instanceOf(SseSizeError);
    });

    for (const loss of ['cut', 'end'] as const) {
      it(`that is lost by ${loss}() is made again at once, at its place`, () => {
        const reasons: unknown[] = [];
        const { seen, connection } = opened({ closeObserver: ({ reason }) => reasons.push(reason) });
        connection.event({ data: 'a', id: '1' });
        connection[loss]();
        const next = server.expectOne('/a');
        expect(next.request.headers.get('Last-Event-ID')).to.equal('1');
        next.open();
        next.event({ data: 'b' });
        expect(seen).to.deep.equal(['a', 'b']);
        expect(reasons).to.deep.equal([loss]);
      });
    }

    it('that is not reconnected errors when it is cut, completes when it ends', () => {
      const cut = opened({ reconnect: false });
      cut.connection.cut();
      expect(cut.seen[0]).to.be.instanceOf(SseConnectionError).and.include({ reason: 'cut' });
      const ended = opened({ reconnect: false });
      ended.connection.end();
      expect(ended.seen).to.deep.equal(['|']);
    });

    it('has the wait of a number skipped, and a notifier asked', () => {
      opened({ reconnect: { delay: 60_000 } }).connection.cut();
      server.expectOne('/a');
      const again$ = new Subject<void>();
      opened({ reconnect: { delay: () => again$ } }).connection.cut();
      server.expectNone('/a');
      again$.next();
      server.expectOne('/a');
    });

    it('completes the stream, open or not', () => {
      const { seen, connection } = opened();
      connection.complete();
      expect(seen).to.deep.equal(['|']);
      const other = stream('/b');
      server.expectOne('/b').complete();
      expect(other.seen).to.deep.equal(['|']);
    });

    it('is refused for good, with what the response says', () => {
      const { seen } = stream('/a');
      server.expectOne('/a').refuse(404, { headers: { 'content-type': 'text/plain' }, body: 'no' });
      expect(seen[0])
        .to.be.instanceOf(SseResponseError)
        .and.include({ status: 404, contentType: 'text/plain', body: 'no', url: '/a' });
    });

    it('is refused for a while, and asked for again', () => {
      const losses: unknown[] = [];
      stream('/a', { reconnect: { lossObserver: ({ error }) => losses.push(error) } });
      server.expectOne('/a').refuse(503, { headers: { 'retry-after': '7' } });
      expect(losses[0]).to.be.instanceOf(SseResponseError).and.include({ status: 503, retryAfter: 7000 });
      server.expectOne('/a').cut();
      expect(losses[1]).to.be.instanceOf(SseConnectionError).and.include({ reason: 'refused' });
      server.expectOne('/a');
    });

    it('is cancelled when the application leaves it', () => {
      const { connection, leave } = opened();
      expect(connection.cancelled).to.equal(false);
      leave();
      expect(connection.cancelled).to.equal(true);
      expect(() => connection.event({ data: 'a' })).to.throw(
        'Expected a connection that is open, got one that is cancelled: GET /a',
      );
    });

    it('takes no call out of its order', () => {
      const calls: Record<string, (connection: SseTestConnection) => void> = {
        open: connection => connection.open(),
        refuse: connection => connection.refuse(500),
        event: connection => connection.event({ data: 'a' }),
        cut: connection => connection.cut(),
        end: connection => connection.end(),
        complete: connection => connection.complete(),
      };
      const refusing = (connection: SseTestConnection) =>
        Object.keys(calls).filter(name => {
          try {
            calls[name]?.(connection);
            return false;
          } catch (error) {
            return error instanceof Error && error.message.startsWith('Expected a connection that is');
          }
        });
      stream('/over', { reconnect: false });
      const over = server.expectOne('/over');
      over.refuse(404);
      expect(refusing(over)).to.deep.equal(Object.keys(calls));
      stream('/waiting', { reconnect: false });
      const waiting = server.expectOne('/waiting');
      expect(() => waiting.event({ data: 'a' })).to.throw('is open, got one that is waiting: GET /waiting');
      expect(() => waiting.end()).to.throw('is open, got one that is waiting');
      expect(() => waiting.open({ headers: { 'content-type': 'text/html' } })).to.throw(
        'the head of an event stream',
      );
      expect(() => waiting.refuse(200, { headers: { 'content-type': 'text/event-stream' } })).to.throw(
        'no event stream',
      );
      waiting.open();
      expect(() => waiting.open()).to.throw('is waiting, got one that is open');
      expect(() => waiting.refuse(500)).to.throw('is waiting, got one that is open');
    });
  });
});
