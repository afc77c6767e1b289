import { asyncScheduler, Observable, timer } from 'rxjs';
import {
  createDecoder,
  SseConnectionError,
  tell,
  type DecoderConfig,
  type Listener,
  type ReceivedSseEvent,
  type ResumePoint,
} from '../event-stream/index.js';
import { decodeAll, type Pace } from './decodeAll.js';
import { isEventStream } from './isEventStream.js';
import { refusal } from './refusal.js';
import { request, type ConnectionAttempt, type PerConnection, type RequestConfig } from './request.js';

/** What `openObserver` gets when the head of an event stream is in. */
export interface SseOpening extends Omit<ConnectionAttempt, 'refusedWith'> {
  /** The final URL, after redirects. The empty string for a response that an injected `fetch` makes up. */
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
}

export interface ConnectConfig
  extends RequestConfig, Pick<DecoderConfig, 'maxEventSize' | 'commentObserver'> {
  /**
   * How long the head of the response may be in coming, in milliseconds, with the time that `url`, `headers` and `body` take.
   * Then the connection counts as refused, and there is another one. `false` leaves it to the platform, which waits for
   * minutes.
   *
   * @defaultValue `false`, since a server may think for long before it answers
   */
  readonly connectTimeout?: number | false | undefined;
  /**
   * The longest silence, in milliseconds, before the connection counts as broken. Comments count as sound. Set it above the
   * server's keep-alive. `false` waits for ever.
   *
   * @defaultValue `'auto'`: two and a half times the keep-alive that the server announced in its first comment, as
   *   `: keep-alive 15000`; none announced, no limit
   */
  readonly idleTimeout?: number | false | 'auto' | undefined;
  /** Told each time a connection has opened, before its first event. */
  readonly openObserver?: Listener<SseOpening> | undefined;
  /** @internal */
  readonly pace?: Pace | undefined;
}

/** What makes the connections of `fromSSE`. */
export type Connector = typeof connect;

/**
 * One connection to an event stream, from its request to its end. It moves `resumePoint` as events are dispatched.
 *
 * next: an event is dispatched. complete: the server answered 204, which means stop for good. error: whatever else ends a
 * connection, a proper end included, so that whoever reconnects has one case to look at. unsubscribe: the request is
 * aborted at once.
 */
export function connect(
  url: PerConnection<string | URL>,
  config: ConnectConfig,
  resumePoint: ResumePoint,
  attempt: ConnectionAttempt,
): Observable<ReceivedSseEvent> {
  const {
    connectTimeout,
    idleTimeout = 'auto',
    maxEventSize,
    commentObserver,
    openObserver,
    pace,
    ...requestConfig
  } = config;

  return new Observable(subscriber => {
    const abort = new AbortController();
    let openedAt = NaN;
    let isUsed = false;
    // What is known of the silence to expect.
    let silence = idleTimeout === 'auto' ? undefined : idleTimeout;

    run().catch((error: unknown) => subscriber.error(error));
    return () => abort.abort();

    async function run(): Promise<void> {
      const response = await within(
        connectTimeout,
        'refused',
        request(url, requestConfig, attempt, abort.signal, (cause): never => {
          throw lost('refused', cause);
        }),
      );
      if (subscriber.closed || response.status === 204) return subscriber.complete();
      if (!isEventStream(response)) throw await refusal(response, resumePoint);

      const { url: finalUrl, status, headers, body } = response;
      openedAt = asyncScheduler.now();
      tell(openObserver, { ...attempt, url: finalUrl, status, headers });

      const next = (event: ReceivedSseEvent) => {
        isUsed = true;
        subscriber.next(event);
      };
      const decoder = createDecoder(next, {
        resumePoint,
        // A response that an injected fetch makes up may have no URL, or a relative one.
        origin: URL.canParse(finalUrl) ? new URL(finalUrl).origin : '',
        maxEventSize,
        commentObserver(comment: string) {
          silence ??= idleTimeoutOf(comment);
          tell(commentObserver, comment);
        },
      });
      // What is wrong with a read is a cut. All else, such as a resume point that cannot be written to, would be so again.
      const inTime = <T>(read: Promise<T>) =>
        within(
          silence,
          'idle',
          read.catch((cause: unknown) => {
            throw lost('cut', cause);
          }),
        );
      await decodeAll(body, decoder, subscriber, inTime, pace);
      throw lost('end');
    }

    /** Loses the connection, unless it comes in time. */
    async function within<T>(
      limit: number | false | undefined,
      reason: 'refused' | 'idle',
      coming: Promise<T>,
    ): Promise<T> {
      // A longer timer would fire at once.
      if (!limit || limit > 0x7fffffff) return coming;
      const late = timer(limit).subscribe(() => subscriber.error(lost(reason)));
      subscriber.add(late);
      return coming.finally(() => late.unsubscribe());
    }

    function lost(reason: SseConnectionError['reason'], cause?: unknown): SseConnectionError {
      const { lastEventId, reconnectionTime } = resumePoint;
      const openFor = asyncScheduler.now() - openedAt || 0;
      return new SseConnectionError(reason, { cause, lastEventId, reconnectionTime, openFor, isUsed });
    }
  });
}

/** Two and a half times the keep-alive that the comment announces; `NaN` if it announces none. */
function idleTimeoutOf(comment: string): number {
  return Number(/^ keep-alive (\d+)$/.exec(comment)?.[1]) * 2.5;
}
