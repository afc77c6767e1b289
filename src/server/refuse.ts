import { diagnostics } from './diagnostics.js';
import type { Exchange } from './Exchange.js';

/** Answers a reader for whom there is no stream now, but may be later: after so many seconds. */
export function refuse(exchange: Exchange, retryAfter: number): void {
  const { request, lastEventId } = exchange;
  diagnostics.refuse?.publish({ request, lastEventId });
  exchange.respond(503, { 'Retry-After': String(retryAfter) });
}
