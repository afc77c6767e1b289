import {
  asyncScheduler,
  concatMap,
  defer,
  EMPTY,
  filter,
  finalize,
  from,
  map,
  of,
  share,
  takeWhile,
  type Observable,
} from 'rxjs';
import { tell, type Listener, type SseEvent } from '../../event-stream/index.js';
import {
  decodeRecord,
  encodeRecord,
  type LogDriver,
  type LogEntry,
  type LogGap,
  type LogPage,
} from '../../log/index.js';
import type { Delivery } from './Delivery.js';
import type { NatsStream } from './NatsStream.js';
import type { OpenStream } from './openStream.js';
import { Outbox, type Letter } from './Outbox.js';
import { readPush } from './readPush.js';
import { idOf, newMark, placeOf } from './StreamPlace.js';

/** What there was first, and the place before it. */
interface Beginning {
  readonly id: string;
  readonly deliveries: readonly Delivery[];
}

/** One subject of a JetStream stream. */
export class NatsDriver<E extends SseEvent> implements LogDriver<E> {
  readonly #stream: NatsStream;
  readonly #errorObserver: Listener<unknown>;
  readonly #outbox: Outbox;
  readonly #begin$: Observable<string>;
  #beginning: Beginning | undefined;
  /** Entries that are no events, of which somebody was told. */
  readonly #strangers = new Set<string>();

  constructor(stream: NatsStream, errorObserver: Listener<unknown>) {
    this.#stream = stream;
    this.#errorObserver = errorObserver;
    this.#outbox = new Outbox({ send: letters => this.#send(letters), isTransient: this.isTransient });
    this.#begin$ = defer(() => stream.use(open => this.#begin(open))).pipe(share());
  }

  async append(event: E): Promise<string> {
    return this.#outbox.add(encodeRecord(event));
  }

  tip(): Observable<string> {
    return this.#stream.use(async stream => {
      const end = await this.#stream.end();
      return idOf((await this.#stream.last(stream)) ?? end);
    });
  }

  origin(): Observable<string> {
    return this.#begin$;
  }

  page(id: string, limit: number): Observable<LogPage<E> | LogGap> {
    const place = placeOf(id);
    if (!place) return of({ gap: 'invalid' });
    if (id === this.#beginning?.id) {
      return of({ entries: this.#decodeAll(this.#beginning.deliveries.slice(0, limit)), isLast: false });
    }
    return this.#stream.use(async stream => {
      const { deliveries, isLast } = await this.#stream.read(stream, place.seq + 1, limit);
      const gap = await this.#stream.gapAfter(place);
      return gap ? { gap } : { entries: this.#decodeAll(deliveries), isLast };
    });
  }

  tail(id: string): Observable<readonly LogEntry<E>[]> {
    return this.#stream
      .use(stream => Promise.resolve(stream))
      .pipe(
        concatMap(stream => this.#follow(stream, id)),
        map(deliveries => this.#decodeAll(deliveries)),
        finalize(() => {
          this.#stream.forget();
          this.#beginning = undefined;
        }),
      );
  }

  // The members of a log are called without it.
  readonly isTransient = (error: unknown): boolean => this.#stream.isTransient(error);

  close(): Observable<never> {
    return EMPTY;
  }

  /** Completes where something may be missing. */
  #follow(stream: OpenStream, id: string): Observable<readonly Delivery[]> {
    const place = placeOf(id);
    if (!place) return EMPTY;
    let last = place;
    let isProven = false;

    const prove = (deliveries: readonly Delivery[]): Observable<readonly Delivery[] | undefined> => {
      const start = last;
      const end = deliveries.at(-1);
      if (end) last = placeOf(idOf(end)) ?? last;
      const isWhole = !end || end.seq === start.seq + deliveries.length;
      if (isProven && isWhole) return of(deliveries);
      // What is not there may have been dropped before it was delivered.
      return from(this.#stream.gapAfter(start)).pipe(
        map(gap => {
          isProven = true;
          return gap ? undefined : deliveries;
        }),
      );
    };
    return readPush(this.#stream, stream, place.seq + 1).pipe(
      concatMap(prove),
      takeWhile(deliveries => deliveries !== undefined),
      filter(deliveries => deliveries.length > 0),
    );
  }

  /**
   * Reads what comes first, too. Where entries are dropped faster than they are asked for, it would otherwise be gone each time,
   * and a reader get nothing but gaps.
   */
  async #begin(stream: OpenStream): Promise<string> {
    const end = await this.#stream.end();
    const { deliveries } = await this.#stream.read(stream, 1, 16);
    const [first] = deliveries;
    if (!first) return idOf(end);
    const id = idOf({ mark: end.mark, seq: first.seq - 1 });
    this.#beginning = { id, deliveries: deliveries.filter(({ seq }, n) => seq === first.seq + n) };
    return id;
  }

  #send(letters: readonly Letter[]): Observable<PromiseSettledResult<string>[]> {
    return this.#stream.use(async stream => {
      const results = await Promise.allSettled(letters.map(letter => this.#publish(stream, letter)));
      // It may be gone.
      if (results.some(({ status }) => status === 'rejected')) this.#stream.forget();
      return results;
    });
  }

  async #publish({ subject, mark, duplicateWindow }: OpenStream, letter: Letter): Promise<string> {
    if (letter.mark === undefined) {
      letter.mark = newMark(mark);
      letter.deadline = Math.min(letter.deadline, asyncScheduler.now() + duplicateWindow);
    }
    const { seq } = await this.#stream.publish(subject, letter.text, letter.mark);
    return idOf({ mark: letter.mark, seq });
  }

  #decodeAll(deliveries: readonly Delivery[]): LogEntry<E>[] {
    return deliveries.map(delivery => {
      const id = idOf(delivery);
      try {
        return decodeRecord<E>(delivery.text(), id);
      } catch (error) {
        if (!this.#strangers.has(id)) tell(this.#errorObserver, error);
        this.#remember(id);
        return { id };
      }
    });
  }

  /** The last few, so that they do not add up. */
  #remember(stranger: string): void {
    this.#strangers.add(stranger);
    const [oldest] = this.#strangers;
    if (this.#strangers.size > 1000 && oldest !== undefined) this.#strangers.delete(oldest);
  }
}
