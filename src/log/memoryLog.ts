import { defer, EMPTY, of, Subject } from 'rxjs';
import { encodeEvent, expectOption, isCount, type SseEvent } from '../event-stream/index.js';
import { createLog } from './createLog.js';
import type { EventLog, GapReason } from './EventLog.js';
import type { LogConfig } from './LogConfig.js';
import type { LogDriver, LogEntry } from './LogDriver.js';
import { Retention, type RetentionLimits } from './Retention.js';

export interface MemoryLogConfig extends Pick<LogConfig, 'from' | 'onGap'> {
  /**
   * How many events to keep, a whole number from 1 on; the oldest go first. `Infinity` keeps all, and memory grows.
   *
   * @defaultValue 1000
   */
  readonly maxEvents?: number | undefined;
  /**
   * How many bytes of events to keep, as they are written, from 1 on; the oldest go first. The newest is kept in any case.
   *
   * @defaultValue `Infinity`
   */
  readonly maxBytes?: number | undefined;
  /**
   * How long to keep an event, in milliseconds, from 1 on.
   *
   * @defaultValue `Infinity`
   */
  readonly maxAge?: number | undefined;
}

/**
 * An event log in the memory of this process. When the process ends so does the log, and readers who come back to the next
 * one are told: its ids begin with a random epoch.
 *
 * @throws RangeError if an option is out of its range
 * @example
 * ```ts
 * import express from 'express';
 * import { toSSE } from 'rxjs-sse/express';
 * import { memoryLog } from 'rxjs-sse/log';
 *
 * const prices = memoryLog({ maxEvents: 10_000 });
 * setInterval(() => void prices.append({ type: 'tick', data: Math.random() }), 1000);
 *
 * express().get('/prices', toSSE(() => prices)).listen(3000);
 * ```
 */
export function memoryLog<E extends SseEvent = SseEvent>({
  maxEvents = 1000,
  maxBytes = Infinity,
  maxAge = Infinity,
  ...config
}: MemoryLogConfig = {}): EventLog<E> {
  expectOption(
    { maxEvents },
    maxEvents === Infinity || isCount(maxEvents),
    'a whole number from 1 on, or Infinity',
  );
  expectOption({ maxBytes }, maxBytes >= 1, 'a number from 1 on');
  expectOption({ maxAge }, maxAge >= 1, 'milliseconds, from 1 on');
  // What is in memory is at hand, and a tail costs nothing there.
  const always = { maxRecent: 0, idleTimeout: Infinity };
  return createLog(memoryDriver<E>({ maxEvents, maxBytes, maxAge }), { ...config, ...always });
}

function memoryDriver<E extends SseEvent>(limits: RetentionLimits): LogDriver<E> {
  const epoch = crypto.randomUUID().slice(0, 8);
  const kept = new Retention<LogEntry<E>>(limits);
  const appended$ = new Subject<readonly LogEntry<E>[]>();
  const idAt = (position: number) => `${epoch}.${position}`;

  return {
    append: event => {
      const id = idAt(kept.tip + 1);
      const entry = { ...event, id };
      // Its bytes are made here, once for all readers.
      kept.add(entry, encodeEvent(entry).byteLength);
      appended$.next([entry]);
      return of(id);
    },
    tip: () => of(idAt(kept.tip)),
    origin: () => of(idAt(kept.floor)),
    page: (place, limit) => {
      const position = positionOf(place);
      if (typeof position === 'string') return of({ gap: position });
      // They are there, so it costs nothing to give more of them.
      const entries = kept.after(position, Math.max(limit, 1024));
      return of({ entries, isLast: position + entries.length === kept.tip });
    },
    // One that begins elsewhere has a page to read before.
    tail: place => defer(() => (place === idAt(kept.tip) ? appended$ : EMPTY)),
    isTransient: () => false,
    close: () => of(undefined),
  };

  /** Where a place is, or why it is not. */
  function positionOf(place: string): number | GapReason {
    const [, itsEpoch, digits] = /^([0-9a-f]{8})\.(0|[1-9]\d{0,14})$/.exec(place) ?? [];
    if (digits === undefined) return 'invalid';
    if (itsEpoch !== epoch) return 'reset';
    const position = Number(digits);
    if (position > kept.tip) return 'future';
    return position < kept.floor ? 'trimmed' : position;
  }
}
