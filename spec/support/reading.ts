import { firstValueFrom, Subject, type Observable } from 'rxjs';
import type { LogEvent } from '../../src/log/index.js';

/** A reader of a log, and what it has got. */
export interface Reading {
  readonly events: readonly LogEvent[];
  /** The data of events and of gaps, without what only carries an id. */
  readonly data: readonly unknown[];
  /** Waits until it has got as many data, and gives all that it has. */
  readonly until: (count: number) => Promise<readonly unknown[]>;
  /** Waits until it knows where it is. */
  readonly placed: () => Promise<string>;
  /** `complete`, or the error. */
  readonly over: Promise<unknown>;
  /** The last id that it got. */
  readonly leave: () => string | undefined;
}

export function readingOf(events$: Observable<LogEvent>): Reading {
  const events: LogEvent[] = [];
  const data: unknown[] = [];
  const news = new Subject<void>();
  let outcome: { readonly is: unknown } | undefined;

  const finish = (is: unknown) => {
    outcome = { is };
    news.next();
  };
  const waitFor = async (what: string, isThere: () => boolean) => {
    while (!isThere()) {
      if (outcome) throw new Error(`Expected ${what}, got ${JSON.stringify(data)} and ${String(outcome.is)}`);
      await firstValueFrom(news);
    }
  };
  const untilOver = async () => {
    while (!outcome) await firstValueFrom(news);
    return outcome.is;
  };
  const over = untilOver();
  const subscription = events$.subscribe({
    next(event) {
      events.push(event);
      if ('data' in event) data.push(event.data);
      news.next();
    },
    error: finish,
    complete: () => finish('complete'),
  });

  return {
    events,
    data,
    over,
    async until(count) {
      await waitFor(`${count} events`, () => data.length >= count);
      return data;
    },
    async placed() {
      await waitFor('a place', () => events.length > 0);
      return events[0]?.id ?? '';
    },
    leave() {
      subscription.unsubscribe();
      return events.at(-1)?.id;
    },
  };
}
