import {
  BehaviorSubject,
  catchError,
  concatMap,
  defer,
  distinctUntilChanged,
  EMPTY,
  filter,
  firstValueFrom,
  from as emit,
  ignoreElements,
  lastValueFrom,
  map,
  Observable,
  of,
  retry,
  share,
  take,
  takeUntil,
  takeWhile,
  tap,
  timer,
} from 'rxjs';
import {
  assertEvent,
  expectOption,
  isCount,
  longestTimer,
  SseEventError,
  SseLogError,
  tell,
  type SseEvent,
} from '../event-stream/index.js';
import { answerOf } from './answerOf.js';
import { Chain, type ChainLink } from './Chain.js';
import { engineRetry } from './engineRetry.js';
import type { EventLog, LogEvent, LogStatus } from './EventLog.js';
import type { LogConfig } from './LogConfig.js';
import type { LogDriver } from './LogDriver.js';
import { LogReader } from './LogReader.js';
import { Pages } from './Pages.js';
import { readTail } from './readTail.js';
import { waitInTurn } from './waitInTurn.js';

/**
 * Makes an event log of an engine. One tail serves all its readers in this process; who is behind reads pages, which those at the
 * same place share; and each joins the tail where it meets it, without a quiet moment and without a buffer of its own. The
 * driver has to know nothing of readers, and tells what it cannot prove.
 *
 * @throws RangeError if an option is out of its range
 * @example
 * ```ts
 * import { NEVER, of } from 'rxjs';
 * import { createLog, type LogDriver } from 'rxjs-sse/log';
 *
 * // An engine that holds nothing.
 * const driver: LogDriver = {
 *   append: () => of('0'),
 *   tip: () => of('0'),
 *   origin: () => of('0'),
 *   page: place => of(place === '0' ? { entries: [], isLast: true } : { gap: 'invalid' }),
 *   tail: () => NEVER,
 *   isTransient: () => true,
 *   close: () => of(undefined),
 * };
 * const log = createLog(driver, { from: 'earliest' });
 * ```
 */
export function createLog<E extends SseEvent = SseEvent>(
  driver: LogDriver<E>,
  config: LogConfig = {},
): EventLog<E> {
  const { from, onGap, maxRecent, maxOutage, idleTimeout, errorObserver, random } = settingsOf(config);
  const status$ = new BehaviorSubject<LogStatus>('idle');
  const closed$ = status$.pipe(filter(status => status === 'closed'));
  const live$ = status$.pipe(
    filter(status => status === 'live'),
    take(1),
  );
  const isOpen = (status: LogStatus) => status !== 'opening';
  const turn = waitInTurn(() => isOpen(status$.value), status$.pipe(filter(isOpen)));
  const chain = new Chain<E>(maxRecent);
  const pages = new Pages(driver, chain, onGap === 'latest' ? 'tip' : 'origin');
  const engine = engineRetry(driver, random, errorObserver);
  const readers = new Set<LogReader<E>>();
  const whenUnread = () => {
    // One that has ended by itself cannot stay.
    const isOver = status$.value === 'idle' || status$.value === 'closed';
    if (isOver || idleTimeout === Infinity) return EMPTY;
    return idleTimeout === 0 ? of(0) : timer(idleTimeout);
  };
  const tail$ = readTail({ driver, chain, pages, status$, engine, maxOutage }).pipe(
    tap(() => {
      // Not by a Subject, whose subscribers each cost a multiple of this.
      for (const reader of readers) reader.advance();
    }),
    ignoreElements(),
    takeUntil(closed$),
    share({ resetOnRefCountZero: whenUnread }),
  );

  /** Waits for the engine where it cannot be read. */
  const whenLive = <T>(ask: () => Observable<T>) =>
    live$.pipe(
      concatMap(() => ask()),
      retry({ delay: engine.after }),
    );
  const reading = {
    end: () => chain.end,
    load: (link: ChainLink<E>) => pages.share(link, whenLive),
    failsOnGap: onGap === 'error',
  };
  const startOf = (lastEventId: string | undefined) => {
    if (lastEventId !== undefined) return of({ link: chain.at(lastEventId), hasPlace: true });
    if (from === 'latest') return of({ link: chain.present, hasPlace: false });
    return answerOf(() => driver.origin()).pipe(map(id => ({ link: chain.at(id), hasPlace: false })));
  };

  return {
    status$: status$.pipe(
      distinctUntilChanged(),
      takeWhile(status => status !== 'closed', true),
    ),

    async append(event) {
      refuseIfClosed();
      assertEvent(event);
      // A reader that begins before it gets it, however long the log takes to open.
      const opening = turn();
      if (opening) await opening;
      refuseIfClosed();
      const appended = chain.appends.send();
      try {
        const id = await firstValueFrom(emit(driver.append(plain(event))));
        appended(id);
        return id;
      } catch (cause) {
        appended();
        if (cause instanceof SseEventError) throw cause;
        throw new SseLogError(driver.isTransient(cause) ? 'outage' : 'refused', { cause });
      }
    },

    after: lastEventId =>
      new Observable<LogEvent<E>>(subscriber => {
        refuseIfClosed();
        subscriber.add(
          tail$.subscribe({
            error: (error: unknown) => subscriber.error(error),
            complete: () => subscriber.complete(),
          }),
        );
        subscriber.add(
          whenLive(() => startOf(lastEventId)).subscribe({
            next: start => {
              const reader = new LogReader(reading, subscriber, start);
              readers.add(reader);
              subscriber.add(() => readers.delete(reader));
              reader.advance();
            },
            error: (error: unknown) => subscriber.error(error),
          }),
        );
      }),

    async tip() {
      refuseIfClosed();
      return firstValueFrom(answerOf(() => driver.tip()).pipe(retry({ delay: engine.after })));
    },

    async close() {
      if (status$.value === 'closed') return;
      status$.next('closed');
      await lastValueFrom(
        defer(() => driver.close()).pipe(
          catchError((error: unknown) => {
            tell(errorObserver, error);
            return EMPTY;
          }),
        ),
        { defaultValue: undefined },
      );
    },
  };

  function refuseIfClosed(): void {
    if (status$.value === 'closed') throw new SseLogError('closed');
  }
}

/** The same with all of its fields its own, since what keeps it copies them. */
function plain<E extends SseEvent>(event: E): E {
  if (Object.getPrototypeOf(event) === Object.prototype) return event;
  const { type, data, retry, comment } = event;
  return { ...event, type, data, retry, comment };
}

/** @throws RangeError if an option is out of its range */
function settingsOf({
  from = 'latest',
  onGap = 'continue',
  maxOutage = Infinity,
  maxRecent = 4096,
  idleTimeout = 10_000,
  errorObserver = error => console.error(error),
  random = Math.random,
}: LogConfig) {
  expectOption({ from }, ['earliest', 'latest'].includes(from), "'earliest' or 'latest'");
  expectOption({ onGap }, ['continue', 'latest', 'error'].includes(onGap), "'continue', 'latest' or 'error'");
  expectOption({ maxOutage }, maxOutage === Infinity || isTimer(maxOutage), 'milliseconds, or Infinity');
  expectOption({ maxRecent }, maxRecent === 0 || isCount(maxRecent), 'a whole number from 0 on');
  expectOption(
    { idleTimeout },
    idleTimeout === Infinity || isTimer(idleTimeout),
    'milliseconds, or Infinity',
  );
  return { from, onGap, maxRecent, maxOutage, idleTimeout, errorObserver, random };
}

function isTimer(milliseconds: unknown): boolean {
  return typeof milliseconds === 'number' && milliseconds >= 0 && milliseconds <= longestTimer;
}
