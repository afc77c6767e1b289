/**
 * One request and the way to answer it: all that the core knows of a framework. A door makes one for each request.
 * It is answered once: with `open` and what follows, or with `respond`, or with `fail`.
 */
export interface Exchange<Request = unknown, Response = unknown> {
  /** What the project is given as the request. */
  readonly request: Request;
  /** What the project is given as `context.response`: where it sets a status and headers. */
  readonly response: Response;
  /** Whether only the head is asked for. */
  readonly isHead: boolean;
  /** The place the reader asks to go on from; `undefined` if it has none. */
  readonly lastEventId: string | undefined;
  /** Whether the reader has gone, or has been answered by someone else. */
  readonly isGone: boolean;

  /** Says who is told of what happens to the connection. Never from within a method of the exchange. */
  listen(listener: ExchangeListener): void;
  /** Says that what follows is an event stream. What the route set itself stays. Throws if there can be no such head. */
  open(): void;
  /** Takes bytes. False if there is no more room: nothing is written then until `drain`. */
  write(bytes: Uint8Array): boolean;
  /** Ends the response properly, after what was written. */
  end(): void;
  /** Breaks the response off after what was written, so that the reader sees it is not the end. */
  cut(): void;
  /** Gives the connection up at once, with whatever is on its way. */
  abort(): void;
  /** Answers with a status and no body. */
  respond(status: number, headers?: Readonly<Record<string, string>>): void;
  /** Leaves the answer to the framework's own error handling. Without it, it is a bare 500. */
  readonly fail?: ((error: unknown) => void) | undefined;
}

/** What happens to a connection. */
export interface ExchangeListener {
  /** There is room again, after a `write` that had none. */
  drain(): void;
  /** The connection is over. `isTaken`: the response was ended, and all of it has been taken. */
  gone(isTaken: boolean): void;
}
