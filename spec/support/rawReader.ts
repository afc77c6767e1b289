import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A reader over a bare socket: it sees what is on the wire, and reads only while it wants to. */
export interface RawReader {
  readonly socket: Socket;
  /** Everything that has arrived, chunk sizes included. */
  readonly received: () => string;
  /** The pieces that the server wrote the body in. */
  readonly writes: () => string[];
  /** Waits until this has arrived. Fails if the connection closes before. */
  readonly until: (text: string) => Promise<void>;
  /** Waits until the response is over, and says whether it was ended properly or cut off. */
  readonly over: () => Promise<'ended' | 'cut'>;
  /** Goes away without a word. */
  readonly leave: () => void;
}

export interface RawRequest {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const lastChunk = '\r\n0\r\n\r\n';

/** Sends a request on a connection of its own. */
export function rawReader(port: number, request: RawRequest = {}): RawReader {
  const socket = connect(port, '127.0.0.1');
  let received = '';
  socket.setEncoding('utf8').on('data', (text: string) => (received += text));
  // A reader that left gets no answer to what it sent: that is no failure of the spec.
  socket.on('error', () => undefined);
  socket.write(requestText(request));

  const until = async (isThere: () => boolean): Promise<boolean> => {
    while (!isThere()) {
      if (socket.closed) return false;
      const waiting = new AbortController();
      const { signal } = waiting;
      await Promise.race([once(socket, 'data', { signal }), once(socket, 'close', { signal })]);
      waiting.abort();
    }
    return true;
  };

  return {
    socket,
    received: () => received,
    writes: () => chunksOf(received),
    async until(text) {
      if (!(await until(() => received.includes(text)))) {
        throw new Error(`Expected ${JSON.stringify(text)}, got ${JSON.stringify(received)}`);
      }
    },
    over: async () => ((await until(() => received.endsWith(lastChunk))) ? 'ended' : 'cut'),
    leave: () => socket.destroy(),
  };
}

export function requestText({ method = 'GET', path = '/', headers = {}, body = '' }: RawRequest): string {
  const all = { Host: '127.0.0.1', ...headers, ...(body && { 'Content-Length': String(body.length) }) };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
}

/** The chunks of a chunked body. Sizes count bytes, so the text is taken back to bytes. */
function chunksOf(received: string): string[] {
  const bytes = Buffer.from(received);
  const chunks: string[] = [];
  let at = bytes.indexOf('\r\n\r\n') + 4;
  for (;;) {
    const sizeEnd = bytes.indexOf('\r\n', at);
    const size = parseInt(bytes.subarray(at, sizeEnd).toString(), 16);
    if (sizeEnd < 0 || !(size > 0)) return chunks;
    chunks.push(bytes.subarray(sizeEnd + 2, sizeEnd + 2 + size).toString());
    at = sizeEnd + 2 + size + 2;
  }
}
