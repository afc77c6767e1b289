/**
 * The place a request asks to go on from: its `Last-Event-ID` header, or, for a reader that cannot set headers, `lastEventId`
 * in its query. `undefined` if there is none, or none that an event could have had.
 *
 * @param header as HTTP libraries give it, each byte as one character
 * @param url may be relative; only its query is looked at
 */
export function readLastEventId(header: string | undefined, url: string): string | undefined {
  const id = header ? utf8(header) : (new URLSearchParams(queryOf(url)).get('lastEventId') ?? '');
  return id === '' || id.length > 8192 || /[\r\n\0]/.test(id) ? undefined : id;
}

function utf8(bytes: string): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(
    Uint8Array.from(bytes, character => character.charCodeAt(0)),
  );
}

function queryOf(url: string): string {
  const start = url.indexOf('?');
  return start < 0 ? '' : url.slice(start);
}
