import type { ReceivedSseEvent } from './ReceivedSseEvent.js';

/** What any error of the family may carry. */
export interface SseErrorOptions extends ErrorOptions {
  /** The place in the stream at which it happened, where there is one. */
  readonly lastEventId?: string | undefined;
  /** The server's last `retry:`, in milliseconds, where there was one. */
  readonly reconnectionTime?: number | undefined;
}

/** The base of the family, for `instanceof`. Never thrown itself. */
export abstract class SseError extends Error {
  /** The place in the stream at which it happened, where there is one. */
  declare readonly lastEventId: string | undefined;
  /** The server's last `retry:`, in milliseconds, where there was one: what a notifier such as `backoff()` starts from. */
  declare readonly reconnectionTime: number | undefined;

  /** Every fact becomes a property of that name. */
  constructor(
    message: string,
    { cause, ...facts }: SseErrorOptions & Readonly<Record<string, unknown>> = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    Object.assign(this, facts);
  }
}

/** What an {@link SseConnectionError} knows. */
export interface SseConnectionErrorOptions extends SseErrorOptions {
  /** How long the connection had been open, in milliseconds. 0 if it never opened. */
  readonly openFor?: number | undefined;
  /** Whether an event arrived over it. */
  readonly isUsed?: boolean | undefined;
}

/**
 * A connection that is not, or no longer, there. By default the client reconnects.
 *
 * `reason`: `refused` if there was no response, `cut` if it broke in the middle, `end` if the server ended it
 * properly, `idle` if it was silent for too long. `cause` is the transport's own error; it has none where it is us who waited for too long.
 */
export class SseConnectionError extends SseError {
  override readonly name = 'SseConnectionError' as const;
  declare readonly reason: 'refused' | 'cut' | 'end' | 'idle';
  /** How long the connection had been open, in milliseconds. 0 if it never opened. */
  declare readonly openFor: number;
  /** Whether an event arrived over it. */
  declare readonly isUsed: boolean;

  constructor(
    reason: SseConnectionError['reason'],
    { openFor = 0, isUsed = false, ...options }: SseConnectionErrorOptions = {},
  ) {
    super(`Expected an event stream that goes on, got: ${reason}`, { reason, openFor, isUsed, ...options });
  }
}

/** What an {@link SseResponseError} knows of the response. */
export interface SseResponseErrorOptions extends SseErrorOptions {
  readonly status: number;
  readonly url: string;
  readonly headers: Headers;
  /** The first KiB of the body, as text. */
  readonly body?: string | undefined;
  /** What `Retry-After` asked for, in milliseconds. */
  readonly retryAfter?: number | undefined;
}

/**
 * A response that is not an event stream. By default the client reconnects after a transient one
 * (408, 425, 429, 500, 502, 503, 504) and fails after any other.
 */
export class SseResponseError extends SseError {
  override readonly name = 'SseResponseError' as const;
  declare readonly status: number;
  /** The `Content-Type` as it was sent; `undefined` if there was none. */
  declare readonly contentType: string | undefined;
  declare readonly headers: Headers;
  /** The response's final URL. */
  declare readonly url: string;
  /** The first KiB of the body, as text. */
  declare readonly body: string;
  /** What `Retry-After` asked for, in milliseconds. */
  declare readonly retryAfter: number | undefined;

  constructor({ body = '', ...options }: SseResponseErrorOptions) {
    const contentType = options.headers.get('content-type') ?? undefined;
    super(
      `Expected 200 and text/event-stream, got ${options.status} and ${contentType ?? 'no content type'}`,
      { contentType, body, ...options },
    );
  }
}

/** An event that grew past `maxEventSize`. Final: the client fails, since the same bytes would come again. */
export class SseSizeError extends SseError {
  override readonly name = 'SseSizeError' as const;
  /** The limit, in bytes. */
  declare readonly maxEventSize: number;

  constructor(maxEventSize: number, options?: SseErrorOptions) {
    super(`Expected an event of at most ${maxEventSize} bytes, got more`, {
      maxEventSize,
      ...options,
    });
  }
}

/** An event that cannot be written. The stream it was meant for is cut off; other readers go on. */
export class SseEventError extends SseError {
  override readonly name = 'SseEventError' as const;
  /** The field that is at fault; `event` if it is no event at all. */
  declare readonly field: 'event' | 'type' | 'data' | 'id' | 'retry' | 'comment';
  /** What the field held. */
  declare readonly value: unknown;

  constructor(field: SseEventError['field'], value: unknown, expected: string, options?: ErrorOptions) {
    super(`Expected ${field} to be ${expected}, got ${inspect(value)}`, { field, value, ...options });
  }
}

/** A reader that fell too far behind: more than `bufferLimit` bytes were waiting for it. */
export class SseOverflowError extends SseError {
  override readonly name = 'SseOverflowError' as const;
  /** The limit, in bytes. */
  declare readonly bufferLimit: number;

  constructor(bufferLimit: number) {
    super(`Expected the reader to keep up, but more than ${bufferLimit} bytes are waiting for it`, {
      bufferLimit,
    });
  }
}

/** What an {@link SseLogError} knows. */
export interface SseLogErrorOptions extends SseErrorOptions {
  /** Why events are missing, if it is that. */
  readonly gap?: string | undefined;
}

/**
 * An event log that cannot go on. `cause` is the engine's own error, where there is one.
 *
 * `reason`: `refused` if the engine will not do it, now or later, as things are set up; `outage` if it could not be reached for too
 * long; `gap` if events are missing and the log was told not to go on then; `closed` if the log was closed.
 */
export class SseLogError extends SseError {
  override readonly name = 'SseLogError' as const;
  declare readonly reason: 'refused' | 'outage' | 'gap' | 'closed';
  /** Why events are missing, if it is that. */
  declare readonly gap: string | undefined;

  constructor(reason: SseLogError['reason'], { cause, ...options }: SseLogErrorOptions = {}) {
    const flaw = cause instanceof Error ? `: ${cause.message}` : '';
    super(`Expected a log that goes on, got: ${reason}${flaw}`, { reason, cause, ...options });
  }
}

/** An event whose data could not be read or did not validate. `cause` says why. */
export class SseDataError extends SseError {
  override readonly name = 'SseDataError' as const;
  declare readonly event: ReceivedSseEvent;

  constructor(event: ReceivedSseEvent, options: ErrorOptions = {}) {
    const { type, lastEventId } = event;
    const { cause } = options;
    const flaw = cause instanceof Error ? `: ${cause.message}` : '';
    super(`Expected the data of a ${type} event to be readable, but it is not${flaw}`, {
      event,
      lastEventId,
      ...options,
    });
  }
}

function inspect(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 80));
  return typeof value === 'number' ? String(value) : typeof value;
}
