import {
  asyncScheduler,
  concat,
  defer,
  distinctUntilChanged,
  EMPTY,
  expand,
  map,
  merge,
  NEVER,
  of,
  repeat,
  retry,
  switchMap,
  tap,
  timer,
  type BehaviorSubject,
  type Observable,
} from 'rxjs';
import { SseLogError, type SseEvent } from '../event-stream/index.js';
import { answerOf } from './answerOf.js';
import type { Chain } from './Chain.js';
import type { EngineRetry } from './engineRetry.js';
import type { LogStatus } from './EventLog.js';
import type { LogDriver } from './LogDriver.js';
import type { Pages } from './Pages.js';

export interface TailConfig<E extends SseEvent> {
  readonly driver: LogDriver<E>;
  readonly chain: Chain<E>;
  readonly pages: Pages<E>;
  readonly status$: BehaviorSubject<LogStatus>;
  readonly engine: EngineRetry;
  /** Milliseconds, or `Infinity`. */
  readonly maxOutage: number;
}

/**
 * Has the chain grow by what is appended anywhere, from the time of its first subscriber on.
 *
 * next: readers may find something, or are where the tail is. error: {@link SseLogError}, after a `maxOutage`, or at once if the
 * engine will not be read as things are set up.
 */
export function readTail<E extends SseEvent>(config: TailConfig<E>): Observable<unknown> {
  const { driver, chain, pages, status$, engine, maxOutage } = config;

  return defer(() => {
    let isBegun = false;
    let failures = 0;
    let liveSince = Infinity;
    let lastError: unknown;

    const begin$ = answerOf(() => driver.tip()).pipe(
      tap(id => {
        isBegun = true;
        chain.begin(id);
      }),
    );
    const page$ = defer(() => {
      chain.skip();
      return pages.load(chain.end);
    }).pipe(
      tap(({ link }) => {
        const isWhole = link === chain.end;
        chain.lead(link);
        chain.skip();
        // An engine that drops events faster than they can be read would keep readers waiting for ever.
        if (!isWhole && status$.value !== 'live') status$.next('live');
      }),
    );
    const tail$ = defer(() => {
      liveSince = asyncScheduler.now();
      status$.next('live');
      return driver.tail(chain.end.id);
    }).pipe(
      tap(entries => {
        if (entries.length > 0) failures = 0;
        chain.grow(entries);
      }),
    );
    /** One that has gone well for a while begins to count anew. */
    const countFailure = () => {
      if (asyncScheduler.now() - liveSince > 10_000) failures = 0;
      liveSince = Infinity;
      return ++failures;
    };

    const read$ = concat(
      defer(() => (isBegun ? EMPTY : begin$)),
      // Proves that nothing is missing between the last tail and the next.
      page$.pipe(expand(({ leveledAt }) => (leveledAt ? EMPTY : page$))),
      tail$,
    ).pipe(
      retry({
        delay: error => {
          lastError = error;
          status$.next('recovering');
          return engine.after(error, countFailure());
        },
      }),
      // A tail that could not follow is no failure, if it has come anywhere.
      repeat({ delay: () => (failures === 0 ? of(++failures) : engine.wait(countFailure())) }),
    );
    const outage$ = status$.pipe(
      map(status => status === 'live'),
      distinctUntilChanged(),
      switchMap(isLive => (isLive || maxOutage === Infinity ? NEVER : timer(maxOutage))),
      map(() => {
        throw new SseLogError('outage', { cause: lastError });
      }),
    );

    status$.next('opening');
    const end = () => {
      if (status$.value !== 'closed') status$.next('idle');
    };
    return merge(outage$, read$).pipe(tap({ error: end, unsubscribe: end }));
  });
}
