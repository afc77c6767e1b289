import { once } from 'node:events';
import { createServer } from 'node:http';
import express from 'express';
import { toSSE } from 'rxjs-sse/express';
import { memoryLog } from 'rxjs-sse/log';
import type { HostSample } from '../../demo/hostMetrics.js';
import { listen } from './listen.js';

/** A server for the page of the Angular demo that says what it is told to, and when. */
export interface AngularDemoServer {
  readonly base: string;
  /** How many pieces of event streams it has written. */
  writes(): number;
  /** Appends that many samples at once, numbered from 0 on, and gives their numbers. */
  append(count: number): Promise<readonly number[]>;
  /** Breaks all connections and frees the port. The log stays. */
  close(): Promise<void>;
  /** Listens again, on the port that it had. */
  reopen(): Promise<void>;
  /** Begins with another log, which knows nothing of the one before. */
  forget(): void;
}

/** @param origin where the page comes from */
export async function angularDemoServer(origin: string): Promise<AngularDemoServer> {
  const files = ['/', '/style.css', '/main.js'];
  const responses = await Promise.all(files.map(file => fetch(origin + file)));
  const bodies = await Promise.all(responses.map(response => response.text()));

  let log = memoryLog();
  let appended = 0;
  let writes = 0;
  const app = express().get(
    '/host',
    (_request, response, next) => {
      const write = response.write.bind(response);
      response.write = (...content: unknown[]) => {
        writes++;
        return Reflect.apply(write, response, content);
      };
      next();
    },
    toSSE(() => log, { retry: 500 }),
  );
  files.forEach((file, index) =>
    app.get(file, (_request, response) => {
      response.type(responses[index]?.headers.get('content-type') ?? '').send(bodies[index]);
    }),
  );
  const server = createServer(app);
  const port = await listen(server);

  return {
    base: `http://127.0.0.1:${port}`,
    writes: () => writes,
    async append(count) {
      const numbers = Array.from({ length: count }, () => appended++);
      await Promise.all(numbers.map(number => log.append({ type: 'sample', data: sample(number) })));
      return numbers;
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
    async reopen() {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
    },
    forget: () => (log = memoryLog({ from: 'earliest' })),
  };
}

function sample(number: number): HostSample {
  const share = (number % 10) / 10;
  return { number, at: Date.now(), cpu: [share], memory: { used: 1, total: 2 }, load: 1, delay: 0 };
}
