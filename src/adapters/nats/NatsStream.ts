import {
  AckPolicy,
  DeliverPolicy,
  jetstream,
  type ConsumerConfig,
  type JetStreamManager,
  type PubAck,
  type StoredMsg,
} from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { filter, first, map, merge, switchMap, take, tap, type Observable } from 'rxjs';
import type { GapReason } from '../../log/index.js';
import { connectivityOf } from './connectivity.js';
import { deliveryOf, type Delivery } from './Delivery.js';
import { isRefusal } from './isRefusal.js';
import { openStream, type OpenStream, type StreamSettings } from './openStream.js';
import { isOlder, markOf, markOfStream, nanosecondsOf, type StreamPlace } from './StreamPlace.js';

/** Deliveries in a row. */
export interface Delivered {
  readonly deliveries: readonly Delivery[];
  /** Whether there were no more of them. */
  readonly isLast: boolean;
}

/** What a log asks of JetStream. */
export class NatsStream {
  readonly connection: NatsConnection;
  readonly #settings: StreamSettings;
  readonly #isUp$: Observable<boolean>;
  readonly #jetstream: ReturnType<typeof jetstream>;
  readonly #manager: Promise<JetStreamManager>;
  #opening: Promise<OpenStream> | undefined;
  /** Whether the stream has never been there for the log. */
  #isNew = true;

  constructor(connection: NatsConnection, settings: StreamSettings) {
    this.connection = connection;
    this.#settings = settings;
    this.#isUp$ = connectivityOf(connection);
    this.#jetstream = jetstream(connection);
    this.#manager = this.#jetstream.jetstreamManager(false);
  }

  /** Errors once the connection is lost. */
  get loss$(): Observable<never> {
    return this.#isUp$.pipe(
      filter(isUp => !isUp),
      map(() => {
        throw new Error('Expected NATS to answer, got a disconnect');
      }),
    );
  }

  /** Where whoever has the permissions of the connection may be delivered to. */
  get inbox(): string {
    return `${this.#jetstream.getOptions().watcherPrefix ?? '_INBOX'}.${crypto.randomUUID()}`;
  }

  /** Does something with the stream, once the connection is there. After an error the stream is opened anew. */
  use<T>(work: (stream: OpenStream) => Promise<T>): Observable<T> {
    return this.#isUp$.pipe(
      first(isUp => isUp),
      switchMap(() => merge(this.loss$, this.#opened().then(work)).pipe(take(1))),
      tap({ error: () => this.forget() }),
    );
  }

  forget(): void {
    this.#opening = undefined;
  }

  isTransient(error: unknown): boolean {
    const { connection } = this;
    const hasJetStream = connection.info?.jetstream === true;
    return !connection.isClosed() && !isRefusal(error, this.#isNew, hasJetStream);
  }

  async publish(subject: string, text: string, msgID: string): Promise<PubAck> {
    return this.#jetstream.publish(subject, text, {
      msgID,
      timeout: 5000,
      expect: { streamName: this.#settings.name },
    });
  }

  /** Makes a consumer that takes itself away when nobody reads, and gives its name. */
  async addConsumer(subject: string, seq: number, config: Partial<ConsumerConfig> = {}): Promise<string> {
    const { consumers } = await this.#manager;
    const { name } = await consumers.add(this.#settings.name, {
      ack_policy: AckPolicy.None,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: seq,
      filter_subject: subject,
      inactive_threshold: 5_000_000_000,
      mem_storage: true,
      num_replicas: 1,
      ...config,
    });
    return name;
  }

  /** In the background. */
  removeConsumer(consumer: Promise<string>): void {
    void Promise.all([this.#manager, consumer])
      .then(([{ consumers }, name]) => consumers.delete(this.#settings.name, name))
      // It goes by itself in a few seconds.
      .catch(() => undefined);
  }

  /** Those from a sequence on, `limit` at the most, of which some may be missing. */
  async read({ subject }: OpenStream, seq: number, limit: number): Promise<Delivered> {
    const consumer = this.addConsumer(subject, seq);
    try {
      return await this.#pull(await consumer, limit);
    } finally {
      this.removeConsumer(consumer);
    }
  }

  /** The place after whatever is there, which is no entry. */
  async end(): Promise<Pick<StreamPlace, 'seq' | 'mark'>> {
    const { streams } = await this.#manager;
    const { created, state } = await streams.info(this.#settings.name);
    return { mark: markOfStream(created), seq: state.last_seq };
  }

  /** The last entry, or nothing. */
  async last({ subject }: OpenStream): Promise<Pick<StreamPlace, 'seq' | 'mark'> | undefined> {
    const { streams } = await this.#manager;
    const message = await streams.getMessage(this.#settings.name, { last_by_subj: subject });
    return message ? { seq: message.seq, mark: markOfStored(message) } : undefined;
  }

  /** Nothing, if all that has come after the place is there, now and at any time before. */
  async gapAfter({ seq, mark, stream, isEntry }: StreamPlace): Promise<GapReason | undefined> {
    const { streams } = await this.#manager;
    const message = isEntry ? await streams.getMessage(this.#settings.name, { seq }) : undefined;
    // The oldest go first. So what comes after an entry that is there is all there.
    if (message) return markOfStored(message) === mark ? undefined : 'reset';
    const { created, config, state } = await streams.info(this.#settings.name);
    const streamMark = markOfStream(created);
    if (stream === undefined ? isOlder(mark, streamMark) : stream !== streamMark) return 'reset';
    if (seq > state.last_seq) return 'future';
    // An entry that is gone is no proof: a NATS that has lost its last ones gives their sequences out again.
    if (isEntry) return 'trimmed';
    // With a limit by subject, what has gone may also have come later than what is first.
    const isTrimmedInOrder =
      !(config.max_msgs_per_subject > 0) || !state.num_deleted || seq === state.last_seq;
    return state.first_seq <= seq + 1 && isTrimmedInOrder ? undefined : 'trimmed';
  }

  async #pull(consumer: string, limit: number): Promise<Delivered> {
    const request = JSON.stringify({ batch: limit, no_wait: true });
    const subject = `${this.#jetstream.apiPrefix}.CONSUMER.MSG.NEXT.${this.#settings.name}.${consumer}`;
    const options = { strategy: 'count', maxMessages: limit, maxWait: 5000, noMux: true } as const;
    const deliveries: Delivery[] = [];
    for await (const message of await this.connection.requestMany(subject, request, options)) {
      const delivery = deliveryOf(message);
      const code = message.headers?.code;
      if (!delivery && (code === 404 || code === 408)) return { deliveries, isLast: true };
      if (delivery?.count !== deliveries.length + 1) break;
      deliveries.push(delivery);
      if (deliveries.length === limit) return { deliveries, isLast: delivery.pending === 0 };
    }
    throw new Error(`Expected NATS to deliver messages in a row, got ${deliveries.length} of them`);
  }

  async #open(): Promise<OpenStream> {
    const { streams } = await this.#manager;
    const stream = await openStream(streams, this.#settings);
    this.#isNew = false;
    return stream;
  }

  #opened(): Promise<OpenStream> {
    this.#opening ??= this.#open();
    return this.#opening;
  }
}

function markOfStored({ header, timestamp }: StoredMsg): string {
  return markOf(header.get('Nats-Msg-Id'), nanosecondsOf(timestamp));
}
