/** What is to be set of the head of an event stream: what the route has set itself stays, but for the content type. */
export function eventStreamHeaders(isSet: (name: string) => boolean): readonly (readonly [string, string])[] {
  return headers.filter(([name]) => name === 'Content-Type' || !isSet(name));
}

const headers = [
  ['Content-Type', 'text/event-stream; charset=utf-8'],
  ['Cache-Control', 'no-cache, no-transform'],
  ['X-Accel-Buffering', 'no'],
] as const;
