import { InjectionToken } from '@angular/core';
import type { SseFeature } from './provideSse.js';
import type { SseStreamConfig } from './SseClient.js';

/** What all streams have in common: neither their place nor their life. */
export type SseDefaults = Omit<SseStreamConfig, 'injector' | 'lastEventId' | 'resumePoint'>;

export const DEFAULTS = new InjectionToken<SseDefaults>('What the streams of rxjs-sse have in common');

/**
 * A feature of `provideSse`: the config of every stream that does not say otherwise. The options in `reconnect`, and the headers, are
 * taken one by one.
 *
 * @example
 * ```ts
 * import { backoff } from 'rxjs-sse';
 * import { provideSse, withDefaults } from 'rxjs-sse/angular';
 *
 * export const providers = [
 *   provideSse(withDefaults({ credentials: 'include', reconnect: { delay: backoff({ max: 10_000 }) } })),
 * ];
 * ```
 */
export function withDefaults(defaults: SseDefaults): SseFeature {
  return { providers: [{ provide: DEFAULTS, useValue: defaults }] };
}
