import { from, Observable } from 'rxjs';
import type { SseEvent } from '../event-stream/index.js';
import type { EventWriter } from './EventWriter.js';
import type { Exchange } from './Exchange.js';
import { isPromise } from './isPromise.js';
import { isPullable } from './pullByRoom.js';
import { readByRoom, type SseSource } from './readByRoom.js';
import type { SseProject } from './SseProject.js';
import type { Settings } from './ToSseConfig.js';

/** Asks the project for a source, now or later, and has its events written. */
export function answer<Request, Response, E extends SseEvent>(
  exchange: Exchange<Request, Response>,
  writer: EventWriter<Request, E>,
  project: SseProject<Request, E, Response>,
  { isEager, takeUntil }: Settings<Request, E, Response>,
): void {
  const { request, response, lastEventId } = exchange;
  const { hasRoom$, subscription } = writer;
  const departure = new AbortController();
  const { signal } = departure;
  subscription.add(() => departure.abort());
  const context = { lastEventId, writable$: hasRoom$.asObservable(), signal, response };

  try {
    writer.endBy(from(takeUntil(request, context)));
    // The end may have come before the project was asked.
    if (isOver()) return;
    const source = project(request, context);
    if (isPromise(source)) source.then(read).then(undefined, fail);
    else read(source);
  } catch (error) {
    fail(error);
  }

  function read(source: SseSource<E>): void {
    // Too late. But what is open already is still to be closed.
    if (isOver() && !isPullable(source)) return;
    const events$ = new Observable<E>(subscriber => {
      // First, since a synchronous source must be left while it is still being subscribed to.
      subscription.add(subscriber);
      const source$ = readByRoom(source, { lastEventId, hasRoom$, reportLate });
      try {
        return source$.subscribe(subscriber);
      } catch (error) {
        // The source has ended already, and failed to clean up.
        writer.reportError(error);
        return;
      }
    });
    events$.subscribe(writer);
    if (isEager) writer.open();
  }

  function fail(error: unknown): void {
    if (isOver()) reportLate(error);
    else writer.error(error);
  }

  function isOver(): boolean {
    // Someone else may have answered.
    if (exchange.isGone) writer.gone(false);
    return signal.aborted;
  }

  function reportLate(error: unknown): void {
    if (!isGivingUp(error)) writer.reportError(error);
  }
}

/** Work that was given up because the reader left did what it should: an aborted `fetch`, a stream of Node that was destroyed. */
function isGivingUp(error: unknown): boolean {
  try {
    if (!(error instanceof Error)) return false;
    return error.name === 'AbortError' || ('code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE');
  } catch {
    // Anything can be thrown, also what lets nobody look at it.
    return false;
  }
}
