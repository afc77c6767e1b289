import {
  asyncScheduler,
  catchError,
  defer,
  EMPTY,
  from,
  mergeMap,
  of,
  tap,
  throwError,
  type Observable,
} from 'rxjs';
import {
  decodeEventStream,
  isEventStream,
  requestHeaders,
  retryAfter,
  type ConnectionAttempt,
  type Connector,
} from '../../client/index.js';
import {
  SseConnectionError,
  SseResponseError,
  tell,
  type ReceivedSseEvent,
  type SseConnectionErrorOptions,
} from '../../event-stream/index.js';
import { sendThrough } from './sendThrough.js';
import type { TestResponse } from './SseTestConnection.js';
import { isPromiseLike, whenKnown } from './whenKnown.js';
import type { HttpChain } from './withHttpClient.js';

type Send<R> = (url: string, init: RequestInit) => Observable<R>;
type Loss = SseConnectionError['reason'];

/**
 * Makes the connections of `fromSSE` from responses that are there at once.
 *
 * @param respond is sent the requests, through the interceptors of the application where it has them
 */
export function testConnector(respond: Send<TestResponse>, chain: HttpChain | null): Connector {
  const send = chain ? (url: string, init: RequestInit) => sendThrough(chain(), url, init, respond) : respond;

  return (url, config, resumePoint, attempt) => {
    const { openObserver, commentObserver, maxEventSize, headers, body, ...rest } = config;
    return ask(attempt);

    function ask(attempt: ConnectionAttempt): Observable<ReceivedSseEvent> {
      const response$ = requestTo(attempt).pipe(
        mergeMap(([url, init]) => send(url, init).pipe(catchError(refuse))),
      );
      return response$.pipe(
        mergeMap(response => {
          const { status } = response;
          if (status === 204) return EMPTY;
          if ('body$' in response && isEventStream(response)) return read(response);
          const isToAskAgain =
            [401, 403].includes(status) && typeof headers === 'function' && !attempt.refusedWith;
          return isToAskAgain
            ? ask({ ...attempt, refusedWith: status })
            : throwError(() => refusal(response));
        }),
      );
    }

    /** What is asked for, at once if it is known at once. */
    function requestTo(attempt: ConnectionAttempt): Observable<[string, RequestInit]> {
      return defer(() => {
        const request = whenKnown(typeof url === 'function' ? url(attempt) : url, url =>
          whenKnown(typeof headers === 'function' ? headers(attempt) : headers, headers =>
            whenKnown(typeof body === 'function' ? body(attempt) : body, (body): [string, RequestInit] => [
              String(url),
              initOf(attempt, headers, body),
            ]),
          ),
        );
        return isPromiseLike(request) ? from(request).pipe(catchError(refuse)) : of(request);
      });
    }

    function initOf(
      { lastEventId }: ConnectionAttempt,
      headers: HeadersInit | undefined,
      body: RequestInit['body'],
    ): RequestInit {
      return {
        ...rest,
        method: rest.method ?? (body == null ? 'GET' : 'POST'),
        headers: requestHeaders(headers, lastEventId, true),
        body: body ?? null,
      };
    }

    function read({ url, status, headers, body$ }: TestResponse): Observable<ReceivedSseEvent> {
      return defer(() => {
        const openedAt = asyncScheduler.now();
        let isUsed = false;
        tell(openObserver, { ...attempt, url, status, headers });
        const lasting$ = body$.pipe(
          catchError((reason: Loss) =>
            throwError(() => lost(reason, { openFor: asyncScheduler.now() - openedAt, isUsed })),
          ),
        );
        const origin = URL.canParse(url) ? new URL(url).origin : '';
        return decodeEventStream({ resumePoint, origin, maxEventSize, commentObserver })(lasting$).pipe(
          tap(() => (isUsed = true)),
        );
      });
    }

    function refuse(cause: unknown): Observable<never> {
      return throwError(() => lost('refused', { cause }));
    }

    function lost(reason: Loss, facts: SseConnectionErrorOptions): SseConnectionError {
      const { lastEventId, reconnectionTime } = resumePoint;
      return new SseConnectionError(reason, { lastEventId, reconnectionTime, ...facts });
    }

    function refusal(response: TestResponse | Response): SseResponseError {
      const { status, url, headers } = response;
      const { lastEventId, reconnectionTime } = resumePoint;
      return new SseResponseError({
        status,
        url,
        headers,
        body: 'excerpt' in response ? response.excerpt : '',
        lastEventId,
        reconnectionTime,
        retryAfter: retryAfter(headers, asyncScheduler.now()),
      });
    }
  };
}
