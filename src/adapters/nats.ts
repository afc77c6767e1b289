import type { NatsConnection } from '@nats-io/nats-core';
import { expectOption, isCount, type SseEvent } from '../event-stream/index.js';
import { createLog, type EventLog, type LogConfig } from '../log/index.js';
import { NatsDriver } from './nats/NatsDriver.js';
import { NatsStream } from './nats/NatsStream.js';

export interface NatsLogConfig extends LogConfig {
  /**
   * The subject that events are published to, and of which they are read: one of the stream's, without wildcards. Say which, if
   * the stream has several.
   *
   * @defaultValue that of the stream, if it has just one; the name of the stream, if it is made here
   */
  readonly subject?: string | undefined;
  /**
   * How many messages the stream keeps, a whole number from 1 on; the oldest go first. `Infinity` keeps all. Where this, `maxBytes`
   * or `maxAge` is given, a stream that is not there is made, and one that is gets what is given. The same for all processes.
   *
   * @defaultValue what the stream says; `Infinity`, if it is made here
   */
  readonly maxEvents?: number | undefined;
  /**
   * How many bytes the stream takes, as NATS counts them, a whole number from 1 on; the oldest messages go first. `Infinity` is no
   * limit.
   *
   * @defaultValue what the stream says; `Infinity`, if it is made here
   */
  readonly maxBytes?: number | undefined;
  /**
   * How long the stream keeps a message, in milliseconds from 100 on. `Infinity` keeps it until it has to go for others.
   *
   * @defaultValue what the stream says; `Infinity`, if it is made here
   */
  readonly maxAge?: number | undefined;
}

/**
 * An event log in a JetStream stream of NATS: one for all the processes that name the same stream. A reader goes on where it was
 * at any of them, over restarts of theirs and of NATS.
 *
 * A message is an event as JSON: `nats pub prices '{"type":"tick","data":42}'` appends one, too. `append` keeps an event once,
 * also where NATS fails before it has acknowledged it, as far as it is back within ten seconds. One consumer reads for all the
 * readers of a log; each page that a reader gets who is behind takes another, for that long.
 *
 * Readers get an {@link SseLogError} at once if there is no such stream and no limit is given, if the stream has not got the
 * subject, if it keeps messages by other rules than by limits, or if the connection may not do it; and if the connection is
 * closed, as it closes itself after ten attempts unless told otherwise.
 *
 * @param connection is left open by `close()`
 * @param stream by name
 * @throws RangeError if an option is out of its range
 * @example
 * ```ts
 * import { connect } from '@nats-io/transport-node';
 * import express from 'express';
 * import { toSSE } from 'rxjs-sse/express';
 * import { natsLog } from 'rxjs-sse/nats';
 *
 * // However long NATS is away.
 * const connection = await connect({ servers: 'nats://127.0.0.1:4222', maxReconnectAttempts: -1 });
 *
 * const prices = natsLog(connection, 'prices', { maxEvents: 100_000 });
 * express().get('/prices', toSSE(() => prices)).listen(3000);
 * ```
 */
export function natsLog<E extends SseEvent = SseEvent>(
  connection: NatsConnection,
  stream: string,
  { subject, maxEvents, maxBytes, maxAge, ...config }: NatsLogConfig = {},
): EventLog<E> {
  expectOption({ stream }, isName(stream), 'the name of a stream');
  expectOption({ subject }, subject === undefined || isSubject(subject), 'a subject without wildcards');
  expectOption({ maxEvents }, isLimit(maxEvents), 'a whole number from 1 on, or Infinity');
  expectOption({ maxBytes }, isLimit(maxBytes), 'a whole number from 1 on, or Infinity');
  expectOption({ maxAge }, maxAge === undefined || maxAge >= 100, 'milliseconds, from 100 on');
  const { errorObserver = console.error } = config;
  const settings = { name: stream, subject, maxEvents, maxBytes, maxAge };
  return createLog(new NatsDriver<E>(new NatsStream(connection, settings), errorObserver), config);
}

function isName(stream: unknown): boolean {
  return typeof stream === 'string' && /^[^\s.*>/\\]+$/.test(stream);
}

function isSubject(subject: unknown): boolean {
  return typeof subject === 'string' && /^[^\s.*>]+(\.[^\s.*>]+)*$/.test(subject);
}

function isLimit(value: number | undefined): boolean {
  return value === undefined || value === Infinity || isCount(value);
}
