import { defer, repeat, takeUntil, timer, type Observable, type Subscription } from 'rxjs';
import { fromSSE, type ResumePoint } from '../../src/index.js';

/** What a reader got: a number with the id of its event, or a gap with its reason. */
export type Received = { readonly number: number; readonly id: string } | { readonly gap: string };

export interface ClusterReader {
  readonly received: readonly Received[];
  /** How many streams were opened for it. */
  readonly connections: number;
  /** What it failed with. */
  readonly failure: unknown;
  /** The last number that it got, or 0. */
  readonly last: number;
  start(): void;
  /** It goes on where it was when it is started again. */
  stop(): void;
}

/**
 * How a reader moves about. `settled`: it leaves no connection by itself. `restless`: it drops its connection now and then, and has
 * another one at once. `absent`: it goes away now and then, and comes back a little later.
 */
export type Habit = 'settled' | 'restless' | 'absent';

/** @param url where to connect, each time */
export function clusterReader(url: () => string, habit: Habit = 'settled'): ClusterReader {
  const resumePoint: ResumePoint = { lastEventId: '', reconnectionTime: undefined };
  const received: Received[] = [];
  let connections = 0;
  let failure: unknown;
  let last = 0;
  let subscription: Subscription | undefined;

  const moment = (from: number, to: number) => timer(from + (to - from) * Math.random());
  const restlessness$ = defer(() => moment(50, 600)).pipe(repeat());
  const stay$ = fromSSE(url, {
    resumePoint,
    reconnect: {
      delay: () => moment(10, 60),
      ...(habit === 'restless' && { now: restlessness$ }),
    },
    openObserver: () => connections++,
  });
  const life$: Observable<{ type: string; data: string; lastEventId: string }> =
    habit === 'absent'
      ? defer(() => stay$.pipe(takeUntil(moment(50, 600)))).pipe(repeat({ delay: () => moment(0, 200) }))
      : stay$;

  return {
    received,
    get connections() {
      return connections;
    },
    get failure() {
      return failure;
    },
    get last() {
      return last;
    },
    start() {
      subscription = life$.subscribe({
        next({ type, data, lastEventId: id }) {
          if (type === 'gap') received.push({ gap: (JSON.parse(data) as { reason: string }).reason });
          if (type !== 'tick') return;
          const { number } = JSON.parse(data) as { number: number };
          received.push({ number, id });
          last = number;
        },
        error: (error: unknown) => (failure = error),
      });
    },
    stop: () => subscription?.unsubscribe(),
  };
}
