import { configure, watch, withAngular } from '../../support/angular.js';
import {
  createEnvironmentInjector,
  EnvironmentInjector,
  inject,
  InjectionToken,
  runInInjectionContext,
} from '@angular/core';
import { TestBed } from '@angular/core/testing';
import { expect } from 'chai';
import {
  provideSse,
  provideSseTesting,
  SseClient,
  SseTestingController,
  withBaseUrl,
  withDefaults,
  withHeaders,
  type SseFeature,
} from '../../../src/adapters/angular.js';

describe('provideSse', () => {
  withAngular();

  const root = () => TestBed.inject(EnvironmentInjector);
  /** The injector of routes with these features among their providers. */
  const routes = (...features: readonly SseFeature[]) =>
    createEnvironmentInjector([provideSse(...features)], root());
  /** What a stream asks for under that injector. */
  const requestOf = (injector: EnvironmentInjector) => {
    const server = TestBed.inject(SseTestingController);
    watch(runInInjectionContext(injector, () => inject(SseClient).stream('/prices')));
    return server.expectOne(() => true).request;
  };
  const told = (headers: Headers) => headers.get('x-by');

  it('needs no feature', () => {
    configure(provideSse(), provideSseTesting());
    expect(requestOf(root()).url).to.equal('/prices');
  });

  it('sets up all of its features', () => {
    configure(
      provideSse(
        withBaseUrl('/api'),
        withDefaults({ method: 'QUERY', headers: { 'X-A': '1' } }),
        withHeaders(() => ({ 'X-B': '2' })),
      ),
      provideSseTesting(),
    );
    const { url, method, headers } = requestOf(root());
    expect({ url, method }).to.deep.equal({ url: '/api/prices', method: 'QUERY' });
    expect(Object.fromEntries(headers)).to.include({ 'x-a': '1', 'x-b': '2' });
  });

  it('sets up features that are provided one after another', () => {
    configure(
      provideSse(withBaseUrl('/api')),
      provideSse(withHeaders(() => ({ 'X-By': 'root' }))),
      provideSseTesting(),
    );
    const { url, headers } = requestOf(root());
    expect(url).to.equal('/api/prices');
    expect(told(headers)).to.equal('root');
  });

  it('sets up routes, which have from the application what they do not set', () => {
    configure(
      provideSse(
        withBaseUrl('/api'),
        withHeaders(() => ({ 'X-By': 'root' })),
      ),
      provideSseTesting(),
    );
    const plain = requestOf(routes());
    expect([plain.url, told(plain.headers)]).to.deep.equal(['/api/prices', 'root']);
    const elsewhere = requestOf(routes(withBaseUrl('/other')));
    expect([elsewhere.url, told(elsewhere.headers)]).to.deep.equal(['/other/prices', 'root']);
    const signed = requestOf(routes(withHeaders(() => ({ 'X-By': 'routes' }))));
    expect([signed.url, told(signed.headers)]).to.deep.equal(['/api/prices', 'routes']);
    const ofApplication = requestOf(root());
    expect([ofApplication.url, told(ofApplication.headers)]).to.deep.equal(['/api/prices', 'root']);
  });

  it('has one kind of feature whole from the routes', () => {
    configure(
      provideSse(
        withHeaders(() => ({ 'X-A': 'root' })),
        withDefaults({ method: 'QUERY' }),
      ),
      provideSseTesting(),
    );
    const injector = routes(
      withHeaders(() => ({ 'X-B': 'routes' })),
      withDefaults({ headers: { 'X-C': 'routes' } }),
    );
    const { method, headers } = requestOf(injector);
    expect(method).to.equal('GET');
    expect(Object.fromEntries(headers)).to.deep.equal({
      accept: 'text/event-stream',
      'x-b': 'routes',
      'x-c': 'routes',
    });
  });

  it('calls the functions of routes under their injector', () => {
    const NAME = new InjectionToken<string>('name');
    configure({ provide: NAME, useValue: 'root' }, provideSseTesting());
    const injector = createEnvironmentInjector(
      [
        { provide: NAME, useValue: 'routes' },
        provideSse(
          withBaseUrl(() => `/${inject(NAME)}`),
          withHeaders(() => ({ 'X-By': inject(NAME) })),
        ),
      ],
      root(),
    );
    const { url, headers } = requestOf(injector);
    expect([url, told(headers)]).to.deep.equal(['/routes/prices', 'routes']);
  });

  it('leaves one client to those who have no providers of their own', () => {
    configure(provideSse(), provideSseTesting());
    const below = createEnvironmentInjector([], root());
    expect(below.get(SseClient)).to.equal(TestBed.inject(SseClient));
    expect(routes().get(SseClient)).not.to.equal(TestBed.inject(SseClient));
  });
});
