import type { Msg } from '@nats-io/nats-core';
import { markOf } from './StreamPlace.js';

/** A message of a stream, as a consumer gives it. */
export interface Delivery {
  readonly seq: number;
  readonly mark: string;
  /** The how manyth it is of its consumer, from 1 on. */
  readonly count: number;
  /** How many more the consumer has. */
  readonly pending: number;
  readonly text: () => string;
}

/**
 * Nothing, if it is a status. The subject that a message would be acknowledged at says all about it:
 * `$JS.ACK[.<domain>.<account>].<stream>.<consumer>.<deliveries>.<stream sequence>.<consumer sequence>.<nanoseconds>.<pending>`.
 */
export function deliveryOf(message: Msg): Delivery | undefined {
  const tokens = message.reply?.split('.') ?? [];
  if (tokens[0] !== '$JS' || tokens[1] !== 'ACK') return undefined;
  const [seq, count, time = '0', pending] = tokens.slice(tokens.length === 9 ? 5 : 7);
  return {
    seq: Number(seq),
    mark: markOf(message.headers?.get('Nats-Msg-Id') ?? '', BigInt(time)),
    count: Number(count),
    pending: Number(pending),
    text: () => message.string(),
  };
}
