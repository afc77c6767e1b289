import { inject, Injectable } from '@angular/core';
import { toSignal } from '@angular/core/rxjs-interop';
import { catchError, EMPTY, scan } from 'rxjs';
import { json, ofType } from 'rxjs-sse';
import { SseClient } from 'rxjs-sse/angular';
import { Connection } from './Connection.js';
import { Host, type HostEvent, type HostEvents } from './Host.js';

/** What has come so far. */
interface Feed {
  /** The newest first. */
  readonly latest: readonly HostEvent[];
  readonly count: number;
  /** How many samples did not come, by their numbers; `unknown` once the server began to count anew. */
  readonly missing: number | 'unknown';
  /** The number of the latest sample. */
  readonly number?: number;
}

const none: Feed = { latest: [], count: 0, missing: 0 };

/** The events of the server as one signal: a stream of `SseClient`, RxJS operators, `toSignal`. */
@Injectable({ providedIn: 'root' })
export class LatestEvents {
  readonly connection = new Connection();

  readonly #events$ = inject(SseClient)
    .stream<HostEvents>(inject(Host).url, this.connection.observers)
    .pipe(ofType('sample', 'gap'), json());

  readonly feed = toSignal(
    this.#events$.pipe(
      scan(withEvent, none),
      // A signal of a stream that has failed throws. This one stays as it is, and the connection says why.
      catchError(() => EMPTY),
    ),
    { initialValue: none },
  );
}

function withEvent(feed: Feed, event: HostEvent): Feed {
  const latest = [event, ...feed.latest].slice(0, 40);
  const count = feed.count + 1;
  if (event.type === 'gap') {
    // Those that the server has dropped are told by the number of the next one.
    const missing = event.data.reason === 'trimmed' ? feed.missing : 'unknown';
    return { ...feed, latest, count, missing };
  }
  const { number } = event.data;
  const { missing, number: before = number - 1 } = feed;
  const isAnew = missing === 'unknown' || number <= before;
  return { latest, count, number, missing: isAnew ? missing : missing + number - before - 1 };
}
