import { from, type BehaviorSubject, type InteropObservable, type Observable } from 'rxjs';
import type { Resumable, SseEvent } from '../event-stream/index.js';
import { hasMethod } from './hasMethod.js';
import { isObject } from './isObject.js';
import { isPullable, pullByRoom, type Pullable } from './pullByRoom.js';
import { rereadByRoom } from './rereadByRoom.js';

/**
 * Where events come from. Each kind is slowed by a slow reader as far as it can be: what gives events when it is asked is not
 * asked, what can be read from a place is left and read again. An Observable goes on, and `overflow` says what becomes of it.
 */
export type SseSource<E extends SseEvent = SseEvent> =
  Observable<E> | InteropObservable<E> | Pullable<E> | Resumable<E>;

/** Who reads, as far as a source is concerned. */
export interface Reader {
  readonly lastEventId: string | undefined;
  readonly hasRoom$: BehaviorSubject<boolean>;
  /** Gets what fails once the reader has gone. */
  readonly reportLate: (error: unknown) => void;
}

/** @throws TypeError if the source is none */
export function readByRoom<E extends SseEvent>(
  source: SseSource<E>,
  { lastEventId, hasRoom$, reportLate }: Reader,
): Observable<E> {
  if (!isObject(source)) {
    throw new TypeError(`Expected the project to return a source of events, got ${String(source)}`);
  }
  if (isResumable(source)) return rereadByRoom(source, lastEventId, hasRoom$);
  if (isPullable<E>(source)) return pullByRoom(source, hasRoom$, reportLate);
  return from(source);
}

function isResumable<E extends SseEvent>(source: SseSource<E>): source is Resumable<E> {
  return hasMethod(source, 'after');
}
