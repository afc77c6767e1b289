import { defer, map, merge, type Observable } from 'rxjs';
import { expectOption, type Resumable, type SseEvent } from '../event-stream/index.js';
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
 * over. An id that is no such list goes to each of them, which says that it is `invalid`.
 *
 * next: an event, and in its `log` the name of the one that it comes from. That is not written to the stream, where types tell; only the
 * `gap` of a log has the name in its data. error: that of any log, or RangeError if the list is longer than 4096 characters: a header
 * has to carry it. complete: all logs have been closed.
 *
 * @throws RangeError if a log has no name
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
  const names = Object.keys(logs);
  for (const name of names) expectOption({ name }, isName(name), 'well-formed text');
  const merged: Resumable = {
    after: lastEventId =>
      defer(() => {
        const places = new Places(names, lastEventId);
        const events = Object.entries(logs).map(([name, log]) =>
          log.after(places.at(name)).pipe(map(event => labelled(event, name, places))),
        );
        return merge(...events);
      }),
  };
  return merged;
}

/** Not a lone surrogate, which no id can have in it. */
function isName(name: string): boolean {
  return name !== '' && !/\p{Surrogate}/u.test(name);
}

function labelled(event: SseEvent, log: string, places: Places): SseEvent {
  const { id, ...content } = event;
  const { type, data } = content;
  const labels = type === 'gap' && isObject(data) ? { log, data: { ...data, log } } : { log };
  // Without an id it is no place to come back to, nor is it in the list.
  if (!id) return { ...content, ...labels };
  places.move(log, id);
  return { ...content, ...labels, id: places.toId() };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
