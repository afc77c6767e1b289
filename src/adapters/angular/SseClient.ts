import { isPlatformServer } from '@angular/common';
import {
  DestroyRef,
  inject,
  Injectable,
  InjectionToken,
  NgZone,
  PendingTasks,
  PLATFORM_ID,
  type Injector,
} from '@angular/core';
import { takeUntilDestroyed } from '@angular/core/rxjs-interop';
import { defer, finalize, NEVER, noop, Observable, tap, type MonoTypeOperatorFunction } from 'rxjs';
import { fromSSE, type FromSseConfig, type PerConnection } from '../../client/index.js';
import {
  tell,
  type AnyEvents,
  type Listener,
  type ReceivedSseEvent,
  type ReceivedSseEventOf,
} from '../../event-stream/index.js';
import { enterOncePerTurn } from './enterOncePerTurn.js';
import { SseSettings } from './SseSettings.js';
import type { HttpChain } from './withHttpClient.js';

export interface SseStreamConfig extends FromSseConfig {
  /**
   * Whether the stream is opened on the server, too, while a page is rendered there. Rendering then waits for the first event, or the
   * first loss. In the browser it is opened anew.
   *
   * @defaultValue `false`: on the server nothing is opened, nothing comes, and nothing waits
   */
  readonly onServer?: boolean | undefined;
  /**
   * The injector that the stream lives and dies with. A service that keeps streams for others gives its own.
   *
   * @defaultValue that of the injection context in which it was asked for, such as a component's; elsewhere the client's own
   */
  readonly injector?: Injector | undefined;
}

export type Source = (
  url: PerConnection<string | URL>,
  config: FromSseConfig,
  chain: HttpChain | null,
) => Observable<ReceivedSseEvent>;

export const SOURCE = new InjectionToken<Source>('What the streams of rxjs-sse are made with', {
  providedIn: 'root',
  factory: () => (url, config) => fromSSE(url, config),
});

/**
 * Event streams for an Angular application: `fromSSE` with what {@link provideSse} has set up. It needs no provider.
 *
 * @example
 * ```ts
 * import { Component, inject } from '@angular/core';
 * import { toSignal } from '@angular/core/rxjs-interop';
 * import { json } from 'rxjs-sse';
 * import { SseClient } from 'rxjs-sse/angular';
 *
 * type Prices = { tick: { price: number } };
 *
 * @Component({ selector: 'app-price', template: `{{ tick()?.data?.price }}` })
 * export class PriceComponent {
 *   readonly tick = toSignal(inject(SseClient).stream<Prices>('/prices').pipe(json()));
 * }
 * ```
 */
@Injectable({ providedIn: 'root' })
export class SseClient {
  readonly #settings = new SseSettings();
  readonly #source = inject(SOURCE);
  readonly #destroyRef = inject(DestroyRef);
  readonly #pendingTasks = inject(PendingTasks);
  readonly #zone = inject(NgZone);
  readonly #enter = enterOncePerTurn(this.#zone);
  readonly #isServer = isPlatformServer(inject(PLATFORM_ID));

  /**
   * The events of a server, as the cold Observable of {@link fromSSE}, which says what it emits, completes and errors with. Besides,
   * it completes when its injector is destroyed: that of the component, say, in whose field or constructor it was asked for.
   *
   * What it tells, it tells within Angular's zone, which costs one round of change detection for all events that came at once; what it
   * does besides, it does outside, so that an open stream keeps no application from being stable.
   */
  stream<Events extends object = AnyEvents>(
    url: PerConnection<string | URL>,
    config?: SseStreamConfig,
  ): Observable<ReceivedSseEventOf<Events>>;
  // The types of the events are the caller's word, as in `fromSSE`.
  stream(
    url: PerConnection<string | URL>,
    { injector, ...config }: SseStreamConfig = {},
  ): Observable<unknown> {
    const destroyRef = injector?.get(DestroyRef) ?? destroyRefOfContext() ?? this.#destroyRef;
    const events$ = defer(() => {
      const [address, { onServer = false, ...settled }] = this.#settings.of(url, config);
      if (this.#isServer && !onServer) return NEVER;
      const shown = this.#isServer ? this.#pendingTasks.add() : noop;
      return this.#source(address, this.#telling(settled, shown), this.#settings.chain).pipe(
        tap(shown),
        finalize(shown),
      );
    });
    return events$.pipe(this.#outsideZone(), takeUntilDestroyed(destroyRef));
  }

  /** The config with observers that enter the zone. */
  #telling(config: FromSseConfig, closed: () => void): FromSseConfig {
    const { openObserver, closeObserver, commentObserver, reconnect } = config;
    const inZone = <T>(listener: Listener<T> | undefined): Listener<T> | undefined =>
      listener && (value => this.#enter(() => tell(listener, value)));
    const close = inZone(closeObserver);

    return {
      ...config,
      openObserver: inZone(openObserver),
      commentObserver: inZone(commentObserver),
      reconnect: reconnect && { ...reconnect, lossObserver: inZone(reconnect.lossObserver) },
      closeObserver(closing) {
        closed();
        tell(close, closing);
      },
    };
  }

  /** Subscribes to the source outside the zone, and enters it with what comes. */
  #outsideZone<T>(): MonoTypeOperatorFunction<T> {
    return source =>
      new Observable(subscriber =>
        this.#zone.runOutsideAngular(() =>
          source.subscribe({
            next: value => this.#enter(() => subscriber.next(value)),
            error: (error: unknown) => this.#enter(() => subscriber.error(error)),
            complete: () => this.#enter(() => subscriber.complete()),
          }),
        ),
      );
  }
}

/** Of the injector that is at work just now, if there is one. */
function destroyRefOfContext(): DestroyRef | undefined {
  try {
    return inject(DestroyRef);
  } catch {
    return undefined;
  }
}
