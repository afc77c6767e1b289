import { asyncScheduler, timer } from 'rxjs';
import { SseResponseError, type ResumePoint } from '../event-stream/index.js';
import { abandon } from './abandon.js';
import { retryAfter } from './retryAfter.js';

/** What a response that is not an event stream says, as an error. */
export async function refusal(
  { status, url, headers, body }: Response,
  { lastEventId, reconnectionTime }: ResumePoint,
): Promise<SseResponseError> {
  return new SseResponseError({
    status,
    url,
    headers,
    body: await excerpt(body),
    lastEventId,
    reconnectionTime,
    retryAfter: retryAfter(headers, asyncScheduler.now()),
  });
}

/** The first KiB, or what there is of it within a second: a server that refuses may also be slow. */
async function excerpt(body: ReadableStream<Uint8Array> | null): Promise<string> {
  // Locked: an injected fetch has looked into it.
  if (!body || body.locked) return '';
  const bytes: number[] = [];
  const reader = body.getReader();
  const patience = timer(1000).subscribe(() => abandon(reader));
  while (bytes.length < 1024) {
    // It may break in the middle. The status is what matters, and it is known.
    const chunk = await reader.read().catch(() => undefined);
    if (!chunk?.value) break;
    bytes.push(...chunk.value.subarray(0, 1024 - bytes.length));
  }
  patience.unsubscribe();
  abandon(reader);
  // As a stream, so that a character that was cut is left out.
  return new TextDecoder().decode(Uint8Array.from(bytes), { stream: true });
}
