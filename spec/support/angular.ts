// The compiler comes first: what is declared with Angular's decorators is compiled as it is loaded.
import '@angular/compiler';
import { provideZonelessChangeDetection, type EnvironmentProviders, type Provider } from '@angular/core';
import { TestBed } from '@angular/core/testing';
import { BrowserTestingModule, platformBrowserTesting } from '@angular/platform-browser/testing';
import { JSDOM } from 'jsdom';
import type { Observable } from 'rxjs';
import { provideSseTesting, SseTestingController } from '../../src/adapters/angular.js';
import type { SseEvent } from '../../src/index.js';

/** What Angular takes from a browser. */
const globals = ['window', 'document', 'Node', 'Event'] as const;

/** Gives the suite Angular, with a document to draw on, and takes it back. */
export function withAngular(): void {
  let restore: () => void;

  before(() => {
    const { window } = new JSDOM('<!doctype html>', { url: 'http://localhost/' });
    const own = globals.map(name => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const);
    restore = () => {
      for (const [name, descriptor] of own) {
        Reflect.deleteProperty(globalThis, name);
        if (descriptor) Object.defineProperty(globalThis, name, descriptor);
      }
      window.close();
    };
    for (const name of globals) {
      const value: unknown = name === 'window' ? window : window[name];
      Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
    }
    TestBed.initTestEnvironment(BrowserTestingModule, platformBrowserTesting());
  });

  afterEach(() => void TestBed.resetTestingModule());

  after(() => {
    TestBed.resetTestEnvironment();
    restore();
  });
}

/** An application without zone.js that has these providers. */
export function configure(...providers: (Provider | EnvironmentProviders)[]): void {
  TestBed.configureTestingModule({ providers: [provideZonelessChangeDetection(), ...providers] });
}

/** Such an application, and its server, which the spec plays. */
export function configureServer(...providers: (Provider | EnvironmentProviders)[]): SseTestingController {
  configure(...providers, provideSseTesting());
  return TestBed.inject(SseTestingController);
}

/** What comes of a stream, as it comes: the data of its events, `|` for its completion, or its error. */
export interface Watch {
  readonly seen: readonly unknown[];
  readonly leave: () => void;
}

export function watch(events$: Observable<SseEvent>): Watch {
  const seen: unknown[] = [];
  const subscription = events$.subscribe({
    next: ({ data }) => seen.push(data),
    error: (error: unknown) => seen.push(error),
    complete: () => seen.push('|'),
  });
  return { seen, leave: () => subscription.unsubscribe() };
}
