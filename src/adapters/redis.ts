import { expectOption, isCount, type SseEvent } from '../event-stream/index.js';
import { createLog, type EventLog, type LogConfig } from '../log/index.js';
import type { RedisClient } from './redis/RedisClient.js';
import { RedisDriver } from './redis/RedisDriver.js';

export type { RedisClient } from './redis/RedisClient.js';

export interface RedisLogConfig extends LogConfig {
  /**
   * How many events to keep, a whole number from 1 on. Redis drops the oldest by the hundred, so there may be somewhat more.
   * `Infinity` keeps all. The same for all processes that append.
   *
   * @defaultValue 10 000
   */
  readonly maxEvents?: number | undefined;
  /**
   * How long to keep an event, in milliseconds from 1 on, by the clock of Redis. The oldest go by the hundred, as others are
   * appended, so some stay for longer.
   *
   * @defaultValue `Infinity`
   */
  readonly maxAge?: number | undefined;
}

/**
 * An event log in a Redis Stream: one for all the processes that name the same key. A reader goes on where it was at any of
 * them, over restarts of theirs and of Redis.
 *
 * An entry has the event as JSON in its field `event`: `XADD prices '*' event '{"type":"tick","data":42}'` appends one, too. Ids
 * are those of Redis, and proof: what follows an id is complete as long as its own entry is there.
 *
 * For each hundred logs of a client, one connection is made beside its own: it waits for news.
 *
 * @param client is connected, has an `error` listener, and is left open by `close()`
 * @param key of the stream, which is made when it is not there. Readers need permission for `XADD` then
 * @throws RangeError if an option is out of its range
 * @example
 * ```ts
 * import { createClient } from '@redis/client';
 * import express from 'express';
 * import { toSSE } from 'rxjs-sse/express';
 * import { redisLog } from 'rxjs-sse/redis';
 *
 * const client = createClient({ url: 'redis://127.0.0.1:6379' });
 * client.on('error', console.error);
 * await client.connect();
 *
 * const prices = redisLog(client, 'prices', { maxEvents: 100_000 });
 * express().get('/prices', toSSE(() => prices)).listen(3000);
 * ```
 */
export function redisLog<E extends SseEvent = SseEvent>(
  client: RedisClient,
  key: string,
  { maxEvents = 10_000, maxAge = Infinity, ...config }: RedisLogConfig = {},
): EventLog<E> {
  expectOption({ key }, typeof key === 'string' && key !== '', 'the key of a stream');
  expectOption(
    { maxEvents },
    maxEvents === Infinity || isCount(maxEvents),
    'a whole number from 1 on, or Infinity',
  );
  expectOption({ maxAge }, maxAge >= 1, 'milliseconds, from 1 on');
  const { errorObserver = console.error } = config;
  return createLog(new RedisDriver<E>(client, key, { maxEvents, maxAge, errorObserver }), config);
}
