/**
 * The last event ID as the value of a `Last-Event-ID` header: its UTF-8 bytes, each as one character, which is how fetch
 * takes bytes. `undefined` where there is none, or none that a header can carry: the stream then starts afresh rather than
 * never again. What cannot be carried is a control character, and more than 8 KiB, at which servers refuse the request.
 */
export function lastEventIdHeader(lastEventId: string): string | undefined {
  const bytes = new TextEncoder().encode(lastEventId);
  const value = bytes.length > 8192 ? '' : String.fromCharCode(...bytes);
  return /^[\t -~\x80-\xff]+$/.test(value) ? value : undefined;
}
