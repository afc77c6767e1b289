import type { SseEvent } from '../event-stream/index.js';
import { answer } from './answer.js';
import { EventWriter } from './EventWriter.js';
import type { Exchange } from './Exchange.js';
import { refuse } from './refuse.js';
import type { SseProject } from './SseProject.js';
import { settingsOf, type ToSseConfig } from './ToSseConfig.js';

/**
 * What every door's `toSSE` does, for whoever writes a door: answers a request with the events that the project gives.
 *
 * @throws {@link SseEventError} if `retry` cannot be written, RangeError for any other option out of its range, TypeError if
 *   `project` is no function
 * @example
 * ```ts
 * import { createServer } from 'node:http';
 * import { interval, map } from 'rxjs';
 * import { nodeExchange, serve } from 'rxjs-sse/server';
 *
 * const answer = serve(() => interval(1000).pipe(map(data => ({ data }))));
 * createServer((request, response) => answer(nodeExchange(request, response))).listen(3000);
 * ```
 */
export function serve<Request, Response, E extends SseEvent>(
  project: SseProject<Request, E, Response>,
  config: ToSseConfig<Request, E, Response> = {},
): (exchange: Exchange<Request, Response>) => void {
  if (typeof project !== 'function') {
    throw new TypeError(`Expected a function, as in toSSE(() => events$), got ${typeof project}`);
  }
  const settings = settingsOf(config);
  let connections = 0;

  return exchange => {
    if (exchange.isGone) return;
    if (exchange.isHead) {
      exchange.open();
      exchange.end();
    } else if (connections >= settings.maxConnections) {
      refuse(exchange, settings.writer.retryAfter);
    } else {
      const writer = new EventWriter<Request, E>(exchange, settings.writer);
      connections++;
      writer.hasRoom$.subscribe({ complete: () => connections-- });
      answer(exchange, writer, project, settings);
    }
  };
}
