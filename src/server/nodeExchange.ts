import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Exchange } from './Exchange.js';
import { readLastEventId } from './readLastEventId.js';

/**
 * An exchange over the request and response of `node:http`, and of any framework built on it.
 *
 * @param fail answers an error that came before any event
 */
export function nodeExchange(
  request: IncomingMessage,
  response: ServerResponse & { flush?(): void },
  fail: (error: unknown) => void,
): Exchange {
  return {
    isHead: request.method === 'HEAD',
    lastEventId: readLastEventId(single(request.headers['last-event-id']), request.url ?? ''),
    get isGone() {
      return response.writableEnded || response.closed || request.socket.destroyed;
    },

    listen(listener) {
      const gone = () => listener.gone();
      response.on('drain', () => listener.drain());
      // Of the response, since the request closes as soon as its body has been read.
      response.on('close', gone);
      // A route that ends the response behind our back must not end the process.
      response.on('error', gone);
      // A response that waits for another one on its connection has no socket yet, and is not told when that breaks.
      if (response.socket) return;
      const { socket } = request;
      socket.on('close', gone);
      response.on('close', () => socket.off('close', gone));
    },
    open() {
      // The route has sent a head of its own.
      if (response.headersSent) return;
      response.setHeader('Content-Type', 'text/event-stream; charset=utf-8');
      setDefault(response, 'Cache-Control', 'no-cache, no-transform');
      setDefault(response, 'X-Accel-Buffering', 'no');
    },
    write(bytes) {
      const hasRoom = response.write(bytes);
      // What `compression()` adds: it keeps everything to itself until asked.
      response.flush?.();
      return hasRoom;
    },
    end() {
      response.end();
    },
    cut() {
      // From Node 26 on, what was written in this turn is still kept there.
      while (response.writableCorked) response.uncork();
      // Without the last chunk of the body, the reader knows that there was to be more.
      if (response.socket) response.socket.destroySoon();
      else response.destroy();
    },
    abort() {
      response.destroy();
    },
    noContent() {
      if (!response.headersSent) response.writeHead(204);
      response.end();
    },
    fail,
  };
}

function setDefault(response: ServerResponse, name: string, value: string): void {
  if (!response.hasHeader(name)) response.setHeader(name, value);
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
