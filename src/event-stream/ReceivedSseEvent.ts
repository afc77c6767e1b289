import type { SseEvent } from './SseEvent.js';

/**
 * An event as it arrived. It is an {@link SseEvent}, so what comes in may go out unchanged:
 * `toSSE(() => fromSSE(upstream))` is a relay that keeps ids.
 */
export interface ReceivedSseEvent<Type extends string = string, Data = string> extends SseEvent<Type, Data> {
  /** The event type; `message` where the stream named none. */
  readonly type: Type;
  /** The `data:` lines, joined by LF. */
  readonly data: Data;
  /** The id of this event's own block; absent if the block had none. */
  readonly id?: string;
  /** The last event ID that was in force when the event was dispatched; it persists from earlier blocks. */
  readonly lastEventId: string;
  /** The origin of the stream's final URL, such as `https://example.com`. */
  readonly origin: string;
}
