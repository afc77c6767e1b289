/** What `openObserver` gets when a stream begins. */
export interface SseStreamOpening<Request = unknown> {
  readonly request: Request;
  /** The place the reader goes on from; `undefined` if it had none. */
  readonly lastEventId: string | undefined;
}

/** What `closeObserver` gets when a stream is over. */
export interface SseStreamClosing<Request = unknown> extends SseStreamOpening<Request> {
  /**
   * `complete`: the source completed. `expired`: it was open for `maxDuration`. `error`: the source failed, or an event could
   * not be written. `gone`: the reader left. `overflow`: more than `bufferLimit` was waiting for it. `stalled`: it had no room for `stallTimeout`.
   */
  readonly reason: 'complete' | 'expired' | 'error' | 'gone' | 'overflow' | 'stalled';
  /** The error behind it, where there is one. */
  readonly error?: unknown;
  /** How many events were handed to the connection. What a reader that leaves or is cut off had of them, nobody knows. */
  readonly events: number;
  /** How many were left out, by `overflow`. */
  readonly dropped: number;
  /** How many bytes were handed to the connection, keep-alives included. */
  readonly bytes: number;
  /** The most bytes of events that waited at once. */
  readonly highWaterMark: number;
  /** How long the stream was open, in milliseconds. */
  readonly duration: number;
}
