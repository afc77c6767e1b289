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
  lastValueFrom,
  map,
  Observable,
  of,
  retry,
  share,
  take,
  takeUntil,
  takeWhile,
  timer,
} from 'rxjs';
import {
  encodeEvent,
  expectOption,
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
  const { from, onGap, maxOutage, idleTimeout, errorObserver, random } = settingsOf(config);
  const status$ = new BehaviorSubject<LogStatus>('idle');
  const closed$ = status$.pipe(filter(status => status === 'closed'));
  const live$ = status$.pipe(
    filter(status => status === 'live'),
    take(1),
  );
  const opened$ = status$.pipe(filter(status => status !== 'opening'));
  const chain = new Chain<E>();
  const pages = new Pages(driver, chain, onGap === 'latest' ? 'tip' : 'origin');
  const engine = engineRetry(driver, random, errorObserver);
  const tail$ = readTail({ driver, chain, pages, status$, engine, maxOutage }).pipe(
    takeUntil(closed$),
    share({ resetOnRefCountZero: idleTimeout === 0 || (() => timer(idleTimeout)) }),
  );

  /** Waits for the engine where it cannot be read. */
  const whenLive = <T>(ask: () => Observable<T>) =>
    live$.pipe(
      concatMap(() => ask()),
      retry({ delay: engine.after }),
    );
  const reading = {
    end: () => chain.end,
    load: (link: ChainLink<E>) => whenLive(() => pages.load(link)),
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
      // It would stop every reader at its place.
      encodeEvent(event);
      // A reader that begins before it gets it, however long the log takes to open.
      if (status$.value === 'opening') await firstValueFrom(opened$);
      refuseIfClosed();
      try {
        const id = await firstValueFrom(emit(driver.append(event)));
        chain.append(id);
        return id;
      } catch (cause) {
        if (cause instanceof SseEventError) throw cause;
        throw new SseLogError(driver.isTransient(cause) ? 'outage' : 'refused', { cause });
      }
    },

    after: lastEventId =>
      new Observable<LogEvent<E>>(subscriber => {
        refuseIfClosed();
        let reader: LogReader<E> | undefined;
        subscriber.add(
          tail$.subscribe({
            next: () => reader?.advance(),
            error: (error: unknown) => subscriber.error(error),
            complete: () => subscriber.complete(),
          }),
        );
        subscriber.add(
          whenLive(() => startOf(lastEventId)).subscribe({
            next: start => {
              reader = new LogReader(reading, subscriber, start);
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

/** @throws RangeError if an option is out of its range */
function settingsOf({
  from = 'latest',
  onGap = 'continue',
  maxOutage = Infinity,
  idleTimeout = 10_000,
  errorObserver = error => console.error(error),
  random = Math.random,
}: LogConfig) {
  expectOption({ from }, ['earliest', 'latest'].includes(from), "'earliest' or 'latest'");
  expectOption({ onGap }, ['continue', 'latest', 'error'].includes(onGap), "'continue', 'latest' or 'error'");
  expectOption({ maxOutage }, maxOutage === Infinity || isTimer(maxOutage), 'milliseconds, or Infinity');
  expectOption({ idleTimeout }, isTimer(idleTimeout), 'milliseconds');
  return { from, onGap, maxOutage, idleTimeout, errorObserver, random };
}

function isTimer(milliseconds: unknown): boolean {
  return typeof milliseconds === 'number' && milliseconds >= 0 && milliseconds <= longestTimer;
}
