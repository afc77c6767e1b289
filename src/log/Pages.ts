import { concatMap, defer, finalize, map, of, share, tap, type Observable } from 'rxjs';
import type { SseEvent } from '../event-stream/index.js';
import { answerOf } from './answerOf.js';
import { gapAfter, type Chain, type ChainLink } from './Chain.js';
import type { GapReason } from './EventLog.js';
import type { LogDriver } from './LogDriver.js';

/** A place whose next events are now linked, if there are any. */
export interface Loaded<E extends SseEvent> {
  /** To go on from: that of the place, or another one of the same id. */
  readonly link: ChainLink<E>;
  /** Where the tail was when the engine was asked, if it had nothing more then. */
  readonly leveledAt: ChainLink<E> | undefined;
}

/** Reads pages from the engine, and links them. */
export class Pages<E extends SseEvent> {
  readonly #driver: LogDriver<E>;
  readonly #chain: Chain<E>;
  readonly #placeAfterGap: 'tip' | 'origin';
  readonly #shared = new Map<string, Observable<Loaded<E>>>();

  constructor(driver: LogDriver<E>, chain: Chain<E>, placeAfterGap: 'tip' | 'origin') {
    this.#driver = driver;
    this.#chain = chain;
    this.#placeAfterGap = placeAfterGap;
  }

  load(link: ChainLink<E>): Observable<Loaded<E>> {
    return defer(() => {
      const { end } = this.#chain;
      return answerOf(() => this.#driver.page(link.id, this.#limit())).pipe(
        concatMap(page =>
          'gap' in page
            ? this.#loadGap(link, page.gap)
            : of({ link: this.#chain.extend(link, page.entries), leveledAt: page.isLast ? end : undefined }),
        ),
      );
    });
  }

  /**
   * The same for all who ask while it is on its way.
   *
   * @param persist what makes one attempt last until it succeeds
   */
  share(
    link: ChainLink<E>,
    persist: (load: () => Observable<Loaded<E>>) => Observable<Loaded<E>>,
  ): Observable<Loaded<E>> {
    return defer(() => {
      const { id } = link;
      const isOver = () => this.#shared.get(id) === page$ && this.#shared.delete(id);
      const page$: Observable<Loaded<E>> =
        this.#shared.get(id) ??
        persist(() => this.load(link)).pipe(
          // Before anybody gets it, since some will ask for the next at once, which may be at the same place.
          tap(isOver),
          finalize(isOver),
          share(),
        );
      this.#shared.set(id, page$);
      return page$;
    });
  }

  /** The gap of one place is nobody else's, and is not linked to it. */
  #loadGap({ id }: ChainLink<E>, reason: GapReason): Observable<Loaded<E>> {
    return answerOf(() => this.#driver[this.#placeAfterGap]()).pipe(
      map(placeAfter => ({ link: gapAfter<E>(id, reason, placeAfter), leveledAt: undefined })),
    );
  }

  /** As many events as make about a megabyte. */
  #limit(): number {
    return Math.min(Math.max(this.#chain.countIn(2 ** 20) || 256, 16), 1024);
  }
}
