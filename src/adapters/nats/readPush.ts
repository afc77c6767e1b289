import type { Msg } from '@nats-io/nats-core';
import { asapScheduler, defer, map, merge, Observable, timeout } from 'rxjs';
import { deliveryOf, type Delivery } from './Delivery.js';
import type { NatsStream } from './NatsStream.js';
import type { OpenStream } from './openStream.js';

/** How often NATS says that there is nothing, in milliseconds. */
const heartbeat = 1000;
const longestSilence = 2500;

/**
 * What comes to a stream from a sequence on, as it comes, by a consumer of its own. What has arrived together is one batch. It may
 * be empty: the first says that the consumer is there.
 *
 * error: something is missing, or may be. That is why the consumer is none that the client keeps up: such a one goes on in
 * another stream of the same name, and does not say so.
 */
export function readPush(
  stream: NatsStream,
  { subject }: OpenStream,
  seq: number,
): Observable<readonly Delivery[]> {
  return defer(() => {
    let count = 0;
    const toDeliveries = (batch: readonly Msg[]) =>
      batch.flatMap(message => {
        const delivery = deliveryOf(message);
        if (!delivery) answer(stream, message, count);
        else if (delivery.count !== ++count) throw new Error('Expected messages in a row, got a later one');
        return delivery ?? [];
      });
    const inbox = stream.inbox;
    return merge(messagesTo(stream, inbox), consumerOf(stream, subject, seq, inbox), stream.loss$).pipe(
      timeout({ each: longestSilence }),
      map(toDeliveries),
    );
  });
}

/** Whatever arrives there, in batches. */
function messagesTo({ connection }: NatsStream, inbox: string): Observable<readonly Msg[]> {
  return new Observable(subscriber => {
    let batch: Msg[] = [];
    const flush = () => {
      const full = batch;
      batch = [];
      subscriber.next(full);
    };
    const subscription = connection.subscribe(inbox, {
      callback: (error, message) => {
        if (error) return subscriber.error(error);
        if (batch.push(message) === 1) asapScheduler.schedule(flush);
      },
    });
    void subscription.closed.then(() => subscriber.error(new Error('Expected NATS to go on, got an end')));
    return () => subscription.unsubscribe();
  });
}

/** Emits once the consumer is there. It is taken away by unsubscribe. */
function consumerOf(
  stream: NatsStream,
  subject: string,
  seq: number,
  inbox: string,
): Observable<readonly Msg[]> {
  return new Observable(subscriber => {
    const consumer = stream.addConsumer(subject, seq, {
      deliver_subject: inbox,
      flow_control: true,
      idle_heartbeat: heartbeat * 1_000_000,
    });
    consumer.then(
      () => subscriber.next([]),
      (error: unknown) => subscriber.error(error),
    );
    return () => stream.removeConsumer(consumer);
  });
}

/**
 * @param count of the messages that have arrived
 * @throws Error if the status says that there will be no more, or that some have not arrived
 */
function answer({ connection }: NatsStream, message: Msg, count: number): void {
  const { headers, reply } = message;
  if (headers?.code !== 100)
    throw new Error(`Expected NATS to go on, got: ${headers?.description ?? 'no status'}`);
  // It waits to be asked for more.
  if (reply) return void message.respond();
  const stalled = headers.get('Nats-Consumer-Stalled');
  if (stalled) connection.publish(stalled);
  const sent = headers.get('Nats-Last-Consumer');
  if (sent !== String(count)) throw new Error(`Expected ${sent} messages, got ${count}`);
}
