import { assertEvent, encodeEvent, SseEventError, type SseEvent } from '../event-stream/index.js';
import type { LogEntry } from './LogDriver.js';

/**
 * The event of a record, under an id.
 *
 * @throws {@link SseEventError} if it is none, or could not be written
 */
export function decodeRecord<E extends SseEvent>(record: string, id: string): LogEntry<E> {
  const event = parse(record);
  assertEvent(event);
  const entry = { ...event, id };
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

/** One that can be written. Its bytes are made here, once for all readers. */
function isEntry<E extends SseEvent>(entry: LogEntry<SseEvent>): entry is LogEntry<E> {
  return encodeEvent(entry).byteLength > 0;
}
