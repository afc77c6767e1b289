import { configure, configureServer, watch, withAngular } from '../../support/angular.js';
import { inject, InjectionToken } from '@angular/core';
import { TestBed } from '@angular/core/testing';
import { expect } from 'chai';
import { firstValueFrom } from 'rxjs';
import {
  provideSse,
  provideSseTesting,
  SseClient,
  SseTestingController,
  withDefaults,
  withHeaders,
  type HeadersFn,
  type SseFeature,
  type SseHeadersContext,
  type SseStreamConfig,
} from '../../../src/adapters/angular.js';
import { SseResponseError, type SseClosing } from '../../../src/index.js';
import { rawServer, respond, startStream, type RawServer } from '../../support/rawServer.js';
import { settled } from '../../support/virtualTime.js';

describe('withHeaders', () => {
  withAngular();

  const stream = (config?: SseStreamConfig, url = '/a') => TestBed.inject(SseClient).stream(url, config);
  const testing = (...features: readonly SseFeature[]) => {
    return configureServer(provideSse(...features));
  };

  it('is called for each connection, and told what is known of it', () => {
    const contexts: SseHeadersContext[] = [];
    const server = testing(
      withHeaders(context => {
        contexts.push(context);
        return { 'X-Attempt': `${context.attempt}` };
      }),
    );
    const events$ = stream();
    expect(contexts).to.have.length(0);
    watch(events$);

    const first = server.expectOne('/a');
    expect(first.request.headers.get('x-attempt')).to.equal('1');
    first.open();
    first.event({ id: '7', data: 'a' });
    first.cut();
    const second = server.expectOne('/a');
    expect(second.request.headers.get('x-attempt')).to.equal('2');
    second.refuse(403);
    server.expectOne('/a').cut();
    server.expectOne('/a');
    expect(contexts).to.deep.equal([
      { attempt: 1, lastEventId: '', url: '/a' },
      { attempt: 2, lastEventId: '7', url: '/a' },
      { attempt: 2, lastEventId: '7', url: '/a', refusedWith: 403 },
      { attempt: 3, lastEventId: '7', url: '/a' },
    ]);
  });

  it('is told where that connection goes, with streams side by side', () => {
    const server = testing(withHeaders(({ url }) => ({ 'X-Url': url })));
    watch(stream({}, '/a'));
    watch(stream({}, '/b'));
    watch(TestBed.inject(SseClient).stream(({ attempt }) => new URL(`http://c/${attempt}`)));
    for (const url of ['/a', '/b', 'http://c/1']) {
      expect(server.expectOne(url).request.headers.get('x-url')).to.equal(url);
    }
  });

  it('is called in an injection context, also once more and in later connections', () => {
    const TOKEN = new InjectionToken<string>('token');
    const make: HeadersFn = async () => {
      const token = inject(TOKEN);
      await Promise.resolve();
      return { Authorization: token };
    };
    configure(
      { provide: TOKEN, useValue: 'secret' },
      provideSse(
        withHeaders(make),
        withHeaders(() => ({ 'X-Token': inject(TOKEN) })),
      ),
      provideSseTesting(),
    );
    const server = TestBed.inject(SseTestingController);
    watch(stream());
    return [401, 503, 200].reduce(async (before, status) => {
      await before;
      await settled();
      const connection = server.expectOne('/a');
      expect(connection.request.headers.get('authorization')).to.equal('secret');
      expect(connection.request.headers.get('x-token')).to.equal('secret');
      connection.refuse(status);
    }, Promise.resolve());
  });

  it('makes headers at once, or as a promise, in any form', async () => {
    const server = testing(
      withHeaders(() => [['X-A', '1']]),
      withHeaders(() => Promise.resolve(new Headers({ 'X-B': '2' }))),
      withHeaders(async () => Promise.resolve({ 'X-C': '3' })),
    );
    watch(stream());
    server.expectNone('/a');
    await settled();
    const { headers } = server.expectOne('/a').request;
    expect(Object.fromEntries(headers)).to.deep.equal({
      accept: 'text/event-stream',
      'x-a': '1',
      'x-b': '2',
      'x-c': '3',
    });
  });

  for (const kind of ['at once', 'as a promise']) {
    it(`comes after the defaults and before the stream's own, made ${kind}`, async () => {
      const made = (headers: Record<string, string>) =>
        kind === 'at once' ? headers : Promise.resolve(headers);
      const server = testing(
        withHeaders(() => made({ 'X-B': 'first', 'X-C': 'first', 'X-D': 'first' })),
        withDefaults({ headers: { 'X-A': 'default', 'X-B': 'default', 'X-C': 'default', 'X-D': 'default' } }),
        withHeaders(() => ({ 'x-c': 'second', 'x-d': 'second' })),
      );
      for (const headers of [{ 'X-d': 'own' }, () => made({ 'X-d': 'own' })]) {
        watch(stream({ headers }));
        await settled();
        expect(Object.fromEntries(server.expectOne('/a').request.headers)).to.include({
          'x-a': 'default',
          'x-b': 'first',
          'x-c': 'second',
          'x-d': 'own',
        });
      }
    });
  }

  it('is called, and the request made, once more after a 401 or 403, and no more than once', () => {
    for (const status of [401, 403]) {
      let number = 0;
      const server = testing(withHeaders(({ refusedWith }) => ({ 'X-T': `${++number} ${refusedWith}` })));
      const closings: SseClosing[] = [];
      const { seen } = watch(stream({ closeObserver: closing => closings.push(closing) }));
      const first = server.expectOne('/a');
      expect(first.request.headers.get('x-t')).to.equal('1 undefined');
      first.refuse(status);
      expect(closings).to.deep.equal([]);
      const second = server.expectOne('/a');
      expect(second.request.headers.get('x-t')).to.equal(`2 ${status}`);
      second.refuse(status, { body: 'still' });
      expect(seen).to.have.length(1);
      expect(seen[0]).to.be.instanceOf(SseResponseError).and.include({ status, body: 'still' });
      expect(closings).to.deep.equal([{ reason: 'refused', error: seen[0] }]);
      server.verify();
      TestBed.resetTestingModule();
    }
  });

  it('is called once more for each connection that is refused', () => {
    const server = testing(withHeaders(() => ({})));
    watch(stream());
    server.expectOne('/a').refuse(401);
    const second = server.expectOne('/a');
    second.open();
    second.cut();
    server.expectOne('/a').refuse(401);
    server.expectOne('/a');
  });

  it('is not called once more after another refusal', () => {
    const server = testing(withHeaders(() => ({})));
    const { seen } = watch(stream());
    server.expectOne('/a').refuse(402);
    expect(seen[0]).to.be.instanceOf(SseResponseError).and.include({ status: 402 });
    server.verify();
  });

  it('counts a promise that is rejected as a refused connection', async () => {
    const mine = new Error('mine');
    const closings: SseClosing[] = [];
    const server = testing(
      withHeaders(() => ({})),
      withHeaders(({ attempt }) => (attempt === 1 ? Promise.reject(mine) : {})),
    );
    const { seen } = watch(
      stream({ reconnect: { delay: () => [0] }, closeObserver: closing => closings.push(closing) }),
    );
    await settled();
    expect(closings).to.have.length(1);
    expect(closings[0]).to.include({ reason: 'refused' });
    expect(closings[0]?.error).to.include({ name: 'SseConnectionError', reason: 'refused', cause: mine });
    expect(seen).to.deep.equal([]);
    server.expectOne('/a');
  });

  it('errors the stream with what it throws, and asks for nothing', () => {
    const mine = new Error('mine');
    const server = testing(
      withHeaders(() => {
        throw mine;
      }),
    );
    expect(watch(stream()).seen).to.deep.equal([mine]);
    server.verify();
  });

  it('asks for nothing if the stream was left while a promise was waited for', async () => {
    let isAsked = false;
    const server = testing(
      withHeaders(() => {
        isAsked = true;
        return Promise.resolve({});
      }),
    );
    watch(stream()).leave();
    expect(isAsked).to.be.true;
    await settled();
    server.verify();
  });

  it('may give nothing that is wrong', () => {
    withHeaders(() => new Headers());
    withHeaders(({ lastEventId }) => [['X-Id', lastEventId]]);
    // @ts-expect-error constant headers are a default
    withHeaders({ 'X-A': '1' });
    // @ts-expect-error a number is no header
    withHeaders(() => ({ 'X-A': 1 }));
    // @ts-expect-error there is no such fact
    withHeaders(({ refused }) => ({ 'X-A': `${refused}` }));
  });

  describe('over a network', () => {
    let server: RawServer;
    beforeEach(async () => void (server = await rawServer()));
    afterEach(() => server.close());

    it('makes up for a 401', async () => {
      const contexts: SseHeadersContext[] = [];
      const url = `${server.origin}/a`;
      configure(
        provideSse(
          withHeaders(context => {
            contexts.push(context);
            return Promise.resolve({ Authorization: context.refusedWith === 401 ? 'new' : 'old' });
          }),
        ),
      );
      const event = firstValueFrom(stream({}, url));
      const first = await server.next('/a');
      expect(first.headers).to.include({ authorization: 'old' });
      await respond(first, 401);
      const second = await server.next('/a');
      expect(second.headers).to.include({ authorization: 'new' });
      await startStream(second).send('data: a\n\n');
      expect(await event).to.include({ data: 'a' });
      expect(contexts).to.deep.equal([
        { attempt: 1, lastEventId: '', url },
        { attempt: 1, lastEventId: '', url, refusedWith: 401 },
      ]);
    });

    it('is final at a 401 where there are but constant headers', async () => {
      configure(provideSse(withDefaults({ headers: { 'X-A': '1' } })));
      const event = firstValueFrom(stream({ headers: { 'X-B': '2' } }, `${server.origin}/a`)).catch(
        (error: unknown) => error,
      );
      const exchange = await server.next('/a');
      expect(exchange.headers).to.include({ 'x-a': '1', 'x-b': '2' });
      await respond(exchange, 401);
      expect(await event).to.be.instanceOf(SseResponseError);
      expect(server.requests).to.have.length(1);
    });
  });
});
