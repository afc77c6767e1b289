import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { listen } from './listen.js';

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Settles when its connection is closed. */
  readonly closed: Promise<unknown>;
}

export interface ScriptedServer {
  readonly url: string;
  readonly requests: readonly SeenRequest[];
  /** The request of that number, from 0, as soon as it is there. */
  request(number: number): Promise<SeenRequest>;
  close(): void;
}

/** What one request is answered with. */
export type Answer = (response: ServerResponse, request: IncomingMessage) => void;

/** Answers each request with the next answer, and those after the last with 204. */
export async function scriptedServer(...answers: readonly Answer[]): Promise<ScriptedServer> {
  const requests: SeenRequest[] = [];
  const arrivals = new EventTarget();
  let count = 0;

  const server = createServer((request, response) => {
    const answer = answers[count++] ?? stop;
    const closed = once(response, 'close');
    const { method = '', url = '', headers } = request;
    void text(request).then(body => {
      requests.push({ method, url, headers, body, closed });
      arrivals.dispatchEvent(new Event('request'));
      answer(response, request);
    });
  });

  return {
    url: `http://127.0.0.1:${await listen(server)}`,
    requests,
    async request(number) {
      for (;;) {
        const request = requests[number];
        if (request) return request;
        await once(arrivals, 'request');
      }
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A stream that stays open after this text. */
export function open(body = '', headers: Readonly<Record<string, string>> = {}): Answer {
  return response => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', ...headers });
    response.write(body === '' ? ':\n' : body);
  };
}

/** A stream that ends properly after this text. */
export function end(body = ''): Answer {
  return response => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.end(body);
  };
}

/** A stream that breaks after this text. */
export function cut(body: string): Answer {
  return response => {
    open(body)(response, response.req);
    // Once it was handed to the socket, which Node does later in a turn.
    setImmediate(() => response.socket?.destroySoon());
  };
}

export function status(code: number, headers: Readonly<Record<string, string>> = {}, body = ''): Answer {
  return response => response.writeHead(code, headers).end(body);
}

/** No answer at all: the connection is closed. */
export const refuse: Answer = response => response.destroy();

/** The answer that says: stop for good. */
export const stop: Answer = status(204);
