import {
  assertInInjectionContext,
  inject,
  Injector,
  type Resource,
  type Signal,
  type ValueEqualityFn,
} from '@angular/core';
import type { AnyEvents, ReceivedSseEvent, ReceivedSseEventOf } from '../../event-stream/index.js';
import type { SseStreamConfig } from './SseClient.js';
import { StreamResource, type AnySseResourceConfig } from './StreamResource.js';

/** The stream of an `sseResource`, and what may be done with it. */
export interface SseResourceConfig<Params> extends SseStreamConfig {
  /**
   * Where the stream is. Reactive: when a signal that it reads has changed, and the URL with it, the stream is left and the other one
   * opened. `undefined` for none.
   */
  readonly url: (context: { readonly params: NoInfer<Params> }) => string | URL | undefined;
  /**
   * What the stream depends on; `url` gets it. Reactive: with another value the stream is opened anew, even at the same URL. `undefined`
   * for none.
   */
  readonly params?: (() => Params | undefined) | undefined;
}

/** What becomes of the events of an `sseResource`. */
export interface SseReduction<Value, Event> {
  /**
   * Makes the next value of the one before and an event. Another stream, or a reload, begins with `defaultValue` again; a reconnect goes on.
   * If it throws, that is the error of the resource. Where the types of the events are known, say so at the parameter:
   * `(sum, event: ReceivedSseEventOf<Prices>) => …`.
   */
  readonly reduce: (value: Value, event: Event) => Value;
  /** The value before the first event. */
  readonly defaultValue: Value;
  /** When two values are the same, so that nobody is told of the second. */
  readonly equal?: ValueEqualityFn<Value> | undefined;
}

/** A stream as a `Resource` of Angular. */
export interface SseResourceRef<Value> extends Resource<Value> {
  /** Whether there is a connection, as of an `EventSource`: `connecting` also while it waits to reconnect, `closed` when it will not. */
  readonly readyState: Signal<'connecting' | 'open' | 'closed'>;
  hasValue(this: Value extends undefined ? this : never): this is SseResourceRef<Exclude<Value, undefined>>;
  hasValue(): boolean;
  /**
   * Leaves the stream and opens it anew, from its beginning. The value stays until the first event.
   *
   * @returns whether there was something to reload
   */
  reload(): boolean;
  /** Leaves the stream for good. The resource is then idle. */
  destroy(): void;
}

/**
 * The events of a server as a `Resource` of Angular: signals of the value, the status and the error, in the shape of `rxResource` and
 * `httpResource`.
 *
 * - `idle`: there is no URL. `loading`: no event has come yet, and the value is `defaultValue`. `resolved`: the value is made of the events
 *   so far. `reloading`: after `reload()`, until the first event. `error`: the stream has failed for good, and `value()` throws that error.
 * - A connection that is lost is made again, and none of this changes; `readyState` does.
 * - It keeps no application from being stable, and on the server it stays `loading`, unless `onServer` is set.
 *
 * @example
 * ```ts
 * import { Component, signal } from '@angular/core';
 * import { sseResource } from 'rxjs-sse/angular';
 *
 * @Component({
 *   selector: 'app-prices',
 *   template: `
 *     @if (prices.error()) {
 *       <p>{{ prices.error()?.message }}</p>
 *     } @else {
 *       @for (price of prices.value(); track $index) {
 *         <li>{{ price }}</li>
 *       }
 *     }
 *   `,
 * })
 * export class PricesComponent {
 *   readonly symbol = signal('ACME');
 *   readonly prices = sseResource({
 *     url: () => `/prices/${this.symbol()}`,
 *     defaultValue: [] as number[],
 *     reduce: (prices, { data }) => [...prices, Number(data)].slice(-10),
 *   });
 * }
 * ```
 */
export function sseResource<Value, Params = undefined, Event extends ReceivedSseEvent = ReceivedSseEvent>(
  config: SseResourceConfig<Params> & SseReduction<Value, Event>,
): SseResourceRef<Value>;
/** Without `defaultValue`, `reduce` gets `undefined` for the first event. */
export function sseResource<Value, Params = undefined, Event extends ReceivedSseEvent = ReceivedSseEvent>(
  config: SseResourceConfig<Params> &
    Omit<SseReduction<Value | undefined, Event>, 'defaultValue'> & { readonly defaultValue?: undefined },
): SseResourceRef<Value | undefined>;
/** Without `reduce`, the value is the latest event. */
export function sseResource<Events extends object = AnyEvents, Params = undefined>(
  config: SseResourceConfig<Params> & { readonly reduce?: undefined },
): SseResourceRef<ReceivedSseEventOf<Events> | undefined>;
// What comes of these is for the overloads to say, since their values are not looked at here.
export function sseResource(config: AnySseResourceConfig): object {
  if (!config.injector) assertInInjectionContext(sseResource);
  return new StreamResource(config, config.injector ?? inject(Injector));
}
