import { HttpBackend, HttpHandler } from '@angular/common/http';
import {
  createEnvironmentInjector,
  EnvironmentInjector,
  inject,
  InjectionToken,
  type Type,
} from '@angular/core';
import type { SseFeature } from './provideSse.js';
import { endOfChain } from './sendThrough.js';

/** The interceptors of the application's HttpClient, once they are needed. */
export type HttpChain = () => HttpHandler;

export const HTTP_CHAIN = new InjectionToken<HttpChain>('What the requests of rxjs-sse go through');

/**
 * A feature of `provideSse`: the request of each connection goes through the interceptors of the application's own `HttpClient`, so
 * that tokens, refreshes after a 401 and logs are had for streams, too. It needs Angular's `provideHttpClient`.
 *
 * An interceptor sees a request as any other, and a response without a body as soon as its head is there, or an `HttpErrorResponse`
 * as usual. The body is read by {@link SseClient}, never by `HttpClient`, which would keep all of it. Each reconnect goes through them
 * anew. A 401 or 403 that they leave is final.
 *
 * @example
 * ```ts
 * import { provideHttpClient, withInterceptors, type HttpInterceptorFn } from '@angular/common/http';
 * import { provideSse, withHttpClient } from 'rxjs-sse/angular';
 *
 * const authorize: HttpInterceptorFn = (request, next) =>
 *   next(request.clone({ setHeaders: { Authorization: 'Bearer secret' } }));
 *
 * export const providers = [provideHttpClient(withInterceptors([authorize])), provideSse(withHttpClient())];
 * ```
 */
export function withHttpClient(): SseFeature {
  return { providers: [{ provide: HTTP_CHAIN, useFactory: httpChain }] };
}

function httpChain(): HttpChain {
  const parent = inject(EnvironmentInjector);
  let chain: HttpHandler | undefined;
  return () => (chain ??= chainBelow(parent));
}

/** The handler that the application has, made once more: with its interceptors, but with another end. */
function chainBelow(parent: EnvironmentInjector): HttpHandler {
  // eslint-disable-next-line @typescript-eslint/consistent-type-assertions -- a class, which `constructor` is not typed as
  const useClass = parent.get(HttpHandler).constructor as Type<HttpHandler>;
  const providers = [
    { provide: HttpBackend, useValue: endOfChain },
    { provide: HttpHandler, useClass },
  ];
  return createEnvironmentInjector(providers, parent).get(HttpHandler);
}
