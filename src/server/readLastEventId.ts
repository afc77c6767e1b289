/**
 * The place a request asks to go on from: its `Last-Event-ID` header, or, for a reader that cannot set headers, `lastEventId`
 * in its query. `undefined` if there is none, or none that a server should have given out: with a control character, or of
 * more than 8192 characters.
 *
 * @param header as HTTP libraries give it, each byte as one character
 * @param url may be relative; only its query is looked at
 */
export function readLastEventId(header: string | undefined, url: string): string | undefined {
  const id = header ? utf8(header) : (new URLSearchParams(queryOf(url)).get('lastEventId') ?? '');
  return id.length <= 8192 && /^[\t -~\x80-\uffff]+$/.test(id) ? id : undefined;
}

function utf8(bytes: string): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(
    Uint8Array.from(bytes, character => character.charCodeAt(0)),
  );
}

function queryOf(url: string): string {
  return /\?[^#]*/.exec(url)?.[0] ?? '';
}
