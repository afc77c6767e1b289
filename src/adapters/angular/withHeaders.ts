import { InjectionToken } from '@angular/core';
import type { ConnectionAttempt } from '../../client/index.js';
import type { SseFeature } from './provideSse.js';

/** The connection that headers are made for. */
export interface SseHeadersContext extends ConnectionAttempt {
  /** Where it goes: the place to look at before a token is given to someone else's server. */
  readonly url: string;
}

export type HeadersFn = (context: SseHeadersContext) => HeadersInit | PromiseLike<HeadersInit>;

export const HEADERS = new InjectionToken<readonly HeadersFn[]>('What the requests of rxjs-sse say');

/**
 * A feature of `provideSse`: headers that are made for each connection, so that a token is never an old one. Given several times,
 * all are sent; the later one wins, and a stream's own `headers` win over all.
 *
 * @param make is called in an injection context, which ends at its first `await`. After 401 or 403 it is called, and the request
 *   made, once more, with `refusedWith`. If its promise is rejected, that connection counts as refused.
 * @example
 * ```ts
 * import { inject, Injectable } from '@angular/core';
 * import { provideSse, withHeaders } from 'rxjs-sse/angular';
 *
 * @Injectable({ providedIn: 'root' })
 * class AuthService {
 *   async token(isRefused: boolean) {
 *     return isRefused ? 'a new one' : 'the one at hand';
 *   }
 * }
 *
 * export const providers = [
 *   provideSse(
 *     withHeaders(async ({ refusedWith }) => {
 *       const token = await inject(AuthService).token(refusedWith === 401);
 *       return { Authorization: `Bearer ${token}` };
 *     }),
 *   ),
 * ];
 * ```
 */
export function withHeaders(make: HeadersFn): SseFeature {
  return { providers: [{ provide: HEADERS, useValue: make, multi: true }] };
}
