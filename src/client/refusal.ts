import { noop, timer } from 'rxjs';
import { SseResponseError, type ResumePoint } from '../event-stream/index.js';
import { retryAfter } from './retryAfter.js';

/** What a response that is not an event stream says, as an error. */
export async function refusal(
  response: Response,
  { lastEventId, reconnectionTime }: ResumePoint,
): Promise<SseResponseError> {
  const { status, url, headers } = response;
  const body = await excerpt(response.body);
  return new SseResponseError({
    status,
    url,
    headers,
    body,
    lastEventId,
    reconnectionTime,
    retryAfter: retryAfter(headers),
  });
}

/** The first KiB, or what there is of it within a second: a server that refuses may also be slow. */
async function excerpt(body: ReadableStream<Uint8Array> | null): Promise<string> {
  if (!body) return '';
  const utf8 = new TextDecoder();
  const reader = body.getReader();
  const cancel = () => void reader.cancel().catch(noop);
  const patience = timer(1000).subscribe(cancel);
  let text = '';
  let room = 1024;
  try {
    while (room > 0) {
      const { done, value } = await reader.read();
      if (done) break;
      text += utf8.decode(value.subarray(0, room), { stream: true });
      room -= value.length;
    }
  } catch {
    // It broke in the middle. The status is what matters, and it is known.
  }
  patience.unsubscribe();
  cancel();
  return text;
}
