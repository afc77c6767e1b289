import { configure, configureServer, watch, withAngular } from '../../support/angular.js';
import { inject, InjectionToken } from '@angular/core';
import { TestBed } from '@angular/core/testing';
import { expect } from 'chai';
import {
  provideSse,
  provideSseTesting,
  SseClient,
  SseTestingController,
  withBaseUrl,
  withHeaders,
} from '../../../src/adapters/angular.js';
import { settled } from '../../support/virtualTime.js';

describe('withBaseUrl', () => {
  withAngular();

  type Url = Parameters<SseClient['stream']>[0];
  /** Where a stream asks. */
  const urlOf = (url: Url) => {
    const server = TestBed.inject(SseTestingController);
    watch(TestBed.inject(SseClient).stream(url));
    return server.expectOne(() => true).request.url;
  };

  describe('makes', () => {
    const rows: readonly (readonly [base: string, url: string | URL, expected: string])[] = [
      ['http://a', 'prices', 'http://a/prices'],
      ['http://a', '/prices', 'http://a/prices'],
      ['http://a/', 'prices', 'http://a/prices'],
      ['http://a/', '/prices', 'http://a/prices'],
      ['http://a/v1', 'prices', 'http://a/v1/prices'],
      ['http://a/v1', '/prices', 'http://a/v1/prices'],
      ['http://a/v1//', '/prices', 'http://a/v1/prices'],
      ['/api', 'prices', '/api/prices'],
      ['/api', '/prices', '/api/prices'],
      ['/api/', '/prices/', '/api/prices/'],
      ['/', '/prices', '/prices'],
      ['', 'prices', '/prices'],
      ['http://a/v1', 'prices?a=http://b', 'http://a/v1/prices?a=http://b'],
      ['http://a/v1', '/prices/a:b', 'http://a/v1/prices/a:b'],
      ['http://a/v1', '?a=b', 'http://a/v1?a=b'],
      ['http://a/v1/', '?a=b', 'http://a/v1/?a=b'],
      ['http://a/v1', '', 'http://a/v1'],
      ['http://a/v1/', '', 'http://a/v1/'],
      ['http://a/v1', '#x', 'http://a/v1#x'],
      ['http://a/v1', 'http://b/prices', 'http://b/prices'],
      ['http://a/v1', 'HTTPS://b/prices', 'HTTPS://b/prices'],
      ['http://a/v1', 'blob:http://b/1', 'blob:http://b/1'],
      ['http://a/v1', 'web+sse.1-a:b', 'web+sse.1-a:b'],
      ['http://a/v1', '//b/prices', '//b/prices'],
      ['http://a/v1', new URL('http://b/prices?a=b'), 'http://b/prices?a=b'],
    ];
    for (const [base, url, expected] of rows) {
      it(`'${expected}' of '${base}' and ${url instanceof URL ? 'the URL ' : ''}'${String(url)}'`, () => {
        configure(provideSse(withBaseUrl(base)), provideSseTesting());
        expect(urlOf(url)).to.equal(expected);
        expect(urlOf(() => url)).to.equal(expected);
      });
    }
  });

  it('joins what a promise gives', async () => {
    const server = configureServer(provideSse(withBaseUrl('/api')));
    watch(TestBed.inject(SseClient).stream(() => Promise.resolve('prices')));
    server.expectNone(() => true);
    await settled();
    server.expectOne('/api/prices');
  });

  it('leaves every URL as it is where there is none', () => {
    configure(provideSse(), provideSseTesting());
    for (const url of ['prices', '/prices', '', '?a=b', 'http://a/prices']) expect(urlOf(url)).to.equal(url);
  });

  it('asks a function for each connection, in an injection context', () => {
    const VERSION = new InjectionToken<string>('version');
    let calls = 0;
    configure(
      { provide: VERSION, useValue: 'v' },
      provideSse(withBaseUrl(() => `/${inject(VERSION)}${++calls}/`)),
      provideSseTesting(),
    );
    const server = TestBed.inject(SseTestingController);
    const events$ = TestBed.inject(SseClient).stream('prices');
    expect(calls).to.equal(0);
    watch(events$);
    server.expectOne('/v1/prices').cut();
    server.expectOne('/v2/prices').refuse(503);
    server.expectOne('/v3/prices');
  });

  it('does not ask it for a URL that stays as it is', () => {
    configure(provideSse(withBaseUrl(() => expect.fail('asked'))), provideSseTesting());
    expect(urlOf('http://a/')).to.equal('http://a/');
  });

  it('errors with what the function throws', () => {
    const mine = new Error('mine');
    configure(
      provideSse(
        withBaseUrl(() => {
          throw mine;
        }),
      ),
      provideSseTesting(),
    );
    expect(watch(TestBed.inject(SseClient).stream('/prices')).seen).to.deep.equal([mine]);
  });

  it('tells headers where they go', () => {
    const urls: string[] = [];
    configure(
      provideSse(
        withBaseUrl('http://a/v1'),
        withHeaders(({ url }) => {
          urls.push(url);
          return {};
        }),
      ),
      provideSseTesting(),
    );
    urlOf('/prices');
    urlOf('//b/prices');
    expect(urls).to.deep.equal(['http://a/v1/prices', '//b/prices']);
  });
});
