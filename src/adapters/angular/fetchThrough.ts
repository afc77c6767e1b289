import type { NgZone } from '@angular/core';
import { firstValueFrom, fromEvent, map, NEVER, Observable, takeUntil } from 'rxjs';
import { abandon } from '../../client/index.js';
import { sendThrough } from './sendThrough.js';
import type { HttpChain } from './withHttpClient.js';

type Fetch = typeof globalThis.fetch;

/** A `fetch` whose requests go through the interceptors of `HttpClient`, and whose bodies do not. */
export function fetchThrough(chain: HttpChain, zone: NgZone, fetch: Fetch = globalThis.fetch): Fetch {
  return (input, init = {}) => {
    const url = input instanceof Request ? input.url : String(input);
    const headers = new Headers(init.headers);
    // The platform adds it by itself. Set by hand it would cost a CORS preflight.
    if (fetch === globalThis.fetch && headers.get('cache-control') === 'no-cache')
      headers.delete('cache-control');
    const aborted$ = init.signal ? fromEvent(init.signal, 'abort') : NEVER;
    let last: Response | undefined;

    const response$ = sendThrough(chain(), url, { ...init, headers }, (url, init) => {
      // It was refused, and an interceptor tries again.
      abandon(last?.body ?? null);
      return fetched(fetch, url, init, zone).pipe(map(response => (last = response)));
    });
    return zone.run(() => firstValueFrom(response$.pipe(takeUntil(aborted$))));
  };
}

/** The response to a request, which is aborted if nobody waits for it any more. */
function fetched(fetch: Fetch, url: string, init: RequestInit, zone: NgZone): Observable<Response> {
  return new Observable(subscriber => {
    const abort = new AbortController();
    init.signal?.addEventListener('abort', () => abort.abort(), { once: true });
    let isAnswered = false;

    zone.runOutsideAngular(() => {
      fetch(url, { ...init, signal: abort.signal })
        .then(response => {
          isAnswered = true;
          if (subscriber.closed) return abandon(response.body);
          zone.run(() => subscriber.next(response));
          zone.run(() => subscriber.complete());
        })
        .catch((error: unknown) => zone.run(() => subscriber.error(error)));
    });
    return () => {
      if (!isAnswered) abort.abort();
    };
  });
}
