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
  /** The origin of the stream's final URL, such as `https://example.com`; the empty string where there is none. */
  readonly origin: string;
}

/** Text that is a `T` as JSON. It is a string like any other; the `json` operator makes the `T` of it. */
export type JsonText<T> = string & { readonly [parsed]?: T };
declare const parsed: unique symbol;

/** Any event type, and text. */
export type AnyEvents = Readonly<Record<string, string>>;

/**
 * The events of a stream, from a list of its event types and what their data is, as they arrive: text as text, and all else as
 * JSON.
 *
 * @example
 * ```ts
 * import type { ReceivedSseEventOf } from 'rxjs-sse';
 *
 * type Prices = { tick: { price: number }; note: string };
 * type Price = ReceivedSseEventOf<Prices>;
 * ```
 */
export type ReceivedSseEventOf<Events extends object> = {
  [Type in keyof Events & string]: ReceivedSseEvent<
    Type,
    Events[Type] extends string ? Events[Type] : JsonText<Events[Type]>
  >;
}[keyof Events & string];
