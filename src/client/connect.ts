import { asyncScheduler, noop, Observable, type Subscription } from 'rxjs';
import {
  createDecoder,
  SseConnectionError,
  SseSizeError,
  tell,
  type DecoderConfig,
  type EventStreamDecoder,
  type Listener,
  type ReceivedSseEvent,
  type ResumePoint,
} from '../event-stream/index.js';
import { isEventStream } from './isEventStream.js';
import { refusal } from './refusal.js';
import { request, type ConnectionAttempt, type PerConnection, type RequestConfig } from './request.js';

/** What `openObserver` gets when the head of an event stream is in. */
export interface SseOpening extends ConnectionAttempt {
  /** The final URL, after redirects. */
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
}

export interface ConnectConfig extends RequestConfig, Pick<DecoderConfig, 'maxEventSize'> {
  /** Told each time a connection has opened, before its first event. */
  readonly openObserver?: Listener<SseOpening> | undefined;
  /** Told of each comment: the text after its colon, unstripped. */
  readonly commentObserver?: Listener<string> | undefined;
}

/**
 * One connection to an event stream, from its request to its end. It moves `resumePoint` as events are dispatched.
 *
 * next: an event is dispatched. complete: the server answered 204, which means stop for good. error: whatever else ends a
 * connection, a proper end included, so that whoever reconnects has one case to look at. unsubscribe: the request is
 * aborted at once.
 */
export function connect(
  url: PerConnection<string | URL>,
  { maxEventSize, openObserver, commentObserver, ...requestConfig }: ConnectConfig,
  resumePoint: ResumePoint,
  attempt: number,
): Observable<ReceivedSseEvent> {
  return new Observable(subscriber => {
    const abort = new AbortController();
    let openedAt = 0;
    let isUsed = false;

    run().catch((error: unknown) => subscriber.error(error));
    return () => abort.abort();

    async function run(): Promise<void> {
      const { lastEventId } = resumePoint;
      const response = await request(url, requestConfig, attempt, resumePoint, abort.signal);
      // Unsubscribed meanwhile, and an injected fetch did not listen to its signal.
      if (subscriber.closed) return response.body?.cancel();
      if (response.status === 204) return subscriber.complete();
      if (!isEventStream(response)) throw await refusal(response, resumePoint);

      const { url: finalUrl, status, headers, body } = response;
      openedAt = asyncScheduler.now();
      tell(openObserver, { url: finalUrl, status, headers, attempt, lastEventId });

      const decoder = createDecoder(next, {
        resumePoint,
        // A response that an injected fetch makes up may have no URL, or a relative one.
        origin: URL.canParse(finalUrl) ? new URL(finalUrl).origin : '',
        commentObserver: comment => tell(commentObserver, comment),
        maxEventSize,
      });
      await decodeAll(body, decoder, subscriber).catch((cause: unknown) => {
        throw cause instanceof SseSizeError ? cause : lost('cut', { cause });
      });
      throw lost('end');
    }

    function next(event: ReceivedSseEvent): void {
      isUsed = true;
      subscriber.next(event);
    }

    function lost(reason: 'cut' | 'end', options?: ErrorOptions): SseConnectionError {
      const { lastEventId, reconnectionTime } = resumePoint;
      const openFor = asyncScheduler.now() - openedAt;
      return new SseConnectionError(reason, { ...options, lastEventId, reconnectionTime, openFor, isUsed });
    }
  });
}

async function decodeAll(
  body: ReadableStream<Uint8Array> | null,
  decoder: EventStreamDecoder,
  subscription: Subscription,
): Promise<void> {
  if (!body) return;
  const reader = body.getReader();
  subscription.add(() => {
    decoder.stop();
    // The abort has ended it already, unless an injected fetch does not listen to its signal.
    reader.cancel().catch(noop);
  });
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    decoder.decode(value);
  }
}
