import {
  HttpContext,
  HttpContextToken,
  HttpErrorResponse,
  HttpHeaders,
  HttpRequest,
  HttpResponse,
  type HttpEvent,
  type HttpHandler,
} from '@angular/common/http';
import { catchError, defer, filter, map, mergeMap, of, take, throwError, type Observable } from 'rxjs';

/** What interceptors get to see of a response. */
export type ResponseHead = Pick<Response, 'headers' | 'ok' | 'status' | 'statusText' | 'url'>;

type Respond = (request: HttpRequest<unknown>) => Observable<HttpEvent<unknown>>;

const RESPOND = new HttpContextToken<Respond>(() => {
  throw new Error('Expected a request with the HttpContext that it came with, got another one');
});

/** Where a request is answered when it has been through all interceptors: by what it has with it. */
export const endOfChain = {
  handle: (request: HttpRequest<unknown>) => request.context.get(RESPOND)(request),
};

/**
 * Sends a request through interceptors.
 *
 * @param respond gets the request that they made of it, and may be asked several times
 * @returns its last response, refusals included; or, of one that interceptors made up themselves, that
 */
export function sendThrough<R extends ResponseHead>(
  chain: HttpHandler,
  url: string,
  init: RequestInit,
  respond: (url: string, init: RequestInit) => Observable<R>,
): Observable<R | Response> {
  return defer(() => {
    let answer: R | undefined;
    const context = new HttpContext().set(RESPOND, request =>
      respond(request.urlWithParams, initOf(request, init)).pipe(
        catchError((error: unknown) => throwError(() => new HttpErrorResponse({ error, url: request.url }))),
        mergeMap(response => {
          answer = response;
          const { status, statusText, url } = response;
          const head = { status, statusText, url, headers: new HttpHeaders(response.headers) };
          return response.ok ? of(new HttpResponse(head)) : throwError(() => new HttpErrorResponse(head));
        }),
      ),
    );
    const request = new HttpRequest<unknown>(init.method ?? 'GET', url, init.body ?? null, {
      context,
      headers: new HttpHeaders(new Headers(init.headers)),
      withCredentials: init.credentials === 'include',
      responseType: 'text',
      // There is no body to keep for the browser.
      transferCache: false,
    });
    return chain.handle(request).pipe(
      filter(event => event instanceof HttpResponse),
      catchError((error: unknown) => {
        if (!(error instanceof HttpErrorResponse)) throw error;
        if (error.status) return of(error);
        const cause: unknown = error.error;
        throw cause;
      }),
      take(1),
      map(outcome => (answer?.status === outcome.status ? answer : madeUp(outcome))),
    );
  });
}

/** What fetch is to send: the request as it was, but for what interceptors can change. */
function initOf(request: HttpRequest<unknown>, init: RequestInit): RequestInit {
  const isSameBody = request.body === (init.body ?? null);
  const headers = new Headers();
  for (const name of request.headers.keys()) {
    for (const value of request.headers.getAll(name) ?? []) headers.append(name, value);
  }
  const contentType = isSameBody ? null : request.detectContentTypeHeader();
  if (contentType !== null && !headers.has('content-type')) headers.set('content-type', contentType);
  return {
    ...init,
    method: request.method,
    headers,
    ...(!isSameBody && { body: request.serializeBody() }),
    ...(request.withCredentials && { credentials: 'include' }),
  };
}

/** What an interceptor has answered in the server's place. */
function madeUp(response: HttpResponse<unknown> | HttpErrorResponse): Response {
  const { status } = response;
  const body: unknown = response instanceof HttpResponse ? response.body : response.error;
  const headers = new Headers();
  for (const name of response.headers.keys()) headers.set(name, response.headers.get(name) ?? '');
  return new Response(typeof body === 'string' ? body : null, { status, headers });
}
