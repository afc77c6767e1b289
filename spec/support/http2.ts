import { connect as connectSession, constants } from 'node:http2';
import { connect as connectSocket, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { arrival } from './arrival.js';
import type { Connection, RawRequest } from './connection.js';
import { tlsFixture } from './tls.js';

/** A connection of HTTP/2 without TLS, which the reader has to know to be one. */
export function connectH2c(port: number): Connection {
  return connectHttp2('http', port, socket => socket);
}

/** A connection of HTTP/2 over TLS. */
export function connectH2(port: number): Connection {
  const { cert: ca } = tlsFixture;
  return connectHttp2('https', port, socket =>
    connectTls({ socket, ca, host: '127.0.0.1', ALPNProtocols: ['h2'] }),
  );
}

function connectHttp2(scheme: string, port: number, secure: (socket: Socket) => Socket): Connection {
  const socket = connectSocket(port, '127.0.0.1');
  const session = connectSession(`${scheme}://127.0.0.1:${port}`, { createConnection: () => secure(socket) });
  // A reader that left gets no answer to what it sent: that is no failure of the spec.
  session.on('error', () => undefined);
  socket.on('error', () => undefined);

  return {
    // What a server is expected to allow, until it says otherwise.
    concurrency: 100,
    ask(request = {}) {
      const { begin, startWrite, add, finish, ...response } = arrival();
      const { body } = request;
      const stream = session.request(requestHeaders(request), { endStream: body === undefined });
      if (body !== undefined) stream.end(body);

      stream.on('response', ({ ':status': status = 0, ...headers }) => begin({ status, headers }));
      stream.on('data', (bytes: Buffer) => {
        startWrite();
        add(bytes);
      });
      stream.on('error', () => undefined);
      stream.on('close', () => {
        const isWhole = stream.readableEnded && stream.rstCode === constants.NGHTTP2_NO_ERROR;
        finish(isWhole ? 'ended' : 'cut');
      });
      return {
        ...response,
        pause: () => void stream.pause(),
        resume: () => void stream.resume(),
        leave: () => stream.close(constants.NGHTTP2_CANCEL),
      };
    },
    close: () => session.destroy(),
    reset: () => socket.resetAndDestroy(),
  };
}

function requestHeaders({ method = 'GET', path = '/', headers = {} }: RawRequest): Record<string, string> {
  // Node sends each character as one byte.
  const asBytes = Object.entries(headers).map(([name, value]) => [
    name.toLowerCase(),
    Buffer.from(value).toString('latin1'),
  ]);
  return { ':method': method, ':path': path, ...Object.fromEntries(asBytes) };
}
