import { concat, defer, EMPTY, map, merge, of, type Observable } from 'rxjs';
import type { Resumable, SseEvent } from '../event-stream/index.js';
import { Places } from './Places.js';

/** An event of one of several logs. Its id is the place in all of them. */
export type MergedEvent<Logs extends Readonly<Record<string, Resumable>>> = {
  [Name in keyof Logs & string]: EventOf<Logs[Name]> & { readonly log: Name };
}[keyof Logs & string];

type EventOf<Log> = Log extends { after(lastEventId: string | undefined): Observable<infer E> } ? E : never;

/**
 * Many logs over one connection, each of which is resumed exactly where the reader was. The id of an event is the list of its
 * places in all of them, such as `prices=1795570731197-0&news=5e8d03a1.42`.
 *
 * A log that the list does not have, since it is new, begins as for a reader without an id; one that is no longer there is passed
 * over. An id that is no such list is a `gap`, `invalid`, and every log begins so.
 *
 * next: an event, and in its `log` the name of the one that it comes from. That is not written to the stream, where types tell; only the
 * `gap` of a log has the name in its data. error: that of any log, or RangeError if the list is longer than 4096 characters: a header
 * has to carry it. complete: all logs have been closed.
 *
 * @example
 * ```ts
 * import express from 'express';
 * import { toSSE } from 'rxjs-sse/express';
 * import { memoryLog, mergeLogs } from 'rxjs-sse/log';
 *
 * const prices = memoryLog();
 * const news = memoryLog({ from: 'earliest' });
 *
 * express().get('/all', toSSE(() => mergeLogs({ prices, news }))).listen(3000);
 * ```
 */
export function mergeLogs<Logs extends Readonly<Record<string, Resumable>>>(
  logs: Logs,
): Resumable<MergedEvent<Logs>>;
// What the names are to the events is more than can be inferred.
export function mergeLogs(logs: Readonly<Record<string, Resumable>>): object {
  const merged: Resumable = {
    after: lastEventId =>
      defer(() => {
        const places = new Places(Object.keys(logs), lastEventId);
        const isUnknown = lastEventId !== undefined && places.size === 0;
        const events = Object.entries(logs).map(([name, log]) =>
          log.after(places.at(name)).pipe(map(event => labelled(event, name, places))),
        );
        return concat(isUnknown ? of(unknownPlace) : EMPTY, merge(...events));
      }),
  };
  return merged;
}

const unknownPlace = { type: 'gap', data: { reason: 'invalid' } };

function labelled(event: SseEvent, log: string, places: Places): SseEvent {
  const { id, type, data } = event;
  const labels = type === 'gap' && isObject(data) ? { log, data: { ...data, log } } : { log };
  // Without an id it is no place to come back to, nor is it in the list.
  if (!id) return { ...event, ...labels };
  places.move(log, id);
  return { ...event, ...labels, id: places.toId() };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
