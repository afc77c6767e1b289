import { SseEventError, type SseEvent } from '../event-stream/index.js';

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
