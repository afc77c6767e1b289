import { encodeEvent, SseEventError, type SseEvent } from '../event-stream/index.js';

/**
 * An event as engines keep it: JSON of its fields without the id, such as `{"type":"tick","data":{"price":42}}`. Whoever writes
 * that to an engine, in any language, appends an event.
 *
 * @throws {@link SseEventError} if it is no event that can be written
 */
export function encodeRecord({ id: _, ...event }: SseEvent): string {
  // One that cannot be written would stop every reader at its place.
  encodeEvent(event);
  try {
    return JSON.stringify(event);
  } catch (cause) {
    throw new SseEventError('event', event, 'what JSON can write', { cause });
  }
}
