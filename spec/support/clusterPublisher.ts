import { defer, lastValueFrom, retry, takeWhile, throwError, timer } from 'rxjs';
import { SseLogError } from '../../src/index.js';
import type { EventLog } from '../../src/log/index.js';
import type { ClusterEvent } from './clusterLog.js';

export interface ClusterPublisher {
  /** The ids of what is published, by their numbers from 1 on. */
  readonly ids: ReadonlyMap<number, string>;
  /** How many appends are under way. */
  readonly pending: number;
  /** Of how many appends nobody knew whether they were kept. */
  readonly doubts: number;
  /**
   * Appends further numbers, each once, and in order. An engine that fails meanwhile holds it up. They are sent at once: no more than
   * what goes into a socket at once, or an engine may keep later ones alone.
   */
  publish(count: number): Promise<void>;
}

/** @param size of each event, in bytes, beside its number */
export function clusterPublisher(log: EventLog<ClusterEvent>, size: number): ClusterPublisher {
  const text = '.'.repeat(size);
  const ids = new Map<number, string>();
  let pending = 0;
  let doubts = 0;

  return {
    ids,
    get pending() {
      return pending;
    },
    get doubts() {
      return doubts;
    },
    publish: count => appendAll(Array.from({ length: count }, (_, n) => ids.size + 1 + n)),
  };

  async function appendAll(numbers: readonly number[]): Promise<void> {
    const [first = 0] = numbers;
    if (first === 0) return;
    const lastId = ids.get(first - 1);
    const results = await Promise.allSettled(numbers.map(append));
    for (const result of results) {
      if (result.status === 'fulfilled') continue;
      if (!isOutage(result.reason)) throw result.reason;
      doubts++;
    }
    if (numbers.every(number => ids.has(number))) return;
    await lookAfter(lastId);
    await appendAll(numbers.filter(number => !ids.has(number)));
  }

  async function append(number: number): Promise<void> {
    pending++;
    try {
      ids.set(number, await log.append({ type: 'tick', data: { number, text } }));
    } finally {
      pending--;
    }
  }

  /** Looks what was kept after the last one that is known to be, and before a mark that is made now. */
  async function lookAfter(lastId: string | undefined): Promise<void> {
    const append$ = defer(() => log.append({ type: 'mark', data: '' }));
    const mark = await lastValueFrom(
      append$.pipe(retry({ delay: error => (isOutage(error) ? timer(50) : throwError(() => error)) })),
    );
    await log
      .after(lastId)
      .pipe(takeWhile(({ id }) => id !== mark))
      .forEach(({ id, data }) => {
        if (typeof data === 'object' && 'number' in data) ids.set(data.number, id);
      });
  }
}

function isOutage(error: unknown): boolean {
  return error instanceof SseLogError && error.reason === 'outage';
}
