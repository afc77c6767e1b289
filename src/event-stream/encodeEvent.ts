import { SseEventError } from './errors.js';
import type { SseEvent } from './SseEvent.js';

/**
 * Turns an event into its bytes: one event, one chunk, ended by its blank line.
 *
 * The bytes of an object are made once. Asking again for the same object gives the same `Uint8Array`, which is shared
 * and must not be written to. A field that was replaced in the meantime is noticed; a change inside `data` is not.
 *
 * @throws {@link SseEventError} if the event cannot be written without becoming something else: a line break in `type` or
 *   `id`, NUL or a lone surrogate in `id`, a `retry` that is not a whole number of milliseconds, data that JSON refuses.
 * @example
 * ```ts
 * import { encodeEvent } from 'rxjs-sse';
 *
 * const bytes = encodeEvent({ type: 'tick', data: { price: 42.1 }, id: '7' });
 * // event: tick
 * // id: 7
 * // data: {"price":42.1}
 * ```
 */
export function encodeEvent(event: SseEvent): Uint8Array<ArrayBuffer> {
  const known = encodings.get(event);
  if (known && isSame(known, event)) return known.bytes;

  const { comment, retry, type, id, data } = fieldsOf(event);
  const bytes = utf8.encode(
    commentLines(comment) + retryLine(retry) + typeLine(type) + idLine(id) + dataLines(data) + '\n',
  );
  encodings.set(event, { comment, retry, type, id, data, bytes });
  return bytes;
}

/** @throws {@link SseEventError} if it is no event, whatever is in its fields */
export function assertEvent(value: unknown): asserts value is SseEvent {
  fieldsOf(value);
}

const utf8 = new TextEncoder();
const encodings = new WeakMap<SseEvent, Fields & { readonly bytes: Uint8Array<ArrayBuffer> }>();

function isSame(a: Fields, b: Fields): boolean {
  return (
    a.data === b.data && a.id === b.id && a.type === b.type && a.retry === b.retry && a.comment === b.comment
  );
}

/** What JavaScript may have put into the fields. */
type Fields = Partial<Record<keyof SseEvent, unknown>>;

function fieldsOf(event: unknown): Fields {
  if (typeof event !== 'object' || event === null) throw new SseEventError('event', event, 'an object');
  try {
    const { comment, retry, type, id, data }: Fields = event;
    if (isEvent(event)) return { comment, retry, type, id, data };
  } catch (cause) {
    throw new SseEventError('event', event, 'an object whose fields can be read', { cause });
  }
  throw new SseEventError('event', event, 'an object with type, data, id, retry or comment');
}

/** A payload is none, nor are bytes, nor what other libraries call an event: each would be sent as something else. */
function isEvent(event: object): boolean {
  if (Array.isArray(event) || ('event' in event && event.event !== undefined)) return false;
  return fields.some(field => field in event) || Object.keys(event).length === 0;
}

const fields = ['data', 'type', 'id', 'retry', 'comment'];

const lineBreaks = /\r\n?|\n/g;

function commentLines(comment: unknown): string {
  if (comment === undefined) return '';
  if (typeof comment !== 'string') throw new SseEventError('comment', comment, 'a string');
  return `: ${comment.replace(lineBreaks, '\n: ')}\n`;
}

function retryLine(retry: unknown): string {
  if (retry === undefined) return '';
  if (!Number.isSafeInteger(retry) || Number(retry) < 0) {
    throw new SseEventError('retry', retry, 'a whole number of milliseconds, 0 or more');
  }
  return `retry: ${Number(retry)}\n`;
}

function typeLine(type: unknown): string {
  // An absent `event:` field, an empty one and `message` read the same, so the shortest is written.
  if (type === undefined || type === '' || type === 'message') return '';
  if (typeof type !== 'string' || /[\r\n]/.test(type)) {
    throw new SseEventError('type', type, 'a string without line breaks');
  }
  return `event: ${type}\n`;
}

function idLine(id: unknown): string {
  if (id === undefined) return '';
  // A lone surrogate would arrive as U+FFFD: a place that nobody gave out.
  if (typeof id !== 'string' || /[\r\n\0]|\p{Surrogate}/u.test(id)) {
    throw new SseEventError('id', id, 'a well-formed string without line breaks and NUL');
  }
  return `id: ${id}\n`;
}

function dataLines(data: unknown): string {
  if (data === undefined) return '';
  // JSON escapes every line break, so only a string can have more than one line.
  return typeof data === 'string'
    ? `data: ${data.replace(lineBreaks, '\ndata: ')}\n`
    : `data: ${toJSON(data)}\n`;
}

function toJSON(data: unknown): string {
  let json: unknown;
  try {
    json = JSON.stringify(data);
  } catch (cause) {
    throw new SseEventError('data', data, 'a string or what JSON can write', { cause });
  }
  // A function, a symbol, or an object whose toJSON says so.
  if (typeof json !== 'string') throw new SseEventError('data', data, 'a string or what JSON can write');
  return json;
}
