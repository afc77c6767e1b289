import { encodeEvent, SseEventError, type SseEvent } from '../event-stream/index.js';
import type { LogEntry } from './LogDriver.js';

/**
 * An event as engines keep it: JSON of its fields without the id, such as `{"type":"tick","data":{"price":42}}`. Whoever writes
 * that to an engine, in any language, appends an event.
 *
 * @throws {@link SseEventError} if JSON cannot write it
 */
export function encodeRecord(event: SseEvent): string {
  try {
    return JSON.stringify({ ...event, id: undefined });
  } catch (cause) {
    throw new SseEventError('event', event, 'what JSON can write', { cause });
  }
}

/**
 * The event of a record, under an id.
 *
 * @throws {@link SseEventError} if it is none, or could not be written
 */
export function decodeRecord<E extends SseEvent>(record: string, id: string): LogEntry<E> {
  const fields = parse(record);
  if (typeof fields !== 'object' || fields === null)
    throw new SseEventError('event', record, 'a JSON object');
  const entry = { ...fields, id };
  if (isEntry<E>(entry)) return entry;
  throw new SseEventError('event', record, 'the JSON of an event');
}

function parse(record: string): unknown {
  try {
    return JSON.parse(record);
  } catch (cause) {
    throw new SseEventError('event', record, 'JSON', { cause });
  }
}

/** The bytes are made here, once for all readers. */
function isEntry<E extends SseEvent>(entry: LogEntry<SseEvent>): entry is LogEntry<E> {
  return encodeEvent(entry).byteLength > 0;
}
