/**
 * One request and the way to answer it: all that the core knows of a framework. A door makes one for each request.
 * It is answered once: with `open` and what follows, or with `noContent`, or with `fail`.
 */
export interface Exchange {
  /** Whether only the head is asked for. */
  readonly isHead: boolean;
  /** The place the reader asks to go on from; `undefined` if it has none. */
  readonly lastEventId: string | undefined;
  /** Whether the reader has gone, or has been answered by someone else. */
  readonly isGone: boolean;

  /**
   * Calls `drain` each time there is room again after a `write` that had none, and `gone` when the reader leaves. Neither is
   * called from within a method of the exchange.
   */
  listen(listener: { drain(): void; gone(): void }): void;
  /** Says that what follows is an event stream. What the route set itself stays. */
  open(): void;
  /** Takes bytes. False if there is no more room: nothing is written then until `drain`. */
  write(bytes: Uint8Array): boolean;
  /** Ends the response properly, after what was written. */
  end(): void;
  /** Breaks the response off after what was written, so that the reader sees it is not the end. */
  cut(): void;
  /** Gives the connection up at once, with whatever is on its way. */
  abort(): void;
  /** Answers 204: the reader stops for good. */
  noContent(): void;
  /** Leaves the answer to the framework's own error handling. */
  fail(error: unknown): void;
}
