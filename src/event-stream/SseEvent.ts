/**
 * An event to send. Every field is optional: `{ retry: 5000 }` and `{ comment: 'hi' }` are events too.
 * An event is a value. Once emitted it is never changed by the library and must not be changed by anyone:
 * its bytes are made once and serve every reader.
 *
 * @example
 * ```ts
 * import type { SseEvent } from 'rxjs-sse';
 *
 * const tick: SseEvent<'tick', { price: number }> = { type: 'tick', data: { price: 42.1 }, id: '7' };
 * ```
 */
export interface SseEvent<Type extends string = string, Data = unknown> {
  /** The event type, the `event:` field. Without line breaks. Absent, empty or `message` is the default type. */
  readonly type?: Type | undefined;
  /**
   * The payload. A string is sent as it is, each line break starting a new `data:` line; anything else as JSON.
   * Without data (`undefined`) there is no `data:` field, and a reader dispatches nothing.
   */
  readonly data?: Data | undefined;
  /** A promise to resume after this event. Without line breaks and NUL. The empty string clears the reader's last event ID. */
  readonly id?: string | undefined;
  /** The reconnection time the reader shall use from now on: whole milliseconds, 0 or more. */
  readonly retry?: number | undefined;
  /** Text that readers ignore. Each line break starts a new comment line. */
  readonly comment?: string | undefined;
  /** No field: the name of an event is its `type`. */
  readonly event?: undefined;
}

/** Any event type, and any data. */
export type AnyData = Readonly<Record<string, unknown>>;

/**
 * The events that may be sent, from a list of their types and what their data is. Besides those: what carries no data, and the
 * `gap` that stands for events that are missing.
 *
 * @example
 * ```ts
 * import type { SseEventOf } from 'rxjs-sse';
 *
 * type Prices = { tick: { price: number }; note: string };
 * const event: SseEventOf<Prices> = { type: 'tick', data: { price: 42.1 } };
 * ```
 */
export type SseEventOf<Events extends object> = string extends keyof Events
  ? SseEvent
  : TypedEvent<Events & { gap: unknown }> | SseEvent<never, never>;

type TypedEvent<Events extends object> = {
  [Type in keyof Events & string]: SseEvent<Type, Events[Type]> & Needed<Type, Events[Type]>;
}[keyof Events & string];

type Needed<Type, Data> = (Type extends 'message' ? unknown : { readonly type: Type }) &
  (undefined extends Data ? unknown : { readonly data: Data });
