import type { ReceivedSseEvent } from './ReceivedSseEvent.js';

/** What any error of the family may carry. */
export interface SseErrorOptions extends ErrorOptions {
  /** The place in the stream at which it happened, where there is one. */
  readonly lastEventId?: string | undefined;
}

/** The base of the family, for `instanceof`. Never thrown itself. */
export abstract class SseError extends Error {
  /** The place in the stream at which it happened, where there is one. */
  readonly lastEventId: string | undefined;

  constructor(message: string, options: SseErrorOptions = {}) {
    super(message, options);
    this.lastEventId = options.lastEventId;
  }
}

/** What an {@link SseConnectionError} knows. */
export interface SseConnectionErrorOptions extends SseErrorOptions {
  /** The server's last `retry:`, in milliseconds. */
  readonly reconnectionTime?: number | undefined;
  /** How long the connection had been open, in milliseconds. 0 if it never opened. */
  readonly openFor?: number | undefined;
  /** Whether an event arrived over it. */
  readonly isUsed?: boolean | undefined;
}

const connectionEnds = {
  refused: 'Expected a response, got none',
  cut: 'Expected the event stream to go on, but it broke',
  end: 'Expected the event stream to go on, but it ended',
  idle: 'Expected a sign of life, but the event stream was silent',
} as const;

/**
 * A connection that is not, or no longer, there. By default the client reconnects.
 *
 * `reason`: `refused` if there was no response, `cut` if it broke in the middle, `end` if the server ended it
 * properly, `idle` if it was silent for too long. `cause` is the transport's own error.
 */
export class SseConnectionError extends SseError {
  override readonly name = 'SseConnectionError' as const;
  readonly reason: keyof typeof connectionEnds;
  /** The server's last `retry:`, in milliseconds: what a notifier such as `backoff()` starts from. */
  readonly reconnectionTime: number | undefined;
  /** How long the connection had been open, in milliseconds. 0 if it never opened. */
  readonly openFor: number;
  /** Whether an event arrived over it. */
  readonly isUsed: boolean;

  constructor(reason: keyof typeof connectionEnds, options: SseConnectionErrorOptions = {}) {
    super(connectionEnds[reason], options);
    this.reason = reason;
    this.reconnectionTime = options.reconnectionTime;
    this.openFor = options.openFor ?? 0;
    this.isUsed = options.isUsed ?? false;
  }
}

/** What an {@link SseResponseError} knows of the response. */
export interface SseResponseErrorOptions extends SseErrorOptions {
  readonly status: number;
  readonly url: string;
  readonly headers: Headers;
  /** The first KiB of the body, as text. */
  readonly body?: string | undefined;
  /** The server's last `retry:`, in milliseconds. */
  readonly reconnectionTime?: number | undefined;
  /** What `Retry-After` asked for, in milliseconds. */
  readonly retryAfter?: number | undefined;
}

/**
 * A response that is not an event stream. By default the client reconnects after a transient one
 * (408, 425, 429, 500, 502, 503, 504) and fails after any other.
 */
export class SseResponseError extends SseError {
  override readonly name = 'SseResponseError' as const;
  readonly status: number;
  /** The `Content-Type` as it was sent; `undefined` if there was none. */
  readonly contentType: string | undefined;
  readonly headers: Headers;
  /** The response's final URL. */
  readonly url: string;
  /** The first KiB of the body, as text. */
  readonly body: string;
  /** The server's last `retry:`, in milliseconds: what a notifier such as `backoff()` starts from. */
  readonly reconnectionTime: number | undefined;
  /** What `Retry-After` asked for, in milliseconds. */
  readonly retryAfter: number | undefined;

  constructor(options: SseResponseErrorOptions) {
    const contentType = options.headers.get('content-type') ?? undefined;
    super(
      `Expected 200 and text/event-stream, got ${options.status} and ${contentType ?? 'no content type'}`,
      options,
    );
    this.status = options.status;
    this.contentType = contentType;
    this.headers = options.headers;
    this.url = options.url;
    this.body = options.body ?? '';
    this.reconnectionTime = options.reconnectionTime;
    this.retryAfter = options.retryAfter;
  }
}

/** An event that grew past `maxEventSize`. Final: the client fails, since the same bytes would come again. */
export class SseSizeError extends SseError {
  override readonly name = 'SseSizeError' as const;
  /** The limit, in bytes. */
  readonly maxEventSize: number;

  constructor(maxEventSize: number, options?: SseErrorOptions) {
    super(`Expected an event of at most ${maxEventSize} bytes, got a larger one`, options);
    this.maxEventSize = maxEventSize;
  }
}

/** An event that cannot be written. The stream it was meant for is cut off; other readers go on. */
export class SseEventError extends SseError {
  override readonly name = 'SseEventError' as const;
  /** The field that is at fault; `event` if it is no event at all. */
  readonly field: 'event' | 'type' | 'data' | 'id' | 'retry' | 'comment';
  /** What the field held. */
  readonly value: unknown;

  constructor(field: SseEventError['field'], value: unknown, expected: string, options?: ErrorOptions) {
    super(`Expected ${field} to be ${expected}, got ${inspect(value)}`, options);
    this.field = field;
    this.value = value;
  }
}

/** A reader that fell too far behind: more than `bufferLimit` bytes were waiting for it. */
export class SseOverflowError extends SseError {
  override readonly name = 'SseOverflowError' as const;
  /** The limit, in bytes. */
  readonly bufferLimit: number;

  constructor(bufferLimit: number) {
    super(`Expected the reader to keep up, but more than ${bufferLimit} bytes are waiting for it`);
    this.bufferLimit = bufferLimit;
  }
}

/** An event whose data could not be read or did not validate. `cause` says why. */
export class SseDataError extends SseError {
  override readonly name = 'SseDataError' as const;
  readonly event: ReceivedSseEvent;

  constructor(event: ReceivedSseEvent, options?: ErrorOptions) {
    super(`Expected the data of a ${event.type} event to be readable, but it is not`, {
      ...options,
      lastEventId: event.lastEventId,
    });
    this.event = event;
  }
}

function inspect(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 80)) : typeof value;
}
