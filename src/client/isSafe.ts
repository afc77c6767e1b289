import type { RequestConfig } from './request.js';

/** Whether a request may be made again without doing something twice: GET and QUERY. */
export function isSafe({ method, body }: RequestConfig): boolean {
  return method ? /^(get|query)$/i.test(method) : body == null;
}
