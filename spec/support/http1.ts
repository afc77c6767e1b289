import { connect } from 'node:net';
import { arrival, type Arrival } from './arrival.js';
import type { Connection, RawRequest, ResponseHead } from './connection.js';

/** A connection of HTTP/1.1, over a bare socket. Requests of which the first is unanswered are pipelined. */
export function connectHttp1(port: number): Connection {
  const socket = connect(port, '127.0.0.1');
  const open = new Set<Arrival>();
  const asked: Asked[] = [];
  const parser = parseResponses(asked);
  const finishAll = (outcome: 'cut' | Error) => {
    for (const response of open) response.finish(outcome);
  };
  const feed = (bytes: Buffer) => {
    try {
      parser.next(bytes);
    } catch (error) {
      finishAll(error instanceof Error ? error : new Error(String(error)));
      socket.destroy();
    }
  };

  parser.next();
  socket.on('data', feed);
  // A reader that left gets no answer to what it sent: that is no failure of the spec.
  socket.on('error', () => undefined);
  socket.on('close', () => finishAll('cut'));

  return {
    concurrency: 1,
    ask(request = {}) {
      const response = arrival();
      open.add(response);
      asked.push({ response, hasBody: request.method !== 'HEAD' });
      socket.write(requestText(request));
      // Bytes that came unasked may wait already.
      feed(Buffer.alloc(0));
      return {
        ...response,
        pause: () => socket.pause(),
        resume: () => socket.resume(),
        leave: () => socket.destroy(),
      };
    },
    close: () => socket.destroy(),
    reset: () => socket.resetAndDestroy(),
  };
}

interface Asked {
  readonly response: Arrival;
  readonly hasBody: boolean;
}

export function requestText({
  method = 'GET',
  path = '/',
  headers = {},
  body = '',
  isLast,
}: RawRequest): string {
  const all = {
    Host: '127.0.0.1',
    ...headers,
    ...(isLast && { Connection: 'close' }),
    ...(body && { 'Content-Length': String(Buffer.byteLength(body)) }),
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
}

/** Waits for bytes where it yields. Gives a `T`. */
type Parser<T> = Generator<undefined, T, Buffer>;

/**
 * Reads the responses to what was asked, in that order, and takes nothing that a server should not send.
 * https://www.rfc-editor.org/rfc/rfc9112#section-6.3
 */
function* parseResponses(asked: Asked[]): Parser<never> {
  let bytes: Buffer = Buffer.alloc(0);

  for (;;) {
    const next = asked.shift();
    if (next) yield* readResponse(next);
    else bytes = Buffer.concat([bytes, yield]);
  }

  function* readResponse({ response, hasBody }: Asked): Parser<void> {
    const [, status] = expectMatch(/^HTTP\/1\.1 (\d{3}) /, yield* readLine());
    const headers = yield* readHeaders();
    response.begin({ status: Number(status), headers });
    if (hasBody && status !== '204') yield* readBody(response, headers);
    response.finish('ended');
  }

  function* readHeaders(): Parser<ResponseHead['headers']> {
    const headers: Record<string, string | string[]> = {};
    for (;;) {
      const line = yield* readLine();
      if (line === '') return headers;
      const [, name = '', value = ''] = expectMatch(/^([\w-]+): ?(.*)$/, line);
      const known = headers[name.toLowerCase()];
      headers[name.toLowerCase()] = known === undefined ? value : [known, value].flat();
    }
  }

  function* readBody(response: Arrival, headers: ResponseHead['headers']): Parser<void> {
    const { 'content-length': length, 'transfer-encoding': encoding } = headers;
    if (length === undefined) {
      expectMatch(/^chunked$/, String(encoding));
      yield* readChunks(response);
    } else {
      expectMatch(/^undefined$/, String(encoding));
      response.startWrite();
      yield* readBytes(response, Number(expectMatch(/^\d+$/, String(length))[0]));
    }
  }

  function* readChunks(response: Arrival): Parser<void> {
    for (;;) {
      const size = parseInt(expectMatch(/^[\da-f]+$/i, yield* readLine())[0], 16);
      if (size > 0) {
        response.startWrite();
        yield* readBytes(response, size);
      }
      expectMatch(/^$/, yield* readLine());
      if (size === 0) return;
    }
  }

  /** Hands them on as they come, since a body may be cut off anywhere. */
  function* readBytes(response: Arrival, count: number): Parser<void> {
    for (let left = count; left > 0;) {
      const part = bytes.subarray(0, left);
      if (part.length > 0) response.add(part);
      bytes = bytes.subarray(part.length);
      left -= part.length;
      if (left > 0) bytes = yield;
    }
  }

  function* readLine(): Parser<string> {
    for (;;) {
      const end = bytes.indexOf('\r\n');
      if (end >= 0) {
        const line = bytes.subarray(0, end).toString('latin1');
        bytes = bytes.subarray(end + 2);
        return line;
      }
      bytes = Buffer.concat([bytes, yield]);
    }
  }
}

function expectMatch(pattern: RegExp, text: string): RegExpExecArray {
  const match = pattern.exec(text);
  if (!match) throw new Error(`Expected ${String(pattern)}, got ${JSON.stringify(text)}`);
  return match;
}
