import { SseConnectionError, SseResponseError } from '../event-stream/index.js';

/**
 * Whether it is worth connecting again after this error: the connection was refused, broke, ended or fell silent, or the
 * response says that it is a matter of time (408, 425, 429, 500, 502, 503, 504).
 *
 * @example
 * ```ts
 * import { fromSSE, isTransient, SseResponseError } from 'rxjs-sse';
 *
 * // A route that appears with the next deploy:
 * const isWorthIt = (error: unknown) =>
 *   isTransient(error) || (error instanceof SseResponseError && error.status === 404);
 * const prices$ = fromSSE('https://example.com/prices', { reconnect: { isTransient: isWorthIt } });
 * ```
 */
export function isTransient(error: unknown): boolean {
  // Departs from WHATWG, which gives up on every status but 200: a deploy answers 503 for a minute (decision 4).
  if (error instanceof SseResponseError) {
    return [408, 425, 429, 500, 502, 503, 504].includes(error.status);
  }
  return error instanceof SseConnectionError;
}
