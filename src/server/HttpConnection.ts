/** What differs between HTTP/1.1 and HTTP/2 in a response of Node. */
export interface HttpConnection {
  /** Whether nobody is there, or someone else has answered. */
  readonly isGone: boolean;
  /** Calls back when the response is over. `isTaken`: it was ended, and all of it has been taken. */
  onGone(listener: (isTaken: boolean) => void): void;
  /** Has bytes go out. False if there is no more room. */
  write(bytes: Uint8Array): boolean;
  /** Ends it properly, after what was written. */
  end(): void;
  /** Breaks the response off after what was written. */
  cut(): void;
  /** Breaks it off at once. */
  abort(): void;
}
