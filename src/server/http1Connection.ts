import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { HttpConnection } from './HttpConnection.js';
import { isObject } from './isObject.js';

/** `compression()` adds what has it give out what it was given. */
type FlushableResponse = ServerResponse & { flush?(): void };

/** A response of HTTP/1.1 ends with its last chunk. Without it a reader knows that there was to be more. */
export function http1Connection(response: FlushableResponse, socket: Socket): HttpConnection {
  /** At once, unless other responses come first on its connection: then once what was written of it has left. */
  const whenItsTurn = (act: () => void) => {
    if (response.socket) act();
    else response.once('socket', () => setImmediate(act));
  };
  /** After all that was written. */
  const close = () => {
    if ('destroySoon' in socket) socket.destroySoon();
    // A request that a framework injects comes over no connection.
    else response.destroy();
  };
  const cut = () => {
    // From Node 26 on, what was written in this turn is still kept there.
    while (response.writableCorked) response.uncork();
    whenItsTurn(close);
  };
  return {
    get isGone() {
      return response.writableEnded || response.closed || socket.destroyed;
    },
    onGone(listener) {
      const gone = () => listener(response.writableFinished);
      response.on('close', gone);
      // A route that ends the response behind our back must not end the process.
      response.on('error', gone);
      // A response that waits for another one on its connection has no socket yet, and is not told when that breaks.
      if (!response.socket) response.on('close', onClose(socket, gone));
    },
    write(bytes) {
      const hasRoom = response.write(bytes);
      response.flush?.();
      return hasRoom;
    },
    end() {
      // A server that is being closed does not wait for the next request.
      response.once('finish', () => {
        if (isServerClosed(socket)) close();
      });
      response.end();
    },
    cut() {
      // What is being compressed comes out later. A compressor that is given a lot says when it is through.
      if (!isCompressed(response) || response.write(longComment)) cut();
      else response.once('drain', cut).flush?.();
    },
    abort() {
      whenItsTurn(() => response.destroy());
    },
  };
}

function isServerClosed(socket: Socket): boolean {
  return (
    'server' in socket &&
    isObject(socket.server) &&
    'listening' in socket.server &&
    socket.server.listening === false
  );
}

function isCompressed(response: FlushableResponse): boolean {
  return (
    response.flush !== undefined && (response.getHeader('Content-Encoding') ?? 'identity') !== 'identity'
  );
}

/** More than fits into the buffer of a stream, and next to nothing when compressed. */
const longComment = `:${' '.repeat(128 * 1024)}\n`;

const closeListeners = new WeakMap<Socket, Set<() => void>>();

/** Listens once, for however many requests are waiting on a connection. Returns what ends it. */
function onClose(socket: Socket, listener: () => void): () => void {
  const listeners = closeListeners.get(socket) ?? new Set();
  if (!closeListeners.has(socket)) {
    closeListeners.set(socket, listeners);
    socket.on('close', () => listeners.forEach(each => each()));
  }
  listeners.add(listener);
  return () => listeners.delete(listener);
}
