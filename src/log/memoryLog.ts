import { Observable } from 'rxjs';
import { encodeEvent, type SseEvent } from '../event-stream/index.js';
import type { EventLog, GapEvent, GapReason, PlaceEvent } from './EventLog.js';

export interface MemoryLogConfig {
  /**
   * How many events to keep, a whole number from 1 on; the oldest go first. `Infinity` keeps all, and memory grows.
   *
   * @defaultValue 1000
   */
  readonly maxEvents?: number | undefined;
}

/**
 * An event log in the memory of this process. When the process ends so does the log, and readers who come back to the next
 * one are told: its ids begin with a random epoch.
 *
 * @throws RangeError if `maxEvents` is neither a whole number from 1 on nor `Infinity`
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
}: MemoryLogConfig = {}): EventLog<E> {
  type Entry = E & { readonly id: string };
  if (maxEvents !== Infinity && !(Number.isInteger(maxEvents) && maxEvents >= 1)) {
    throw new RangeError(`Expected maxEvents to be a whole number from 1 on, got ${maxEvents}`);
  }

  const epoch = crypto.randomUUID().slice(0, 8);
  const entries: Entry[] = [];
  const readers = new Set<() => void>();
  let tip = 0;

  const idAt = (position: number) => `${epoch}.${position}`;
  /** Everything at or before it has been dropped, or never was. */
  const floor = () => Math.max(0, tip - maxEvents);
  /** The entries are a ring: the one at a position takes the place of the one `maxEvents` before it. */
  const slot = (position: number) => position % maxEvents;

  return {
    append: event =>
      // All of it happens at once. What is thrown in here is a rejection.
      new Promise(resolve => {
        // An event that cannot be written would stop every reader at its place.
        encodeEvent(event);
        const entry = { ...event, id: idAt(tip + 1) };
        // Its bytes are kept, for all of them.
        encodeEvent(entry);
        entries[slot(++tip)] = entry;
        for (const read of readers) read();
        resolve(entry.id);
      }),

    after(lastEventId) {
      return new Observable<Entry | GapEvent | PlaceEvent>(subscriber => {
        const place = lastEventId === undefined ? tip : positionOf(lastEventId);
        let position = typeof place === 'number' ? place : floor();
        // Not before the reader knows its place.
        let isReading = true;

        // An append in the middle of it, by whoever gets an event, is read by the loop under way: the order stays.
        const read = () => {
          if (isReading) return;
          isReading = true;
          while (position < tip && !subscriber.closed) {
            if (position < floor()) tellGap('trimmed');
            else next(entries[slot(++position)]);
          }
          isReading = false;
        };
        const next = (entry: Entry | undefined) => {
          if (entry) subscriber.next(entry);
        };
        const tellGap = (reason: GapReason) => {
          position = floor();
          subscriber.next({ type: 'gap', data: { reason }, id: idAt(position) });
        };

        readers.add(read);
        subscriber.add(() => readers.delete(read));
        if (typeof place === 'string') tellGap(place);
        // So that a reader which is cut off before its first event comes back to this place.
        else if (lastEventId === undefined) subscriber.next({ id: idAt(position) });
        isReading = false;
        read();
      });
    },
  };

  /** Where the id is in this log, or why it is not. */
  function positionOf(id: string): number | GapReason {
    const [, itsEpoch, digits] = /^([0-9a-f]{8})\.(\d{1,15})$/.exec(id) ?? [];
    if (digits === undefined) return 'invalid';
    if (itsEpoch !== epoch) return 'reset';
    const position = Number(digits);
    if (position > tip) return 'future';
    return position < floor() ? 'trimmed' : position;
  }
}
