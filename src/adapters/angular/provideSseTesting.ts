import { inject, makeEnvironmentProviders, type EnvironmentProviders } from '@angular/core';
import { SOURCE } from './SseClient.js';
import { SseTestingController } from './SseTestingController.js';
import { testSource } from './testSource.js';

/**
 * Puts {@link SseTestingController} in the place of the network: streams are answered by the test, at once. No time passes: a reconnect
 * that would wait is made at once, unless a notifier of the application's own decides about it; `connectTimeout` and `idleTimeout`
 * have no effect, and observers get `NaN` as `retryIn`.
 *
 * @example
 * ```ts
 * import { TestBed } from '@angular/core/testing';
 * import { provideSseTesting, SseClient, SseTestingController } from 'rxjs-sse/angular';
 *
 * TestBed.configureTestingModule({ providers: [provideSseTesting()] });
 * const server = TestBed.inject(SseTestingController);
 *
 * TestBed.inject(SseClient).stream('/prices').subscribe(event => console.log(event.data));
 *
 * const first = server.expectOne('/prices');
 * first.open();
 * first.event({ data: { price: 42 }, id: '1' });
 * first.cut();
 *
 * const second = server.expectOne(({ headers }) => headers.get('Last-Event-ID') === '1');
 * second.complete();
 * server.verify();
 * ```
 */
export function provideSseTesting(): EnvironmentProviders {
  return makeEnvironmentProviders([
    { provide: SseTestingController, useFactory: () => new SseTestingController() },
    { provide: SOURCE, useFactory: () => testSource(inject(SseTestingController)) },
  ]);
}
