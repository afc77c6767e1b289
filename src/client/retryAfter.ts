/**
 * What a `Retry-After` header asks for, in milliseconds from `now`: it is a number of seconds or a date (RFC 9110, 10.2.3).
 * `undefined` if it is absent or neither.
 */
export function retryAfter(headers: Headers, now: number): number | undefined {
  const value = headers.get('retry-after') ?? '';
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  // Every form of an HTTP date tells the time, and one says nothing of GMT. `Date.parse` would take `1.5` for a date, too.
  const date = Date.parse(value.includes(':') ? value.replace(/( GMT)?$/, ' GMT') : '');
  return isNaN(date) ? undefined : Math.max(0, date - now);
}
