import { timer, type Observable, type Subscriber } from 'rxjs';
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

  /** @param leveledAt where the tail was when the engine had nothing more than is linked */
  #goOn(leveledAt?: ChainLink<E>): void {
    for (let given = 0; !this.#subscriber.closed; given++) {
      // What is appended in the middle of it, by whoever gets an event, has its turn in this loop.
      const { next } = this.#link;
      if (!next && this.#isThere(leveledAt)) return this.#wait();
      // So that others have a turn, too; and who has got enough for now is gone by then, and asks for no page. A gap is little.
      const hasEnough = given > 0 && this.#link.gap === undefined;
      if (given === mostInTurn || (!next && hasEnough)) return this.#goOnLater();
      if (!next) return this.#load();
      this.#link = next;
      this.#give(next);
    }
  }

  #give({ event, gap }: ChainLink<E>): void {
    this.#hasPlace = true;
    if (gap && this.#config.failsOnGap) this.#subscriber.error(new SseLogError('gap', { gap }));
    else if (event) this.#subscriber.next(event);
  }

  #isThere(leveledAt: ChainLink<E> | undefined): boolean {
    const end = this.#config.end();
    if (this.#link.id === end.id) this.#link = end;
    // The tail may have gone past this place meanwhile, without a link to it.
    return this.#link === end || leveledAt === end;
  }

  #wait(): void {
    this.#isBusy = false;
    if (this.#hasPlace) return;
    // So that a reader which is cut off before its first event comes back to this place.
    this.#hasPlace = true;
    this.#subscriber.next({ id: this.#link.id });
  }

  #load(): void {
    this.#subscriber.add(
      this.#config.load(this.#link).subscribe({
        next: ({ link, leveledAt }) => {
          this.#link = link;
          this.#goOn(leveledAt);
        },
        error: (error: unknown) => this.#subscriber.error(error),
      }),
    );
  }

  #goOnLater(): void {
    this.#subscriber.add(timer(0).subscribe(() => this.#goOn()));
  }
}

const mostInTurn = 1024;
