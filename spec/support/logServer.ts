import { createServer } from 'node:http';
import { defer, finalize } from 'rxjs';
import { toSSE } from '../../src/adapters/node.js';
import { createDecoder, type ReceivedSseEvent, type Resumable } from '../../src/index.js';
import type { Reader } from './connection.js';
import { connectHttp1 } from './http1.js';
import { listen } from './listen.js';

/** Serves something that can be read from a place, over HTTP. */
export interface LogServer {
  readonly url: string;
  /** On a connection of its own. */
  readonly read: (lastEventId?: string) => Reader;
  /** How many read the log now. */
  readonly readers: () => number;
  /** Has a reader read nothing until the server, which has no room any more, has left the log; and some time longer. */
  readonly lag: (reader: Reader, append: () => Promise<unknown>) => Promise<void>;
}

/** For the specs of a `describe`: closed after each, with all that is on it. */
export function logServers(): (log: Resumable) => Promise<LogServer> {
  const cleanUps: (() => void)[] = [];
  afterEach(() => {
    for (const cleanUp of cleanUps.splice(0).reverse()) cleanUp();
  });

  return async log => {
    let count = 0;
    const counting: Resumable = {
      after: id =>
        defer(() => {
          count++;
          return log.after(id).pipe(finalize(() => count--));
        }),
    };
    const server = createServer(toSSE(() => counting, { retry: 10 }));
    const port = await listen(server);
    cleanUps.push(() => {
      server.close();
      server.closeAllConnections();
    });
    return {
      url: `http://127.0.0.1:${port}/`,
      readers: () => count,
      async lag({ pause, resume }, append) {
        pause();
        for (let more = 10; more > 0; count === 0 && more--) {
          await append();
          await new Promise(setImmediate);
        }
        resume();
      },
      read(lastEventId) {
        const connection = connectHttp1(port);
        cleanUps.push(connection.close);
        return connection.ask({
          headers: lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId },
        });
      },
    };
  };
}

/** What a client dispatches of a body. */
export function dispatched(body: string): ReceivedSseEvent[] {
  const events: ReceivedSseEvent[] = [];
  createDecoder(event => events.push(event)).decode(new TextEncoder().encode(body));
  return events;
}
