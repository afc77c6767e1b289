import { configure, withAngular } from '../../support/angular.js';
import {
  HTTP_INTERCEPTORS,
  HttpClient,
  HttpContext,
  HttpErrorResponse,
  HttpHeaders,
  HttpResponse,
  provideHttpClient,
  withFetch,
  withInterceptors,
  withInterceptorsFromDi,
  type HttpEvent,
  type HttpHandler,
  type HttpInterceptor,
  type HttpInterceptorFn,
  type HttpRequest,
} from '@angular/common/http';
import { HttpTestingController, provideHttpClientTesting } from '@angular/common/http/testing';
import {
  ApplicationRef,
  Component,
  inject,
  InjectionToken,
  type EnvironmentProviders,
  type Provider,
} from '@angular/core';
import { TestBed } from '@angular/core/testing';
import { expect } from 'chai';
import express from 'express';
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  catchError,
  delayWhen,
  EMPTY,
  finalize,
  firstValueFrom,
  map,
  of,
  Subject,
  switchMap,
  take,
  tap,
  throwError,
  timeout,
  TimeoutError,
  toArray,
  type Observable,
} from 'rxjs';
import {
  provideSse,
  provideSseTesting,
  SseClient,
  SseTestingController,
  withHeaders,
  withHttpClient,
  type SseStreamConfig,
} from '../../../src/adapters/angular.js';
import { toSSE } from '../../../src/adapters/express.js';
import {
  SseConnectionError,
  SseResponseError,
  type ReceivedSseEvent,
  type SseClosing,
} from '../../../src/index.js';
import { listen } from '../../support/listen.js';
import { rawServer, respond, startStream, type RawServer } from '../../support/rawServer.js';
import { eventStream, scriptedFetch } from '../../support/scriptedFetch.js';
import { settled } from '../../support/virtualTime.js';

/** Reconnects as soon as a connection is lost. */
const atOnce = { delay: () => of(0) };

const authorize: HttpInterceptorFn = (request, next) =>
  next(request.clone({ setHeaders: { authorization: 'Bearer secret' } }));

describe('withHttpClient', () => {
  withAngular();

  let server: RawServer;
  beforeEach(async () => {
    server = await rawServer();
  });
  afterEach(() => server.close());

  const stream = (config?: SseStreamConfig, path = '/prices') =>
    TestBed.inject(SseClient).stream(server.origin + path, config);

  describe('a request', () => {
    it('reaches an Express server with the header that an interceptor has set', async () => {
      const heads: unknown[] = [];
      const app = express();
      app.get(
        '/prices',
        toSSE(request => {
          heads.push(request.headers.authorization);
          return of({ data: 'a' }, { data: 'b' });
        }),
      );
      const web = createServer(app);
      const port = await listen(web);
      configureWith(authorize);

      const events$ = TestBed.inject(SseClient).stream(`http://127.0.0.1:${port}/prices`);
      expect(await dataOf(events$, 2)).to.deep.equal(['a', 'b']);
      expect(heads).to.deep.equal(['Bearer secret']);
      web.closeAllConnections();
      web.close();
    });

    it('goes through all interceptors, in their order, each in an injection context', async () => {
      const NAME = new InjectionToken<string>('name');
      const append: HttpInterceptorFn = (request, next) =>
        next(request.clone({ headers: request.headers.append('x-names', inject(NAME)) }));
      const appendLast: HttpInterceptorFn = (request, next) =>
        next(request.clone({ headers: request.headers.append('x-names', 'last') }));
      configure(provideHttpClient(withInterceptors([append, appendLast])), provideSse(withHttpClient()), {
        provide: NAME,
        useValue: 'first',
      });

      const subscription = stream().subscribe();
      const { headers } = await server.next('/prices');
      subscription.unsubscribe();
      expect(headers['x-names']).to.equal('first, last');
    });

    it('goes through interceptors that are classes, too', async () => {
      class Authorize implements HttpInterceptor {
        intercept(request: HttpRequest<unknown>, next: HttpHandler): Observable<HttpEvent<unknown>> {
          return next.handle(request.clone({ setHeaders: { authorization: 'Bearer class' } }));
        }
      }
      configure(provideHttpClient(withInterceptorsFromDi()), provideSse(withHttpClient()), {
        provide: HTTP_INTERCEPTORS,
        useFactory: () => new Authorize(),
        multi: true,
      });

      const subscription = stream().subscribe();
      const { headers } = await server.next('/prices');
      subscription.unsubscribe();
      expect(headers['authorization']).to.equal('Bearer class');
    });

    it('goes through them wherever provideSse stands among the providers', async () => {
      configure(provideSse(withHttpClient()), provideHttpClient(withInterceptors([authorize])));

      const subscription = stream().subscribe();
      const { headers } = await server.next('/prices');
      subscription.unsubscribe();
      expect(headers['authorization']).to.equal('Bearer secret');
    });

    it('goes through them anew at each reconnect, with the place to go on from', async () => {
      const ids: unknown[] = [];
      let count = 0;
      configureWith((request, next) => {
        ids.push(request.headers.get('Last-Event-ID'));
        return next(request.clone({ setHeaders: { authorization: `Bearer ${++count}` } }));
      });

      const data = dataOf(stream({ reconnect: atOnce }), 2);
      const first = await server.next('/prices');
      const opened = startStream(first);
      await opened.send('id: 1\ndata: a\n\n');
      await opened.end();
      const second = await server.next('/prices');
      await startStream(second).send('data: b\n\n');

      expect(await data).to.deep.equal(['a', 'b']);
      expect(ids).to.deep.equal([null, '1']);
      expect([first, second].map(({ headers }) => headers['authorization'])).to.deep.equal([
        'Bearer 1',
        'Bearer 2',
      ]);
      expect(second.headers['last-event-id']).to.equal('1');
    });

    it('looks to an interceptor like what it is', async () => {
      const seen: HttpRequest<unknown>[] = [];
      const { fetch } = scriptedFetch();
      configureWith((request, next) => {
        seen.push(request);
        return next(request);
      });

      stream({
        fetch,
        body: 'question',
        headers: { 'X-Mine': 'mine', Accept: 'text/event-stream, */*' },
        credentials: 'include',
      }).subscribe();
      stream({ fetch }, '/prices?of=ACME').subscribe();
      await settled();

      const [posted, got] = seen;
      expect(posted).to.include({
        method: 'POST',
        urlWithParams: `${server.origin}/prices`,
        body: 'question',
        withCredentials: true,
        responseType: 'text',
      });
      expect(posted?.headers.get('x-mine')).to.equal('mine');
      expect(posted?.headers.get('accept')).to.equal('text/event-stream, */*');
      expect(got).to.include({
        method: 'GET',
        urlWithParams: `${server.origin}/prices?of=ACME`,
        body: null,
        withCredentials: false,
      });
      expect(got?.headers.get('accept')).to.equal('text/event-stream');
    });

    it('is sent as it is if no interceptor changes it', async () => {
      configureWith((request, next) => next(request));

      const subscription = stream({
        body: 'ä',
        headers: { 'x-mine': 'one, two' },
      }).subscribe();
      const { method, headers, body } = await server.next('/prices');
      subscription.unsubscribe();
      expect(method).to.equal('POST');
      expect(headers).to.include({
        'x-mine': 'one, two',
        accept: 'text/event-stream',
        'content-type': 'text/plain;charset=UTF-8',
      });
      expect(Buffer.from(body, 'latin1').toString()).to.equal('ä');
    });

    it('is sent as an interceptor has changed it', async () => {
      configureWith((request, next) =>
        next(
          request.clone({
            url: `${server.origin}/others`,
            method: 'PUT',
            headers: new HttpHeaders({ 'x-mine': ['one', 'two'] }),
            setParams: { of: 'ACME' },
            body: { question: 42 },
          }),
        ),
      );

      const subscription = stream({ headers: { 'x-theirs': 'gone' } }).subscribe();
      const { method, headers, body } = await server.next('/others?of=ACME');
      subscription.unsubscribe();
      expect(method).to.equal('PUT');
      expect(headers).to.include({ 'x-mine': 'one, two', 'content-type': 'application/json' });
      expect(headers).not.to.have.property('x-theirs');
      expect(JSON.parse(body)).to.deep.equal({ question: 42 });
    });

    it('keeps the content type that an interceptor gives its body', async () => {
      configureWith((request, next) =>
        next(
          request.clone({
            method: 'POST',
            body: { question: 42 },
            setHeaders: { 'Content-Type': 'application/mine' },
          }),
        ),
      );

      const subscription = stream().subscribe();
      const { headers } = await server.next('/prices');
      subscription.unsubscribe();
      expect(headers['content-type']).to.equal('application/mine');
    });

    it('loses the body that an interceptor takes from it', async () => {
      configureWith((request, next) => next(request.clone({ method: 'GET', body: null })));

      const subscription = stream({ body: 'question' }).subscribe();
      const { method, body } = await server.next('/prices');
      subscription.unsubscribe();
      expect({ method, body }).to.deep.equal({ method: 'GET', body: '' });
    });

    it('goes with the credentials that an interceptor asks for, and else with those of the stream', async () => {
      const { fetch, requests } = scriptedFetch();
      configureWith((request, next) =>
        next(request.urlWithParams.endsWith('/private') ? request.clone({ withCredentials: true }) : request),
      );

      stream({ fetch }, '/private').subscribe();
      stream({ fetch }, '/public').subscribe();
      stream({ fetch, credentials: 'omit' }, '/public').subscribe();
      await settled();
      expect(requests.map(({ credentials }) => credentials)).to.deep.equal(['include', undefined, 'omit']);
    });

    it('goes with all else that the stream says to fetch', async () => {
      const { fetch, requests } = scriptedFetch();
      configureWith((request, next) => next(request.clone({ setHeaders: { 'x-mine': 'mine' } })));

      stream({ fetch, mode: 'same-origin', redirect: 'error' }).subscribe();
      await settled();
      expect(requests[0]).to.include({ mode: 'same-origin', redirect: 'error', cache: 'no-store' });
    });

    it('has the headers that withHeaders makes, before an interceptor sees it', async () => {
      const seen: unknown[] = [];
      configure(
        provideHttpClient(
          withInterceptors([
            (request, next) => {
              seen.push(request.headers.get('authorization'));
              return next(request);
            },
          ]),
        ),
        provideSse(
          withHttpClient(),
          withHeaders(({ attempt }) => Promise.resolve({ Authorization: `Bearer ${attempt}` })),
        ),
      );

      const data = dataOf(stream({ reconnect: atOnce }), 1);
      await respond(await server.next('/prices'), 503);
      const { headers, ...exchange } = await server.next('/prices');
      await startStream({ headers, ...exchange }).send('data: a\n\n');
      await data;
      expect(seen).to.deep.equal(['Bearer 1', 'Bearer 2']);
      expect(headers['authorization']).to.equal('Bearer 2');
    });

    it("has no Cache-Control of the library's where the platform sees to it", async () => {
      const platform = globalThis.fetch;
      const { fetch, requests } = scriptedFetch();
      const seen: unknown[] = [];
      configureWith((request, next) => {
        seen.push(request.headers.get('cache-control'));
        return next(request);
      });

      globalThis.fetch = fetch;
      stream().subscribe();
      await settled();
      globalThis.fetch = platform;
      stream({ fetch }).subscribe();
      await settled();
      const sent = requests.map(({ headers }) => new Headers(headers).get('cache-control'));
      expect(sent).to.deep.equal([null, 'no-cache']);
      expect(seen).to.deep.equal([null, 'no-cache']);
    });

    it('keeps a Cache-Control of one’s own, also where the platform sees to it', async () => {
      configureWith((request, next) => next(request));

      const subscription = stream({ headers: { 'Cache-Control': 'no-transform' } }).subscribe();
      const { headers } = await server.next('/prices');
      subscription.unsubscribe();
      expect(headers['cache-control']).to.equal('no-transform');
    });
  });

  describe('a refusal', () => {
    it('is for an interceptor to mend: a 401 that it answers with a new token opens the stream', async () => {
      configureWith(refreshing());

      const data = dataOf(stream(), 1);
      const refused = await server.next('/prices');
      // Its body goes on: only who cancels it closes the connection.
      await refused.send('HTTP/1.1 401 Unauthorized\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n');
      const opened = await server.next('/prices');
      await startStream(opened).send('data: a\n\n');

      expect(await data).to.deep.equal(['a']);
      await refused.closed;
      expect(server.requests.map(({ headers }) => headers['authorization'])).to.deep.equal([
        'Bearer old',
        'Bearer new',
      ]);
    });

    it('has its body cancelled as soon as the request is repeated', async () => {
      const refused = eventStream(401);
      const opened = eventStream();
      const { fetch, requests } = scriptedFetch(refused.response, opened.response);
      configureWith(refreshing());

      const data = dataOf(stream({ fetch }), 1);
      opened.write('data: a\n\n');
      await data;
      expect(refused.isCancelled()).to.equal(true);
      expect(requests).to.have.length(2);
    });

    for (const [others, features] of [
      ['', []],
      [', whatever withHeaders would make anew', [withHeaders(() => ({ 'x-mine': 'mine' }))]],
    ] as const) {
      for (const status of [401, 403]) {
        it(`of status ${status} that interceptors leave is final${others}`, async () => {
          const { count, runs } = counting();
          configure(provideHttpClient(withInterceptors([count])), provideSse(withHttpClient(), ...features));

          const failure = failureOf(stream());
          const exchange = await server.next('/prices');
          await respond(exchange, status, { 'Content-Type': 'text/plain', 'X-Why': 'because' }, 'no token');

          const error = await failure;
          expect(error).to.be.instanceOf(SseResponseError);
          expect(error).to.include({
            status,
            body: 'no token',
            contentType: 'text/plain',
            url: `${server.origin}/prices`,
          });
          expect((error as SseResponseError).headers.get('x-why')).to.equal('because');
          expect(runs()).to.equal(1);
          expect(server.requests).to.have.length(1);
        });
      }
    }

    it('reaches interceptors as an HttpErrorResponse without a body', async () => {
      const seen: unknown[] = [];
      configureWith((request, next) =>
        next(request).pipe(
          catchError((error: unknown) => {
            seen.push(error);
            return throwError(() => error);
          }),
        ),
      );

      const failure = failureOf(stream());
      await respond(await server.next('/prices'), 404, { 'X-Why': 'because' }, 'nothing here');
      await failure;
      const [error] = seen;
      expect(error).to.be.instanceOf(HttpErrorResponse);
      expect(error).to.include({ status: 404, url: `${server.origin}/prices`, error: null });
      expect((error as HttpErrorResponse).headers.get('x-why')).to.equal('because');
    });

    it('that is a matter of time is followed by another request', async () => {
      configureWith(authorize);

      const data = dataOf(stream({ reconnect: atOnce }), 1);
      await respond(await server.next('/prices'), 503, {}, 'later');
      await startStream(await server.next('/prices')).send('data: a\n\n');
      expect(await data).to.deep.equal(['a']);
    });

    it('by status 204 ends the stream, and interceptors see it as a success', async () => {
      const seen: unknown[] = [];
      configureWith((request, next) =>
        next(request).pipe(tap(event => event instanceof HttpResponse && seen.push(event.status))),
      );

      const data = dataOf(stream(), Infinity);
      await respond(await server.next('/prices'), 204);
      expect(await data).to.deep.equal([]);
      expect(seen).to.deep.equal([204]);
    });

    it('by a network that fails reaches interceptors as status 0, and the caller as it is', async () => {
      const seen: unknown[] = [];
      configureWith((request, next) =>
        next(request).pipe(
          catchError((error: unknown) => {
            seen.push(error);
            return throwError(() => error);
          }),
        ),
      );

      const failure = failureOf(stream({ reconnect: false }));
      (await server.next('/prices')).reset();
      const error = await failure;
      expect(error).to.be.instanceOf(SseConnectionError).and.include({ reason: 'refused' });
      const { cause } = error as SseConnectionError;
      expect(cause).to.be.instanceOf(TypeError).with.property('message', 'fetch failed');
      expect(seen[0]).to.be.instanceOf(HttpErrorResponse);
      expect(seen[0]).to.include({ status: 0, error: cause, url: `${server.origin}/prices` });
    });

    it('is forgotten if the repeated request meets a network that fails', async () => {
      configureWith(refreshing());

      const failure = failureOf(stream({ reconnect: false }));
      await respond(await server.next('/prices'), 401);
      (await server.next('/prices')).reset();
      expect(await failure)
        .to.be.instanceOf(SseConnectionError)
        .and.include({ reason: 'refused' });
    });
  });

  describe('an interceptor', () => {
    it('that fails has the connection refused, with its error as the cause', async () => {
      const mine = new Error('mine');
      configureWith(() => throwError(() => mine));

      const error = await failureOf(stream({ reconnect: false }));
      expect(error).to.be.instanceOf(SseConnectionError).and.include({ reason: 'refused', cause: mine });
      expect(server.requests).to.deep.equal([]);
    });

    it('that throws has the connection refused, and is run again when it is made anew', async () => {
      let runs = 0;
      configureWith((request, next) => {
        if (++runs === 1) throw new Error('mine');
        return next(request);
      });

      const losses: unknown[] = [];
      const reconnect = {
        ...atOnce,
        lossObserver: ({ error }: { error: unknown }) => losses.push((error as Error).cause),
      };
      const data = dataOf(stream({ reconnect }), 1);
      await startStream(await server.next('/prices')).send('data: a\n\n');
      expect(await data).to.deep.equal(['a']);
      expect(losses.map(String)).to.deep.equal(['Error: mine']);
    });

    it('that fails once the head is there has the connection closed', async () => {
      const mine = new Error('mine');
      configureWith((request, next) => next(request).pipe(switchMap(() => throwError(() => mine))));

      const failure = failureOf(stream({ reconnect: false }));
      const { closed, ...exchange } = await server.next('/prices');
      startStream({ closed, ...exchange });
      expect(await failure).to.include({ reason: 'refused', cause: mine });
      await closed;
    });

    it('can answer with an event stream of its own', async () => {
      const headers = new HttpHeaders({ 'Content-Type': 'text/event-stream' });
      configureWith(() => of(new HttpResponse({ body: 'data: a\n\ndata: b\n\n', headers })));

      const openings: unknown[] = [];
      const events$ = stream({ openObserver: ({ status, url }) => openings.push({ status, url }) });
      expect(await dataOf(events$, 2)).to.deep.equal(['a', 'b']);
      expect(openings).to.deep.equal([{ status: 200, url: '' }]);
      expect(server.requests).to.deep.equal([]);
    });

    it("can answer with an event stream of its own in a refusal's place", async () => {
      const headers = new HttpHeaders({ 'Content-Type': 'text/event-stream' });
      configureWith((request, next) =>
        next(request).pipe(catchError(() => of(new HttpResponse({ body: 'data: kept\n\n', headers })))),
      );

      const data = dataOf(stream(), 1);
      await respond(await server.next('/prices'), 503);
      expect(await data).to.deep.equal(['kept']);
    });

    it('can refuse by itself', async () => {
      configureWith(() =>
        throwError(
          () =>
            new HttpErrorResponse({
              status: 403,
              error: 'not you',
              headers: new HttpHeaders({ 'X-Why': 'because' }),
            }),
        ),
      );

      const error = await failureOf(stream());
      expect(error).to.be.instanceOf(SseResponseError).and.include({ status: 403, body: 'not you' });
      expect((error as SseResponseError).headers.get('x-why')).to.equal('because');
      expect(server.requests).to.deep.equal([]);
    });

    it('can refuse what the server has accepted', async () => {
      configureWith((request, next) =>
        next(request).pipe(switchMap(() => throwError(() => new HttpErrorResponse({ status: 403 })))),
      );

      const failure = failureOf(stream());
      const { closed, ...exchange } = await server.next('/prices');
      startStream({ closed, ...exchange });
      expect(await failure).to.include({ name: 'SseResponseError', status: 403, body: '' });
      await closed;
    });

    it('can stop the stream for good, with a 204 of its own', async () => {
      configureWith(() => of(new HttpResponse({ status: 204 })));

      expect(await dataOf(stream(), Infinity)).to.deep.equal([]);
    });

    it('that gives no answer has the connection refused', async () => {
      configureWith(() => EMPTY);

      const error = await failureOf(stream({ reconnect: false }));
      expect(error).to.be.instanceOf(SseConnectionError).and.include({ reason: 'refused' });
      expect((error as SseConnectionError).cause)
        .to.be.instanceOf(Error)
        .with.property('name', 'EmptyError');
    });

    it('can let the answer wait', async () => {
      const heads = new Subject<unknown>();
      const gate = new Subject<void>();
      const log: string[] = [];
      configureWith((request, next) =>
        next(request).pipe(
          tap(head => heads.next(head)),
          delayWhen(() => gate),
        ),
      );

      const head = firstValueFrom(heads);
      const data = dataOf(stream({ openObserver: () => log.push('open') }), 1);
      const opened = startStream(await server.next('/prices'));
      await Promise.all([head, opened.send('data: a\n\n')]);
      log.push('gate');
      gate.next();
      expect(await data).to.deep.equal(['a']);
      expect(log).to.deep.equal(['gate', 'open']);
    });

    it('that loses patience before the head is there has the request aborted', async () => {
      const { fetch, requests } = scriptedFetch();
      configureWith((request, next) => next(request).pipe(timeout(1)));

      const error = await failureOf(stream({ fetch, reconnect: false }));
      expect(error).to.include({ reason: 'refused' });
      expect((error as SseConnectionError).cause).to.be.instanceOf(TimeoutError);
      expect(requests[0]?.signal?.aborted).to.equal(true);
    });

    it('that drops the context of the request is told so', async () => {
      configureWith((request, next) => next(request.clone({ context: new HttpContext() })));

      const error = await failureOf(stream({ reconnect: false }));
      expect((error as SseConnectionError).cause)
        .to.be.instanceOf(Error)
        .with.property('message')
        .that.matches(/HttpContext/);
      expect(server.requests).to.deep.equal([]);
    });

    it('gets the response without a body as soon as its head is there', async () => {
      const responses = new Subject<HttpEvent<unknown>>();
      configureWith((request, next) => next(request).pipe(tap(event => responses.next(event))));

      const first = firstValueFrom(responses);
      const subscription = stream().subscribe();
      startStream(await server.next('/prices'), { 'X-Mine': 'mine' });
      const response = await first;
      subscription.unsubscribe();

      expect(response).to.be.instanceOf(HttpResponse);
      expect(response).to.include({
        body: null,
        status: 200,
        statusText: 'Status',
        url: `${server.origin}/prices`,
      });
      expect((response as HttpResponse<unknown>).headers.get('x-mine')).to.equal('mine');
    });

    it('makes no difference to what comes if it changes what it gets', async () => {
      configureWith((request, next) =>
        next(request).pipe(
          map(event => (event instanceof HttpResponse ? event.clone({ body: 'mine' }) : event)),
        ),
      );

      const data = dataOf(stream(), 1);
      await startStream(await server.next('/prices')).send('data: a\n\n');
      expect(await data).to.deep.equal(['a']);
    });
  });

  describe('unsubscribe', () => {
    it('before the head aborts the request and finalizes the interceptors', async () => {
      let finalized = 0;
      configureWith((request, next) => next(request).pipe(finalize(() => finalized++)));

      const subscription = stream().subscribe();
      const { closed } = await server.next('/prices');
      expect(finalized).to.equal(0);
      subscription.unsubscribe();
      expect(finalized).to.equal(1);
      await closed;
    });

    it('after the head closes the connection', async () => {
      configureWith(authorize);

      const opened = new Subject<unknown>();
      const isOpen = firstValueFrom(opened);
      const subscription = stream({ openObserver: opened }).subscribe();
      const { closed, ...exchange } = await server.next('/prices');
      startStream({ closed, ...exchange });
      await isOpen;
      subscription.unsubscribe();
      await closed;
    });

    it('while an interceptor waits before it sends makes no request', async () => {
      const gate = new Subject<void>();
      configureWith((request, next) => gate.pipe(switchMap(() => next(request))));

      const subscription = stream().subscribe();
      await settled();
      expect(gate.observed).to.equal(true);
      subscription.unsubscribe();
      expect(gate.observed).to.equal(false);
    });

    it('has the body of a response cancelled that comes too late', async () => {
      const late = eventStream();
      let answer: (response: Response) => void = () => undefined;
      const fetch = () => new Promise<Response>(resolve => (answer = resolve));
      configureWith(authorize);

      const subscription = stream({ fetch }).subscribe();
      await settled();
      subscription.unsubscribe();
      answer(late.response);
      await settled();
      expect(late.isCancelled()).to.equal(true);
    });
  });

  describe('the application', () => {
    it('is stable as soon as the head is there, and not before', async () => {
      configureWith(authorize);
      const application = TestBed.inject(ApplicationRef);
      const stable = () => firstValueFrom(application.isStable);

      const subscription = stream().subscribe();
      const exchange = await server.next('/prices');
      expect(await stable()).to.equal(false);
      startStream(exchange);
      await application.whenStable();
      expect(exchange.headers['authorization']).to.equal('Bearer secret');
      expect(subscription.closed).to.equal(false);
      subscription.unsubscribe();
    });

    it('is stable with a component whose stream is open', async () => {
      @Component({ selector: 'app-price', template: '' })
      class Price {
        readonly subscription = stream().subscribe();
      }
      configureWith(authorize);

      const fixture = TestBed.createComponent(Price);
      startStream(await server.next('/prices'));
      await fixture.whenStable();
      expect(fixture.componentInstance.subscription.closed).to.equal(false);
    });

    it('is stable while it waits to reconnect', async () => {
      configureWith(authorize);
      const closings = new Subject<SseClosing>();
      const closing = firstValueFrom(closings);

      const subscription = stream({ reconnect: { delay: 60_000 }, closeObserver: closings }).subscribe();
      await respond(await server.next('/prices'), 503);
      expect((await closing).retryIn).to.equal(60_000);
      await TestBed.inject(ApplicationRef).whenStable();
      subscription.unsubscribe();
    });

    it('has its own HttpClient as it was', async () => {
      configure(provideHttpClient(withFetch(), withInterceptors([authorize])), provideSse(withHttpClient()));

      const subscription = stream().subscribe();
      startStream(await server.next('/prices'));
      const answer = firstValueFrom(TestBed.inject(HttpClient).get<unknown>(`${server.origin}/users`));
      const { headers, ...exchange } = await server.next('/users');
      await respond({ headers, ...exchange }, 200, { 'Content-Type': 'application/json' }, '{"users":1}');
      expect(await answer).to.deep.equal({ users: 1 });
      expect(headers['authorization']).to.equal('Bearer secret');
      subscription.unsubscribe();
    });

    it('can have its HttpClient tested beside a stream, which goes to the network', async () => {
      configure(
        provideHttpClient(withInterceptors([authorize])),
        provideHttpClientTesting(),
        provideSse(withHttpClient()),
      );
      const http = TestBed.inject(HttpTestingController);

      const answer = firstValueFrom(TestBed.inject(HttpClient).get<unknown>('/users'));
      const data = dataOf(stream(), 1);
      await startStream(await server.next('/prices')).send('data: a\n\n');
      expect(await data).to.deep.equal(['a']);
      http.expectNone(`${server.origin}/prices`);
      http.expectOne('/users').flush({ users: 1 });
      expect(await answer).to.deep.equal({ users: 1 });
      http.verify();
    });
  });

  describe('with provideSseTesting', () => {
    it('has interceptors make the request of the test connection', () => {
      configureWith(authorize, provideSseTesting());
      const controller = TestBed.inject(SseTestingController);

      const subscription = TestBed.inject(SseClient).stream('/prices', { body: 'question' }).subscribe();
      const { request } = controller.expectOne('/prices');
      expect(request).to.include({ method: 'POST', url: '/prices', body: 'question' });
      expect(request.headers.get('authorization')).to.equal('Bearer secret');
      subscription.unsubscribe();
    });

    it('has a refusal answered by an interceptor, with a second connection', () => {
      configureWith(refreshing(), provideSseTesting());
      const controller = TestBed.inject(SseTestingController);
      const data: string[] = [];

      TestBed.inject(SseClient)
        .stream('/prices')
        .subscribe(event => data.push(event.data));
      const refused = controller.expectOne('/prices');
      expect(refused.request.headers.get('authorization')).to.equal('Bearer old');
      refused.refuse(401);
      const opened = controller.expectOne('/prices');
      expect(opened.request.headers.get('authorization')).to.equal('Bearer new');
      opened.open();
      opened.event({ data: 'a' });
      opened.complete();
      expect(data).to.deep.equal(['a']);
      controller.verify();
    });

    it('has a refusal that interceptors leave be final', () => {
      configureWith(authorize, provideSseTesting());
      const controller = TestBed.inject(SseTestingController);
      const errors: unknown[] = [];

      TestBed.inject(SseClient)
        .stream('/prices')
        .subscribe({ error: error => errors.push(error) });
      controller.expectOne('/prices').refuse(401, { body: 'no' });
      controller.verify();
      expect(errors).to.have.length(1);
      expect(errors[0]).to.include({ name: 'SseResponseError', status: 401, body: 'no' });
    });
  });

  it('can be left out: then no interceptor is run', async () => {
    const { count, runs } = counting();
    configure(provideHttpClient(withInterceptors([count])), provideSse());

    const data = dataOf(stream(), 1);
    await startStream(await server.next('/prices')).send('data: a\n\n');
    await data;
    expect(runs()).to.equal(0);
  });

  it('works without provideHttpClient, too, where Angular has an HttpClient anyhow', async () => {
    configure(provideSse(withHttpClient()));

    const data = dataOf(stream(), 1);
    await startStream(await server.next('/prices')).send('data: a\n\n');
    expect(await data).to.deep.equal(['a']);
  });

  describe('64 MB of events over one connection', () => {
    const amount = 64 * 1024 * 1024;
    const event = `data: ${'x'.repeat(16 * 1024 - 8)}\n\n`;

    it('leave no trace in memory, where HttpClient keeps them all', async function () {
      this.timeout(30_000);
      const web = createServer((request, response) => {
        response.writeHead(200, { 'Content-Type': 'text/event-stream' });
        let count = 0;
        const send = () => {
          while (count < amount / event.length) {
            count++;
            if (!response.write(event)) return void response.once('drain', send);
          }
        };
        send();
      });
      const url = `http://127.0.0.1:${await listen(web)}`;
      const growths = await Promise.all([growthOf('SseClient', url), growthOf('HttpClient', url)]);
      web.closeAllConnections();
      web.close();

      const [own, control] = growths;
      expect(own).to.be.below(8_000_000);
      expect(control).to.be.above(amount);
    });

    /** By how many bytes the memory of a process has grown that has read it. */
    async function growthOf(client: string, url: string): Promise<number> {
      const program = fileURLToPath(new URL('../../support/angularReader.ts', import.meta.url));
      const { stdout } = await promisify(execFile)(process.execPath, [
        '--expose-gc',
        '--import',
        'tsx',
        program,
        client,
        url,
        String(amount),
      ]);
      return (JSON.parse(stdout) as { growth: number }).growth;
    }
  });
});

/** An application with this interceptor, which streams go through, too. */
function configureWith(interceptor: HttpInterceptorFn, ...others: (Provider | EnvironmentProviders)[]): void {
  configure(provideHttpClient(withInterceptors([interceptor])), provideSse(withHttpClient()), ...others);
}

/** Changes nothing, and counts its runs. */
function counting(): { readonly count: HttpInterceptorFn; readonly runs: () => number } {
  let runs = 0;
  const count: HttpInterceptorFn = (request, next) => {
    runs++;
    return next(request);
  };
  return { count, runs: () => runs };
}

/** Sends an old token, and after a 401 once more a new one. */
function refreshing(): HttpInterceptorFn {
  return (request, next) => {
    const nextWith = (token: string) =>
      next(request.clone({ setHeaders: { authorization: `Bearer ${token}` } }));
    return nextWith('old').pipe(
      catchError((error: unknown) =>
        error instanceof HttpErrorResponse && error.status === 401
          ? of('new').pipe(switchMap(nextWith))
          : throwError(() => error),
      ),
    );
  };
}

function dataOf(events$: Observable<ReceivedSseEvent>, count: number): Promise<string[]> {
  return firstValueFrom(
    events$.pipe(
      take(count),
      map(({ data }) => data),
      toArray(),
    ),
  );
}

async function failureOf(events$: Observable<unknown>): Promise<unknown> {
  const outcome = firstValueFrom(events$.pipe(toArray()));
  return outcome.then(
    values => {
      throw new Error(`Expected an error, got ${JSON.stringify(values)}`);
    },
    (error: unknown) => error,
  );
}
