import { configure, configureServer, watch, withAngular } from '../../support/angular.js';
import { TestBed } from '@angular/core/testing';
import { expect } from 'chai';
import { firstValueFrom, lastValueFrom, of, Subject } from 'rxjs';
import {
  provideSse,
  SseClient,
  type SseTestingController,
  withDefaults,
  type SseDefaults,
  type SseStreamConfig,
} from '../../../src/adapters/angular.js';
import { SseConnectionError, SseResponseError, SseSizeError } from '../../../src/index.js';
import { eventStream, scriptedFetch } from '../../support/scriptedFetch.js';
import { settled, virtualTime } from '../../support/virtualTime.js';

describe('withDefaults', () => {
  withAngular();

  const stream = (config?: SseStreamConfig) => TestBed.inject(SseClient).stream('/a', config);
  const testing = (defaults: SseDefaults) => {
    return configureServer(provideSse(withDefaults(defaults)));
  };
  /** What a stream asks `fetch` for. */
  const initOf = async (defaults: SseDefaults, config?: SseStreamConfig) => {
    const answer = eventStream();
    const { fetch, requests } = scriptedFetch(answer.response);
    configure(provideSse(withDefaults({ ...defaults, fetch })));
    answer.write('data: a\n\n');
    await firstValueFrom(stream(config));
    return requests[0];
  };

  describe('gives every stream', () => {
    it('the options of fetch, and fetch itself', async () => {
      const options = {
        method: 'QUERY',
        credentials: 'include',
        mode: 'same-origin',
        cache: 'reload',
        redirect: 'error',
        referrer: 'about:client',
        referrerPolicy: 'origin',
        integrity: 'sha256-a',
        keepalive: true,
        priority: 'high',
      } as const;
      expect(await initOf({ ...options, body: 'q' })).to.include({ ...options, body: 'q' });
    });

    it('observers', () => {
      const told: string[] = [];
      const server = testing({
        openObserver: ({ url }) => told.push(`open ${url}`),
        commentObserver: { next: comment => told.push(`comment${comment}`) },
        closeObserver: ({ reason }) => told.push(`close ${reason}`),
        reconnect: { delay: () => of(0), lossObserver: ({ attempt }) => told.push(`loss ${attempt}`) },
      });
      watch(stream());
      const connection = server.expectOne('/a');
      connection.open();
      connection.event({ comment: 'hi' });
      connection.cut();
      expect(told).to.deep.equal(['open /a', 'comment hi', 'close cut', 'loss 1']);
    });

    it('the largest size of an event', () => {
      const server = testing({ maxEventSize: 10 });
      const { seen } = watch(stream());
      const connection = server.expectOne('/a');
      connection.open();
      connection.event({ data: '01234567890' });
      expect(seen[0]).to.be.instanceOf(SseSizeError).and.include({ maxEventSize: 10 });
    });

    it('a signal', () => {
      const abort = new AbortController();
      const server = testing({ signal: abort.signal });
      const all = [watch(stream()), watch(stream())];
      server.match('/a');
      abort.abort('mine');
      expect(all.map(({ seen }) => seen)).to.deep.equal([['mine'], ['mine']]);
    });

    it('a body, made for each connection', () => {
      let calls = 0;
      const server = testing({ method: 'QUERY', body: () => `q${++calls}` });
      watch(stream());
      const first = server.expectOne('/a');
      expect(first.request).to.include({ method: 'QUERY', body: 'q1' });
      first.cut();
      expect(server.expectOne('/a').request.body).to.equal('q2');
    });

    describe('the limits', () => {
      const time = virtualTime();
      const lossOf = async (limit: number) => {
        const { seen } = watch(stream());
        await settled();
        await time.pass(limit - 1);
        expect(seen).to.deep.equal([]);
        await time.pass(1);
        return seen[0];
      };

      it('of the time until a connection is open', async () => {
        const { fetch } = scriptedFetch();
        configure(provideSse(withDefaults({ fetch, connectTimeout: 50, reconnect: false })));
        expect(await lossOf(50))
          .to.be.instanceOf(SseConnectionError)
          .and.include({ reason: 'refused' });
      });

      it('of silence', async () => {
        const { fetch } = scriptedFetch(eventStream().response);
        configure(provideSse(withDefaults({ fetch, idleTimeout: 50, reconnect: false })));
        expect(await lossOf(50))
          .to.be.instanceOf(SseConnectionError)
          .and.include({ reason: 'idle' });
      });
    });

    it('what each connection is made again by, or that it is not', () => {
      const again = new Subject<void>();
      let server = testing({ reconnect: { delay: () => again } });
      watch(stream());
      server.expectOne('/a').cut();
      server.expectNone('/a');
      again.next();
      server.expectOne('/a');

      TestBed.resetTestingModule();
      server = testing({ reconnect: false });
      const { seen } = watch(stream());
      server.expectOne('/a').cut();
      expect(seen[0]).to.be.instanceOf(SseConnectionError);
      server.verify();
    });

    it('headers', () => {
      const server = testing({ headers: [['X-A', '1']] });
      watch(stream());
      expect(server.expectOne('/a').request.headers.get('x-a')).to.equal('1');
    });

    it('whether it is opened on a server, which a browser does not mind', () => {
      for (const onServer of [true, false]) {
        const server = testing({ onServer });
        watch(stream());
        server.expectOne('/a');
        TestBed.resetTestingModule();
      }
    });
  });

  it("stands back behind a stream's own options, but not behind those that are undefined", async () => {
    const defaults = { credentials: 'include', cache: 'reload', redirect: 'error' } as const;
    // A default may be put out of force, but not by an option that is as good as absent.
    const none: Record<string, undefined> = {
      redirect: undefined,
      openObserver: undefined,
      fetch: undefined,
    };
    expect(await initOf(defaults, { credentials: 'omit', ...none })).to.include({
      credentials: 'omit',
      cache: 'reload',
      redirect: 'error',
    });
  });

  it('is left as it was by the streams that differ', async () => {
    const defaults: SseDefaults = Object.freeze({
      reconnect: Object.freeze({ count: 0 }),
      headers: Object.freeze({ 'X-A': '1' }),
    });
    const server = testing(defaults);
    watch(stream({ reconnect: { count: 1 }, headers: { 'X-A': '2' } }));
    server.expectOne('/a').cut();
    server.expectOne('/a');

    const { seen } = watch(stream());
    const connection = server.expectOne('/a');
    expect(connection.request.headers.get('x-a')).to.equal('1');
    connection.cut();
    expect(seen).to.have.length(1);
    server.verify();
    await settled();
  });

  describe('merges reconnect', () => {
    const attemptsOf = (server: SseTestingController) => {
      let count = 0;
      for (;;) {
        const [connection] = server.match('/a');
        if (!connection || count > 9) return count;
        count++;
        connection.cut();
      }
    };

    it('option by option', () => {
      const told: string[] = [];
      const server = testing({ reconnect: { count: 3, lossObserver: () => told.push('default') } });
      watch(stream({ reconnect: { count: 1 } }));
      expect(attemptsOf(server)).to.equal(2);
      watch(stream({ reconnect: { lossObserver: () => told.push('own') } }));
      expect(attemptsOf(server)).to.equal(4);
      expect(told).to.deep.equal(['default', 'default', 'own', 'own', 'own', 'own']);
    });

    it('but for options that are undefined', () => {
      const server = testing({ reconnect: { count: 1 } });
      watch(stream({ reconnect: { count: undefined, resetAfter: 1 } }));
      expect(attemptsOf(server)).to.equal(2);
      watch(stream({ reconnect: undefined }));
      expect(attemptsOf(server)).to.equal(2);
    });

    it('unless the stream has none', () => {
      const server = testing({ reconnect: { count: 3 } });
      const { seen } = watch(stream({ reconnect: false }));
      const connection = server.expectOne('/a');
      connection.open();
      connection.end();
      expect(seen).to.deep.equal(['|']);
      server.verify();
    });

    it('unless the default is none', () => {
      const server = testing({ reconnect: false });
      watch(stream({ reconnect: { count: 1 } }));
      expect(attemptsOf(server)).to.equal(2);
      watch(stream({ reconnect: {} }));
      expect(attemptsOf(server)).to.equal(10);
    });
  });

  describe('merges headers', () => {
    const headersOf = (defaults: HeadersInit, own: SseStreamConfig['headers']) => {
      const server = testing({ headers: defaults });
      watch(stream({ headers: own }));
      return Object.fromEntries(server.expectOne('/a').request.headers);
    };

    it('one by one, whatever their case and form', () => {
      const accept = 'text/event-stream';
      const merged = { accept, 'x-a': '1', 'x-b': '3' };
      expect(headersOf({ 'X-A': '1', 'X-B': '2' }, { 'x-b': '3' })).to.deep.equal(merged);
      TestBed.resetTestingModule();
      expect(headersOf(new Headers({ 'x-a': '1', 'x-b': '2' }), [['X-B', '3']])).to.deep.equal(merged);
      TestBed.resetTestingModule();
      expect(headersOf([['x-a', '1']], () => ({ 'X-B': '3' }))).to.deep.equal(merged);
      TestBed.resetTestingModule();
      expect(headersOf({ Accept: 'a' }, undefined)).to.deep.equal({ accept: 'a' });
    });

    it('that are made for each connection, too', async () => {
      const server = testing({
        headers: ({ attempt }) => Promise.resolve({ 'X-A': `${attempt}`, 'X-B': '2' }),
      });
      watch(stream({ headers: { 'x-b': '3' } }));
      await settled();
      const first = server.expectOne('/a');
      expect(Object.fromEntries(first.request.headers)).to.include({ 'x-a': '1', 'x-b': '3' });
      first.cut();
      await settled();
      const second = server.expectOne('/a');
      expect(Object.fromEntries(second.request.headers)).to.include({ 'x-a': '2', 'x-b': '3' });
    });

    it('and sends no second request with headers that are constant', () => {
      const server = testing({ headers: { 'X-A': '1' } });
      for (const headers of [undefined, { 'X-B': '2' }]) {
        const { seen } = watch(stream({ headers }));
        server.expectOne('/a').refuse(401);
        expect(seen[0]).to.be.instanceOf(SseResponseError).and.include({ status: 401 });
      }
      server.verify();
    });
  });

  it('completes with the last that is given', async () => {
    const answer = eventStream();
    const { fetch, requests } = scriptedFetch(answer.response);
    configure(
      provideSse(withDefaults({ credentials: 'omit' }), withDefaults({ credentials: 'include', fetch })),
    );
    const events = lastValueFrom(stream({ reconnect: false }));
    answer.write('data: a\n\n');
    answer.end();
    await events;
    expect(requests[0]).to.include({ credentials: 'include' });
  });

  it('takes neither a place nor an injector', () => {
    () => [
      // @ts-expect-error a place is of one stream
      withDefaults({ lastEventId: '1' }),
      // @ts-expect-error and where it is kept
      withDefaults({ resumePoint: { lastEventId: '1', reconnectionTime: undefined } }),
      // @ts-expect-error an option that there is not
      withDefaults({ withCredentials: true }),
    ];
  });
});
