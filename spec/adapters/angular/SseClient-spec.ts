import { configure, withAngular } from '../../support/angular.js';
import { Component, inject, signal } from '@angular/core';
import { TestBed } from '@angular/core/testing';
import { expect } from 'chai';
import {
  provideSse,
  provideSseTesting,
  SseClient,
  SseTestingController,
  sseResource,
  withBaseUrl,
  withHeaders,
  withHttpClient,
} from '../../../src/adapters/angular.js';
import { provideHttpClient, withInterceptors } from '@angular/common/http';

describe('SseClient', () => {
  withAngular();

  it('streams', () => {
    configure(
      provideSse(
        withBaseUrl('http://a/b'),
        withHeaders(({ url }) => ({ X: url })),
      ),
      provideSseTesting(),
    );
    const seen: string[] = [];
    TestBed.inject(SseClient)
      .stream('/prices')
      .subscribe({ next: e => seen.push(e.data), complete: () => seen.push('|') });
    const c = TestBed.inject(SseTestingController).expectOne('http://a/b/prices');
    expect(c.request.headers.get('x')).to.equal('http://a/b/prices');
    c.open();
    c.event({ data: 'a', id: '1' });
    c.cut();
    const d = TestBed.inject(SseTestingController).expectOne('http://a/b/prices');
    expect(d.request.headers.get('last-event-id')).to.equal('1');
    d.open();
    d.event({ data: { a: 1 } });
    d.complete();
    expect(seen).to.deep.equal(['a', '{"a":1}', '|']);
  });

  it('goes through interceptors', () => {
    configure(
      provideHttpClient(
        withInterceptors([(r, next) => next(r.clone({ setHeaders: { authorization: 'b' } }))]),
      ),
      provideSse(withHttpClient()),
      provideSseTesting(),
    );
    const seen: string[] = [];
    TestBed.inject(SseClient)
      .stream('/prices')
      .subscribe({ next: e => seen.push(e.data), complete: () => seen.push('|') });
    const c = TestBed.inject(SseTestingController).expectOne('/prices');
    expect(c.request.headers.get('authorization')).to.equal('b');
    c.open();
    c.event({ data: 'a', id: '1' });
    c.end();
    TestBed.inject(SseTestingController).expectOne('/prices').refuse(204);
    expect(seen).to.deep.equal(['a', '|']);
  });

  it('is a resource', async () => {
    configure(provideSseTesting());
    @Component({ selector: 'app-a', template: '{{ r.status() }} {{ r.value() }}' })
    class A {
      readonly p = signal('a');
      readonly r = sseResource({
        url: () => `/${this.p()}`,
        defaultValue: [] as string[],
        reduce: (l, { data }) => [...l, data],
      });
    }
    const f = TestBed.createComponent(A);
    await f.whenStable();
    const c = TestBed.inject(SseTestingController).expectOne('/a');
    c.open();
    c.event({ data: 'x' });
    c.event({ data: 'y' });
    await f.whenStable();
    expect(f.nativeElement.textContent).to.equal('resolved x,y');
    f.componentInstance.p.set('b');
    expect(f.componentInstance.r.status()).to.equal('loading');
    await f.whenStable();
    expect(c.cancelled).to.equal(true);
    TestBed.inject(SseTestingController).expectOne('/b').refuse(404);
    await f.whenStable().catch(() => 0);
  });
});
