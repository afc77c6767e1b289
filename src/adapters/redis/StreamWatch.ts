import { Observable, type Subscriber } from 'rxjs';
import { isRefusal } from './isRefusal.js';
import type { RedisClient } from './RedisClient.js';
import { entriesOf, pairsOf } from './replies.js';

/** A stream that is waited for. */
export interface Watched {
  readonly key: string;
  /** The id after which there may be news. Whoever reads on moves it on. */
  id: string;
}

/** Redis ends a wait by then, and a connection on which it does not is dead. */
const longestBlock = 2000;
/** What one `XREAD` costs grows faster than its keys do. */
const mostStreams = 100;

const watches = new WeakMap<RedisClient, StreamWatch>();

/** That of the client: the logs of a client wait together. */
export function streamWatchOf(client: RedisClient): StreamWatch {
  const watch = watches.get(client) ?? new StreamWatch(client);
  watches.set(client, watch);
  return watch;
}

/** Waits for what is added to streams, over connections of its own, since a connection that waits can do nothing else. */
export class StreamWatch {
  readonly #client: RedisClient;
  readonly #waits = new Set<StreamWait>();

  constructor(client: RedisClient) {
    this.#client = client;
  }

  /** next: something was added after `watched.id`, perhaps long ago. error: nobody knows, since the connection was lost. */
  news(watched: Watched): Observable<unknown> {
    return new Observable(subscriber => {
      const wait = [...this.#waits].find(open => open.hasRoomFor(watched.key)) ?? this.#open();
      wait.add(watched, subscriber);
      subscriber.add(() => wait.remove(watched));
    });
  }

  #open(): StreamWait {
    const wait = new StreamWait(this.#client, () => this.#waits.delete(wait));
    this.#waits.add(wait);
    return wait;
  }
}

/** One connection, made once: when it is lost, whoever waits on it is told, and asks anew. */
class StreamWait {
  readonly #client: RedisClient;
  readonly #connection: RedisClient;
  readonly #watched = new Map<Watched, Subscriber<unknown>>();
  #clientId = '';
  /** What Redis is waiting for, while it is. */
  #question: object | undefined;
  #isOver = false;

  constructor(client: RedisClient, tellOver: () => void) {
    this.#client = client;
    this.#connection = client.duplicate({
      socket: { ...client.options?.socket, socketTimeout: 2 * longestBlock + 1000, reconnectStrategy: false },
      disableOfflineQueue: true,
    });
    // Without a listener the process would end. Whatever fails with it says so, too.
    this.#connection.on('error', () => undefined);
    void this.#askAll().finally(tellOver);
  }

  hasRoomFor(key: string): boolean {
    const isWatched = [...this.#watched.keys()].some(watched => watched.key === key);
    return !this.#isOver && !isWatched && this.#watched.size < mostStreams;
  }

  add(watched: Watched, subscriber: Subscriber<unknown>): void {
    this.#watched.set(watched, subscriber);
    void this.#interrupt();
  }

  remove(watched: Watched): void {
    this.#watched.delete(watched);
    if (this.#watched.size === 0) this.#end();
  }

  async #askAll(): Promise<void> {
    try {
      await this.#connection.connect();
      this.#clientId = String(await this.#connection.sendCommand(['CLIENT', 'ID']));
      while (!this.#isOver) await this.#ask();
    } catch (cause) {
      const error = isRefusal(cause) ? cause : new Error('The connection to Redis was lost', { cause });
      for (const subscriber of this.#watched.values()) subscriber.error(error);
      this.#end();
    }
  }

  async #ask(): Promise<void> {
    const question = [...this.#watched.keys()].map(watched => ({ watched, id: watched.id }));
    const keys = question.map(({ watched }) => watched.key);
    const ids = question.map(({ id }) => id);
    this.#question = question;
    const command = ['XREAD', 'COUNT', '1', 'BLOCK', String(longestBlock), 'STREAMS', ...keys, ...ids];
    const news = newsOf(await this.#connection.sendCommand(command));
    this.#question = undefined;
    for (const { watched, id } of question) {
      const newId = news.get(watched.key);
      if (newId === undefined) continue;
      // Not back to where whoever reads has gone on from.
      if (watched.id === id) watched.id = newId;
      this.#watched.get(watched)?.next(undefined);
    }
  }

  /** Has Redis answer, so that it can be asked for more streams. It may not have got the question yet. */
  async #interrupt(): Promise<void> {
    const question = this.#question;
    while (question && question === this.#question) {
      const unblock = ['CLIENT', 'UNBLOCK', this.#clientId];
      // Where that is not allowed, the wait ends by itself.
      const answer = await this.#client.sendCommand(unblock).catch(() => 1);
      if (answer === 1) return;
    }
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#connection.destroy();
  }
}

/** The id of the first new entry, by key. */
function newsOf(reply: unknown): Map<string, string> {
  return new Map(
    pairsOf(reply).flatMap(([key, entries]) => entriesOf(entries).map(({ id }) => [String(key), id])),
  );
}
