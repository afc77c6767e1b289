import { concatMap, defer, finalize, map, of, share, type Observable } from 'rxjs';
import type { SseEvent } from '../event-stream/index.js';
import { answerOf } from './answerOf.js';
import type { Chain, ChainLink } from './Chain.js';
import type { GapReason } from './EventLog.js';
import type { LogDriver } from './LogDriver.js';

/** A place whose next events are now linked to it, if there are any. */
export interface Loaded<E extends SseEvent> {
  readonly link: ChainLink<E>;
  /** Whether the log had nothing more. */
  readonly isLast: boolean;
}

/** Reads pages from the engine, and links them. Who asks for one that is on its way shares it. */
export class Pages<E extends SseEvent> {
  readonly #driver: LogDriver<E>;
  readonly #chain: Chain<E>;
  readonly #placeAfterGap: 'tip' | 'origin';
  readonly #loading = new Map<string, Observable<Loaded<E>>>();

  constructor(driver: LogDriver<E>, chain: Chain<E>, placeAfterGap: 'tip' | 'origin') {
    this.#driver = driver;
    this.#chain = chain;
    this.#placeAfterGap = placeAfterGap;
  }

  /** The link may be that of another who has asked for the same place. */
  load(link: ChainLink<E>): Observable<Loaded<E>> {
    const { id } = link;
    return defer(() => {
      const loading = this.#loading.get(id) ?? this.#read(link).pipe(share());
      this.#loading.set(id, loading);
      return loading;
    });
  }

  #read(link: ChainLink<E>): Observable<Loaded<E>> {
    return answerOf(() => this.#driver.page(link.id, this.#limit())).pipe(
      concatMap(page => {
        if ('gap' in page) return this.#break(link, page.gap);
        this.#chain.extend(link, page.entries);
        return of({ link, isLast: page.isLast });
      }),
      finalize(() => this.#loading.delete(link.id)),
    );
  }

  #break(link: ChainLink<E>, reason: GapReason): Observable<Loaded<E>> {
    return answerOf(() => this.#driver[this.#placeAfterGap]()).pipe(
      map(id => {
        this.#chain.break(link, reason, id);
        return { link, isLast: false };
      }),
    );
  }

  /** As many events as make about a megabyte. */
  #limit(): number {
    return Math.min(Math.max(this.#chain.countIn(2 ** 20) || 256, 16), 1024);
  }
}
