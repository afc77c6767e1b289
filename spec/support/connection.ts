/** A connection to a server, of whatever protocol, and the readers on it. */
export interface Connection {
  /** How many responses it brings at one time. Beyond that they wait for each other, as a protocol may have it. */
  readonly concurrency: number;
  /** Sends a request. */
  readonly ask: (request?: RawRequest) => Reader;
  /** Closes it at once, with all that is on it. */
  readonly close: () => void;
  /** Breaks it off with a RST. */
  readonly reset: () => void;
}

export interface RawRequest {
  readonly method?: string;
  readonly path?: string;
  /** Text goes as UTF-8. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Whether the connection is not needed after it, where a protocol can say so. */
  readonly isLast?: boolean;
}

/** One response, as it arrives. It sees what is on the wire, and reads only while it wants to. */
export interface Reader {
  /** Waits for the head. Fails if the response is over before. */
  readonly head: () => Promise<ResponseHead>;
  /** What has arrived of the body, without its framing. */
  readonly body: () => string;
  /** The pieces that the server wrote the body in. Those of HTTP/2 may hold several of its writes. */
  readonly writes: () => string[];
  /** Waits until this has arrived in the body. Fails if the response is over before. */
  readonly until: (text: string) => Promise<void>;
  /** Waits until the response is over, and says whether it was ended properly or cut off. */
  readonly over: () => Promise<Outcome>;
  /** Takes nothing more until `resume`, so that the server soon has no room. */
  readonly pause: () => void;
  readonly resume: () => void;
  /** Goes away without a word. */
  readonly leave: () => void;
}

export interface ResponseHead {
  readonly status: number;
  /** By lower-cased name. One that came several times is a list. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

export type Outcome = 'ended' | 'cut';
