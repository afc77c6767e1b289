import { asyncScheduler, type Observable, type Subscriber } from 'rxjs';
import { SseLogError, type SseEvent } from '../event-stream/index.js';
import type { ChainLink } from './Chain.js';
import type { LogEvent } from './EventLog.js';
import type { Loaded } from './Pages.js';

/** What a reader needs of its log. */
export interface LogReaderConfig<E extends SseEvent> {
  /** As far as the tail has come. */
  readonly end: () => ChainLink<E>;
  /** Links what follows a place, if anything does. */
  readonly load: (link: ChainLink<E>) => Observable<Loaded<E>>;
  readonly failsOnGap: boolean;
}

/** Goes from link to link. Where they end before the tail is reached, it has more of them linked. */
export class LogReader<E extends SseEvent> {
  readonly #config: LogReaderConfig<E>;
  readonly #subscriber: Subscriber<LogEvent<E>>;
  #link: ChainLink<E>;
  /** Whether whoever reads knows where it is. */
  #hasPlace: boolean;
  /** Whether it is on its way already, further up, or waits for a page or for its turn. */
  #isBusy = false;

  constructor(
    config: LogReaderConfig<E>,
    subscriber: Subscriber<LogEvent<E>>,
    { link, hasPlace }: { readonly link: ChainLink<E>; readonly hasPlace: boolean },
  ) {
    this.#config = config;
    this.#subscriber = subscriber;
    this.#link = link;
    this.#hasPlace = hasPlace;
  }

  /** Goes as far as the links do. */
  advance(): void {
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.#goOn();
  }

  /**
   * @param count how many events it has given in this turn
   * @param leveledAt where the tail was when the engine had nothing more than is linked
   */
  #goOn(count = 0, leveledAt?: ChainLink<E>): void {
    for (let given = count; !this.#subscriber.closed; given++) {
      // What is appended in the middle of it, by whoever gets an event, has its turn in this loop.
      const { next } = this.#link;
      if (!next) return this.#pause(given, leveledAt);
      if (given === mostInTurn) return this.#goOnLater();
      this.#link = next;
      this.#give(next);
    }
  }

  #give({ event, gap }: ChainLink<E>): void {
    this.#hasPlace = true;
    if (gap && this.#config.failsOnGap) this.#subscriber.error(new SseLogError('gap', { gap }));
    else if (event) this.#subscriber.next(event);
  }

  #pause(given: number, leveledAt: ChainLink<E> | undefined): void {
    const end = this.#config.end();
    if (this.#link.id === end.id) this.#link = end;
    // The tail may have gone past this place meanwhile, without a link to it.
    if (this.#link !== end && leveledAt !== end) return this.#load(given);
    this.#isBusy = false;
    if (this.#hasPlace) return;
    // So that a reader which is cut off before its first event comes back to this place.
    this.#hasPlace = true;
    this.#subscriber.next({ id: this.#link.id });
  }

  #load(given: number): void {
    this.#subscriber.add(
      this.#config.load(this.#link).subscribe({
        next: ({ link, leveledAt }) => {
          this.#link = link;
          this.#goOn(given, leveledAt);
        },
        error: (error: unknown) => this.#subscriber.error(error),
      }),
    );
  }

  /** So that others have a turn, too. */
  #goOnLater(): void {
    this.#subscriber.add(asyncScheduler.schedule(() => this.#goOn()));
  }
}

const mostInTurn = 1024;
