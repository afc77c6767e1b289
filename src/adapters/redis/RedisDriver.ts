import {
  defer,
  EMPTY,
  exhaustMap,
  expand,
  filter,
  map,
  startWith,
  takeWhile,
  tap,
  type Observable,
} from 'rxjs';
import { tell, type Listener, type SseEvent } from '../../event-stream/index.js';
import {
  decodeRecord,
  encodeRecord,
  type GapReason,
  type LogDriver,
  type LogEntry,
  type LogGap,
  type LogPage,
} from '../../log/index.js';
import { isRefusal } from './isRefusal.js';
import type { RedisClient } from './RedisClient.js';
import { entriesOf, pairsOf, type StreamEntry } from './replies.js';
import { isLater, parsePlace, placeAfter, placeId, type StreamPlace } from './StreamPlace.js';
import { streamWatchOf } from './StreamWatch.js';

export interface RedisDriverConfig {
  /** A whole number, or `Infinity`. */
  readonly maxEvents: number;
  /** Milliseconds, or `Infinity`. */
  readonly maxAge: number;
  /** Told of entries that are no events, and of what could not be dropped. */
  readonly errorObserver: Listener<unknown>;
}

/**
 * A Redis Stream. Places are ids of its entries, which Redis makes of its clock and which are told apart by a nonce, so that no
 * two incarnations of a stream share one.
 */
export class RedisDriver<E extends SseEvent> implements LogDriver<E> {
  readonly #client: RedisClient;
  readonly #key: string;
  readonly #config: RedisDriverConfig;
  /** When entries were last dropped for their age, by the clock of Redis. */
  #droppedAt = 0;

  constructor(client: RedisClient, key: string, config: RedisDriverConfig) {
    this.#client = client;
    this.#key = key;
    this.#config = config;
  }

  async append(event: E): Promise<string> {
    const { id, nonce } = await this.#add(encodeRecord(event));
    this.#dropOld(Number(id.split('-', 1)[0]));
    return placeId({ id, nonce, isBefore: false });
  }

  async tip(): Promise<string> {
    const [newest] = await this.#read('XREVRANGE', '+', '-', 1);
    return placeId(newest ? placeAfter(newest) : await this.#begin());
  }

  async origin(): Promise<string> {
    const [oldest] = await this.#read('XRANGE', '-', '+', 1);
    return placeId({ ...(oldest ? placeAfter(oldest) : await this.#begin()), isBefore: true });
  }

  async page(place: string, limit: number): Promise<LogPage<E> | LogGap> {
    const asked = parsePlace(place);
    if (!asked) return { gap: 'invalid' };
    const found = await this.#read('XRANGE', asked.id, '+', limit + 1);
    const [first] = found;
    if (first?.id !== asked.id) return { gap: await this.#reasonFor(asked.id) };
    if (placeAfter(first).nonce !== asked.nonce) return { gap: 'reset' };
    // Redis drops the oldest first. So what comes after an entry that is there is all there.
    const entries = found.slice(asked.isBefore ? 0 : 1).map(entry => this.#decode(entry));
    return { entries, isLast: found.length <= limit };
  }

  /** Pages, each of which proves itself: that Redis has news is only a reason to read the next. */
  tail(place: string): Observable<readonly LogEntry<E>[]> {
    return defer(() => {
      const watched = { key: this.#key, id: parsePlace(place)?.id ?? '$' };
      let at = place;
      let newsCount = 0;

      const page$ = defer(async () => {
        const count = newsCount;
        const page = await this.page(at, 256);
        if ('gap' in page) return { entries: undefined, isLast: true };
        at = page.entries.at(-1)?.id ?? at;
        watched.id = parsePlace(at)?.id ?? watched.id;
        // What there was news of meanwhile may have come too late for this page.
        return { entries: page.entries, isLast: page.isLast && count === newsCount };
      });
      return streamWatchOf(this.#client)
        .news(watched)
        .pipe(
          tap(() => newsCount++),
          startWith(undefined),
          exhaustMap(() => page$.pipe(expand(({ isLast }) => (isLast ? EMPTY : page$)))),
          map(({ entries }) => entries),
          takeWhile(entries => entries !== undefined),
          filter(entries => entries.length > 0),
        );
    });
  }

  // The members of a log are called without it.
  readonly isTransient = (error: unknown): boolean =>
    !isRefusal(error) && !(error instanceof Error && error.message === 'The client is closed');

  close(): Observable<never> {
    return EMPTY;
  }

  async #add(record: string): Promise<StreamPlace> {
    const { maxEvents } = this.#config;
    const limit = maxEvents === Infinity ? [] : ['MAXLEN', '~', String(maxEvents)];
    const nonce = crypto.randomUUID().slice(0, 8);
    const command = ['XADD', this.#key, ...limit, '*', 'event', record, 'nonce', nonce];
    return { id: String(await this.#client.sendCommand(command)), nonce, isBefore: false };
  }

  /** A stream without entries has no place that could be proven later. So it gets an entry, which is no event. */
  #begin(): Promise<StreamPlace> {
    return this.#add('{}');
  }

  async #read(command: string, start: string, end: string, count: number): Promise<StreamEntry[]> {
    const args = [command, this.#key, start, end, 'COUNT', String(count)];
    return entriesOf(await this.#client.sendCommand(args));
  }

  async #reasonFor(id: string): Promise<GapReason> {
    const info = await this.#info();
    if (!info) return 'reset';
    if (isLater(id, String(info.get('last-generated-id')))) return 'future';
    // Redis 7 counts what was ever added.
    const isWhole = info.get('entries-added') === info.get('length');
    const [oldest] = await this.#read('XRANGE', '-', '+', 1);
    return isWhole || (oldest && isLater(id, oldest.id)) ? 'reset' : 'trimmed';
  }

  async #info(): Promise<Map<unknown, unknown> | undefined> {
    try {
      return new Map(pairsOf(await this.#client.sendCommand(['XINFO', 'STREAM', this.#key])));
    } catch (error) {
      if (error instanceof Error && error.message === 'ERR no such key') return undefined;
      throw error;
    }
  }

  #decode(entry: StreamEntry): LogEntry<E> {
    const id = placeId(placeAfter(entry));
    try {
      return decodeRecord(entry.fields.get('event') ?? '', id);
    } catch (error) {
      tell(this.#config.errorObserver, error);
      return { id };
    }
  }

  /** Now and then, since `XADD` drops either by number or by age. */
  #dropOld(now: number): void {
    const { maxAge, errorObserver } = this.#config;
    if (now - this.#droppedAt < maxAge / 100) return;
    this.#droppedAt = now;
    this.#client
      .sendCommand(['XTRIM', this.#key, 'MINID', '~', String(now - maxAge)])
      .catch((error: unknown) => tell(errorObserver, error));
  }
}
