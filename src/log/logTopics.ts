import {
  concat,
  defer,
  distinctUntilChanged,
  EMPTY,
  filter,
  finalize,
  map,
  of,
  Subject,
  switchMap,
} from 'rxjs';
import { expectOption, longestTimer, SseLogError, type SseEvent } from '../event-stream/index.js';
import type { EventLog, LogStatus } from './EventLog.js';

export interface LogTopicsConfig {
  /**
   * How long a topic stays open that nobody reads and nobody appends to, in milliseconds. A log in memory is then forgotten: who
   * comes back later is told of a gap.
   *
   * @defaultValue 300 000: five minutes
   */
  readonly idleTimeout?: number | undefined;
}

/** Logs by name. */
export interface LogTopics<E extends SseEvent = SseEvent> {
  /**
   * The log of that name, which is opened when it is first used, and closed when it is idle; used again, it is opened again. Its
   * `close()` only closes what is open. Names that come from a request are to be checked before: each is a log.
   */
  topic(name: string): EventLog<E>;
  /** Closes all of them, for good. */
  close(): Promise<void>;
}

interface OpenTopic<E extends SseEvent> {
  readonly log: EventLog<E>;
  /** How many use it now. */
  users: number;
  idle: ReturnType<typeof setTimeout> | undefined;
}

/**
 * Logs by name, such as one for each chat room: `logs.topic('garden')`.
 *
 * @param create makes the log of a name, each time that it is opened
 * @throws RangeError if `idleTimeout` is out of its range
 * @example
 * ```ts
 * import express, { type Request } from 'express';
 * import { toSSE } from 'rxjs-sse/express';
 * import { logTopics, memoryLog } from 'rxjs-sse/log';
 *
 * const rooms = logTopics(() => memoryLog({ maxEvents: 100 }));
 *
 * type InRoom = Request<{ room: string }>;
 *
 * const app = express();
 * app.get('/rooms/:room', toSSE(({ params }: InRoom) => rooms.topic(params.room)));
 * app.post('/rooms/:room', express.json(), async ({ params, body }: InRoom, response) => {
 *   response.json({ id: await rooms.topic(params.room).append({ data: body }) });
 * });
 * app.listen(3000);
 * ```
 */
export function logTopics<E extends SseEvent = SseEvent>(
  create: (name: string) => EventLog<E>,
  { idleTimeout = 300_000 }: LogTopicsConfig = {},
): LogTopics<E> {
  expectOption({ idleTimeout }, idleTimeout >= 0 && idleTimeout <= longestTimer, 'milliseconds');
  const opened = new Map<string, OpenTopic<E>>();
  /** That one was opened or closed. */
  const change$ = new Subject<void>();
  let isClosed = false;

  const enter = (name: string) => {
    if (isClosed) throw new SseLogError('closed');
    const topic = opened.get(name) ?? { log: create(name), users: 0, idle: undefined };
    clearTimeout(topic.idle);
    topic.users++;
    opened.set(name, topic);
    if (topic.users === 1) change$.next();
    return topic;
  };
  const leave = (name: string, topic: OpenTopic<E>) => {
    topic.users--;
    if (topic.users > 0 || opened.get(name) !== topic) return;
    topic.idle = setTimeout(() => void shut(name), idleTimeout);
    // An idle topic does not keep the process alive. Where timers are numbers there is no process.
    if (typeof topic.idle === 'object') topic.idle.unref();
  };
  const use = async <T>(name: string, what: (log: EventLog<E>) => Promise<T>) => {
    const topic = enter(name);
    try {
      return await what(topic.log);
    } finally {
      leave(name, topic);
    }
  };
  const shut = async (name: string) => {
    const topic = opened.get(name);
    clearTimeout(topic?.idle);
    opened.delete(name);
    change$.next();
    await topic?.log.close();
  };

  return {
    topic: name => ({
      append: event => use(name, log => log.append(event)),
      tip: () => use(name, log => log.tip()),
      after: lastEventId =>
        defer(() => {
          const topic = enter(name);
          return defer(() => topic.log.after(lastEventId)).pipe(finalize(() => leave(name, topic)));
        }),
      status$: concat(
        defer(() => (isClosed ? EMPTY : concat(of(undefined), change$))).pipe(
          map(() => opened.get(name)?.log),
          distinctUntilChanged(),
          switchMap(log => log?.status$.pipe(filter(status => status !== 'closed')) ?? of<LogStatus>('idle')),
          distinctUntilChanged(),
        ),
        of<LogStatus>('closed'),
      ),
      close: () => shut(name),
    }),
    async close() {
      isClosed = true;
      change$.complete();
      await Promise.all([...opened.keys()].map(shut));
    },
  };
}
