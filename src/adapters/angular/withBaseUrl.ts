import { InjectionToken } from '@angular/core';
import type { SseFeature } from './provideSse.js';

export const BASE_URL = new InjectionToken<string | (() => string)>('Where the streams of rxjs-sse are');

/**
 * A feature of `provideSse`: what relative URLs begin with. `prices` and `/prices` both become `<base>/prices`; a URL with a scheme,
 * or one that begins with `//`, stays as it is.
 *
 * @param url such as `https://api.example.com/v1` or `/api`; or a function that says so for each connection, called in an
 *   injection context. On the server it has to be absolute.
 * @example
 * ```ts
 * import { provideSse, withBaseUrl } from 'rxjs-sse/angular';
 *
 * export const providers = [provideSse(withBaseUrl('https://api.example.com/v1'))];
 * ```
 */
export function withBaseUrl(url: string | (() => string)): SseFeature {
  return { providers: [{ provide: BASE_URL, useValue: url }] };
}
