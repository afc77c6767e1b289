import { lastEventIdHeader } from './lastEventIdHeader.js';

/** The headers of a request for an event stream: those that are given, and what it needs besides. */
export function requestHeaders(
  headers: RequestInit['headers'],
  lastEventId: string,
  isPlatform: boolean,
): Headers {
  const all = new Headers(headers);
  const id = lastEventIdHeader(lastEventId);
  if (!all.has('accept')) all.set('accept', 'text/event-stream');
  // The platform adds it by itself, because of `cache`. Set by hand it would cost a CORS preflight there.
  if (!isPlatform && !all.has('cache-control')) all.set('cache-control', 'no-cache');
  if (id !== undefined) all.set('last-event-id', id);
  return all;
}
