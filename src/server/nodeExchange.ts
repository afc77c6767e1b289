import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { eventStreamHeaders } from './eventStreamHeaders.js';
import type { Exchange } from './Exchange.js';
import { http1Connection } from './http1Connection.js';
import { http2Connection } from './http2Connection.js';
import { readLastEventId } from './readLastEventId.js';

/** A request of `node:http` or `node:http2`, or of any framework built on them. */
export type NodeRequest = IncomingMessage | Http2ServerRequest;

/** The response to it. */
export type NodeResponse = ServerResponse | Http2ServerResponse;

/**
 * An exchange over the request and response of `node:http` or `node:http2`.
 *
 * @param fail answers an error that came before any event; without it, it is a bare 500
 */
export function nodeExchange<Request extends NodeRequest, Response extends NodeResponse>(
  request: Request,
  response: Response,
  fail?: (error: unknown) => void,
): Exchange<Request, Response> {
  const connection = isHttp2(response)
    ? http2Connection(response)
    : http1Connection(response, request.socket);
  return {
    request,
    response,
    isHead: request.method === 'HEAD',
    lastEventId: readLastEventId(single(request.headers['last-event-id']), request.url ?? ''),
    get isGone() {
      return connection.isGone;
    },

    listen(listener) {
      response.on('drain', () => listener.drain());
      connection.onGone(isTaken => listener.gone(isTaken));
    },
    open() {
      // The route has sent a head of its own.
      if (response.headersSent) return;
      const headers = eventStreamHeaders(name => response.hasHeader(name));
      for (const [name, value] of headers) response.setHeader(name, value);
      try {
        response.writeHead(response.statusCode);
      } catch (error) {
        // Whatever is answered then is no event stream.
        for (const [name] of headers) response.removeHeader(name);
        throw error;
      }
    },
    write(bytes) {
      return connection.write(bytes);
    },
    end() {
      connection.end();
    },
    cut() {
      connection.cut();
    },
    abort() {
      connection.abort();
    },
    respond(status, headers = {}) {
      if (!response.headersSent) {
        // Not by `writeHead`, after which a response without a body is a chunked one.
        response.statusCode = status;
        for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      }
      response.end();
    },
    fail,
  };
}

function isHttp2(response: NodeResponse): response is Http2ServerResponse {
  return 'stream' in response;
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
