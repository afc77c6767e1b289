import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { firstValueFrom, fromEvent, race, Subject } from 'rxjs';

/** A request, and the bare connection that it came over. */
export interface RawExchange {
  readonly method: string;
  readonly path: string;
  /** The lines of the head after the first, as they came. */
  readonly headerLines: readonly string[];
  /** By lower-cased name. Each character of a value is one byte of it. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Each character is one byte. */
  readonly body: string;
  /** Settles when the connection is closed, from whichever side. */
  readonly closed: Promise<void>;
  /** Sends this as it is, and waits until it has left. Text goes as UTF-8. */
  readonly send: (raw: string | Uint8Array) => Promise<void>;
  /** Closes the connection after all that was sent. */
  readonly destroy: () => void;
  /** Breaks the connection off with a RST. */
  readonly reset: () => void;
}

/** A server that does nothing by itself: what it was asked waits until a spec takes and answers it. */
export interface RawServer {
  readonly origin: string;
  /** All requests until now, taken or not. */
  readonly requests: readonly RawExchange[];
  /** Takes the next request for this path, as soon as it is there. Rejects with the signal's reason. */
  readonly next: (path: string, signal?: AbortSignal) => Promise<RawExchange>;
  /** Breaks all connections and frees the port. */
  readonly close: () => Promise<void>;
  /** Listens again, on the port that it had. */
  readonly reopen: () => Promise<void>;
}

export async function rawServer(): Promise<RawServer> {
  const requests: RawExchange[] = [];
  const waiting: RawExchange[] = [];
  const sockets = new Set<Socket>();
  const arrivals = new Subject<unknown>();

  const server = createServer(socket => {
    sockets.add(socket);
    socket.setNoDelay();
    socket.on('close', () => sockets.delete(socket));
    // A client may go away in any manner: that is what is looked at, not a failure.
    socket.on('error', () => undefined);
    takeRequests(socket, exchange => {
      requests.push(exchange);
      waiting.push(exchange);
      arrivals.next(exchange);
    });
  });
  const listenOn = async (port: number) => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (typeof address !== 'object' || !address) throw new Error('Expected a port');
    return address.port;
  };
  const port = await listenOn(0);

  return {
    origin: `http://127.0.0.1:${port}`,
    requests,
    async next(path, signal) {
      for (;;) {
        const index = waiting.findIndex(exchange => exchange.path === path);
        const [exchange] = index < 0 ? [] : waiting.splice(index, 1);
        if (exchange) return exchange;
        signal?.throwIfAborted();
        await firstValueFrom(signal ? race(arrivals, fromEvent(signal, 'abort')) : arrivals);
      }
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      const closed = once(server, 'close');
      server.close();
      await closed;
    },
    async reopen() {
      await listenOn(port);
    },
  };
}

/** Reads the requests that come over a connection. A body needs a `Content-Length`. */
function takeRequests(socket: Socket, take: (exchange: RawExchange) => void): void {
  // Not `once` of events, which rejects at an error.
  const closed = new Promise<void>(resolve => socket.on('close', () => resolve()));
  let received = '';
  socket.setEncoding('latin1').on('data', (bytes: string) => {
    received += bytes;
    for (;;) {
      const headEnd = received.indexOf('\r\n\r\n');
      if (headEnd < 0) return;
      const [requestLine = '', ...headerLines] = received.slice(0, headEnd).split('\r\n');
      const headers = headersOf(headerLines);
      const end = headEnd + 4 + Number(headers['content-length'] ?? 0);
      if (received.length < end) return;
      const body = received.slice(headEnd + 4, end);
      received = received.slice(end);
      const [method = '', path = ''] = requestLine.split(' ');
      take({ method, path, headerLines, headers, body, closed, ...handleOf(socket) });
    }
  });
}

function headersOf(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    lines.map(line => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')];
    }),
  );
}

function handleOf(socket: Socket): Pick<RawExchange, 'send' | 'destroy' | 'reset'> {
  return {
    send: raw =>
      new Promise(resolve => {
        // Also where the client has gone: who cares for that waits for `closed`.
        socket.write(raw, () => resolve());
      }),
    destroy: () => socket.destroySoon(),
    reset: () => void socket.resetAndDestroy(),
  };
}

/** The head of a response. It asks for one request per connection. */
export function head(status: number, headers: Readonly<Record<string, string>> = {}): string {
  const lines = Object.entries({ Connection: 'close', ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return `HTTP/1.1 ${status} Status\r\n${lines.join('')}\r\n`;
}

/** A piece of a chunked body; the last one if it is empty. */
export function chunk(content: string | Uint8Array): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
}

/** Answers with this and nothing more. */
export async function respond(
  exchange: RawExchange,
  status: number,
  headers: Readonly<Record<string, string>> = {},
  body = '',
): Promise<void> {
  await exchange.send(head(status, headers) + body);
  exchange.destroy();
}

/** An event stream being sent, in a chunked body. */
export interface RawStream {
  /** Sends each of these in a packet of its own. */
  readonly send: (...pieces: readonly (string | Uint8Array)[]) => Promise<void>;
  /** Ends it properly. */
  readonly end: () => Promise<void>;
  /** Closes the connection in the middle of the body. */
  readonly cut: () => void;
  readonly reset: () => void;
  readonly closed: Promise<void>;
}

/** Answers with the head of an event stream. */
export function startStream(
  exchange: RawExchange,
  headers: Readonly<Record<string, string>> = {},
): RawStream {
  void exchange.send(
    head(200, { 'Content-Type': 'text/event-stream', 'Transfer-Encoding': 'chunked', ...headers }),
  );
  return {
    async send(...pieces) {
      for (const piece of pieces) {
        await exchange.send(chunk(piece));
        // A turn, so that the pieces are not read as one.
        if (pieces.length > 1) await new Promise(setImmediate);
      }
    },
    async end() {
      await exchange.send(chunk(''));
      exchange.destroy();
    },
    cut: exchange.destroy,
    reset: exchange.reset,
    closed: exchange.closed,
  };
}
