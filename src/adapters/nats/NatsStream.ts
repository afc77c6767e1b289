import {
  AckPolicy,
  DeliverPolicy,
  DiscardPolicy,
  jetstream,
  JetStreamApiCodes,
  JetStreamApiError,
  StorageType,
  type ConsumerConfig,
  type JetStreamManager,
  type PubAck,
  type StreamConfig,
  type StreamInfo,
  type StreamUpdateConfig,
} from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { filter, first, map, merge, switchMap, take, tap, type Observable } from 'rxjs';
import type { GapReason } from '../../log/index.js';
import { connectivityOf } from './connectivity.js';
import { deliveryOf, type Delivery } from './Delivery.js';
import { isRefusal } from './isRefusal.js';
import { isOlder, markOf, nanosecondsOf, type StreamPlace } from './StreamPlace.js';

/** What is to be kept, where it is not left to the stream. */
export interface StreamLimits {
  readonly maxEvents: number | undefined;
  readonly maxBytes: number | undefined;
  readonly maxAge: number | undefined;
}

/** A stream that is there, and has the subject. */
export interface OpenStream {
  readonly subject: string;
  /** Marks the stream: another of that name has another. */
  readonly mark: string;
  /** For how long it knows a repetition, in milliseconds. */
  readonly duplicateWindow: number;
}

/** Deliveries in a row. */
export interface Delivered {
  readonly deliveries: readonly Delivery[];
  /** Whether there were no more of them. */
  readonly isLast: boolean;
}

/** What a log asks of JetStream. */
export class NatsStream {
  readonly name: string;
  readonly connection: NatsConnection;
  readonly isUp$: Observable<boolean>;
  readonly #subject: string | undefined;
  readonly #limits: StreamLimits;
  readonly #jetstream: ReturnType<typeof jetstream>;
  readonly #manager: Promise<JetStreamManager>;
  #opening: Promise<OpenStream> | undefined;
  /** Whether the stream has never been there for the log. */
  #isNew = true;

  constructor(connection: NatsConnection, name: string, subject: string | undefined, limits: StreamLimits) {
    this.connection = connection;
    this.name = name;
    this.#subject = subject;
    this.#limits = limits;
    this.isUp$ = connectivityOf(connection);
    this.#jetstream = jetstream(connection);
    this.#manager = this.#jetstream.jetstreamManager(false);
  }

  /** Errors once the connection is lost. */
  get loss$(): Observable<never> {
    return this.isUp$.pipe(
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
    return this.isUp$.pipe(
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
      expect: { streamName: this.name },
    });
  }

  /** Makes a consumer that takes itself away when nobody reads, and gives its name. */
  async addConsumer(subject: string, seq: number, config: Partial<ConsumerConfig> = {}): Promise<string> {
    const { consumers } = await this.#manager;
    const { name } = await consumers.add(this.name, {
      ack_policy: AckPolicy.None,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: seq,
      filter_subject: subject,
      inactive_threshold: nanoseconds(5000),
      mem_storage: true,
      num_replicas: 1,
      ...config,
    });
    return name;
  }

  /** In the background. */
  removeConsumer(consumer: Promise<string>): void {
    void Promise.all([this.#manager, consumer])
      .then(([{ consumers }, name]) => consumers.delete(this.name, name))
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
    const { created, state } = await streams.info(this.name);
    return { mark: markOfStream(created), seq: state.last_seq };
  }

  /** The last entry, or nothing. */
  async last({ subject }: OpenStream): Promise<Pick<StreamPlace, 'seq' | 'mark'> | undefined> {
    const { streams } = await this.#manager;
    const message = await streams.getMessage(this.name, { last_by_subj: subject });
    return message ? { seq: message.seq, mark: markOfStored(message) } : undefined;
  }

  /** Nothing, if all that has come after the place is there, now and at any time before. */
  async gapAfter({ seq, mark, stream, isEntry }: StreamPlace): Promise<GapReason | undefined> {
    const { streams } = await this.#manager;
    const message = isEntry ? await streams.getMessage(this.name, { seq }) : undefined;
    // The oldest go first. So what comes after an entry that is there is all there.
    if (message) return markOfStored(message) === mark ? undefined : 'reset';
    const { created, config, state } = await streams.info(this.name);
    const streamMark = markOfStream(created);
    if (stream === undefined ? isOlder(mark, streamMark) : stream !== streamMark) return 'reset';
    if (seq > state.last_seq) return 'future';
    // With a limit by subject, what has gone may also have come later than what is first.
    const isTrimmedInOrder =
      !(config.max_msgs_per_subject > 0) || !state.num_deleted || seq === state.last_seq;
    return stream !== undefined && state.first_seq <= seq + 1 && isTrimmedInOrder ? undefined : 'trimmed';
  }

  async #pull(consumer: string, limit: number): Promise<Delivered> {
    const request = JSON.stringify({ batch: limit, no_wait: true });
    const subject = `${this.#jetstream.apiPrefix}.CONSUMER.MSG.NEXT.${this.name}.${consumer}`;
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

  #opened(): Promise<OpenStream> {
    this.#opening ??= this.#open();
    return this.#opening;
  }

  async #open(): Promise<OpenStream> {
    const { config, created } = await this.#ensure(await this.#manager);
    if (config.retention !== 'limits')
      throw new TypeError(`Expected stream ${this.name} to keep messages by limits, got ${config.retention}`);
    const subject = subjectOf(config, this.#subject);
    this.#isNew = false;
    return {
      subject,
      mark: markOfStream(created),
      duplicateWindow: config.duplicate_window / nanoseconds(1),
    };
  }

  /** As it is to be. */
  async #ensure({ streams }: JetStreamManager): Promise<StreamInfo> {
    const { name } = this;
    const limits = limitsFrom(this.#limits);
    if (!limits) return streams.info(name);
    try {
      const info = await streams.info(name);
      return hasLimits(info.config, limits)
        ? info
        : await streams.update(name, withWindow(info.config, limits));
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    const subjects = [this.#subject ?? name];
    return streams.add({ name, subjects, storage: StorageType.File, discard: DiscardPolicy.Old, ...limits });
  }
}

type Limits = Partial<Pick<StreamUpdateConfig, 'max_msgs' | 'max_bytes' | 'max_age'>>;

/** Nothing, if all is left to the stream. */
function limitsFrom({ maxEvents, maxBytes, maxAge }: StreamLimits): Limits | undefined {
  if ((maxEvents ?? maxBytes ?? maxAge) === undefined) return undefined;
  return {
    ...(maxEvents !== undefined && { max_msgs: maxEvents === Infinity ? -1 : maxEvents }),
    ...(maxBytes !== undefined && { max_bytes: maxBytes === Infinity ? -1 : maxBytes }),
    ...(maxAge !== undefined && { max_age: maxAge === Infinity ? 0 : nanoseconds(maxAge) }),
  };
}

function hasLimits(config: StreamConfig, limits: Limits): boolean {
  const { max_msgs, max_bytes, max_age } = { ...config, ...limits };
  return config.max_msgs === max_msgs && config.max_bytes === max_bytes && config.max_age === max_age;
}

/** NATS knows no repetition of what it has dropped. */
function withWindow({ duplicate_window }: StreamConfig, limits: Limits): Partial<StreamUpdateConfig> {
  const { max_age = 0 } = limits;
  return max_age > 0 && max_age < duplicate_window ? { ...limits, duplicate_window: max_age } : limits;
}

/** @throws TypeError if the stream has not got it */
function subjectOf({ name, subjects }: StreamConfig, wanted: string | undefined): string {
  const [only = '', ...others] = subjects;
  if (wanted === undefined) {
    if (only !== '' && others.length === 0 && !/[*>]/.test(only)) return only;
    throw new TypeError(`Expected stream ${name} to have one subject, got ${subjects.join(', ')}`);
  }
  if (subjects.some(pattern => isMatch(pattern.split('.'), wanted.split('.')))) return wanted;
  throw new TypeError(`Expected stream ${name} to have subject ${wanted}, got ${subjects.join(', ')}`);
}

function isMatch(pattern: readonly string[], subject: readonly string[]): boolean {
  const isOpenEnded = pattern.at(-1) === '>';
  if (isOpenEnded ? subject.length < pattern.length : subject.length !== pattern.length) return false;
  return pattern.every((token, n) => token === '*' || token === '>' || token === subject[n]);
}

function markOfStream(created: string): string {
  return nanosecondsOf(created).toString(36);
}

function markOfStored({
  header,
  timestamp,
}: {
  header: { get(name: string): string };
  timestamp: string;
}): string {
  return markOf(header.get('Nats-Msg-Id'), nanosecondsOf(timestamp));
}

function isNotFound(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound;
}

function nanoseconds(milliseconds: number): number {
  return Math.round(milliseconds * 1_000_000);
}
