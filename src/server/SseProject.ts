import type { Observable } from 'rxjs';
import type { SseEvent } from '../event-stream/index.js';
import type { SseSource } from './readByRoom.js';

/** What a project is told about the reader. */
export interface SseContext<Response = unknown> {
  /** The place the reader asks to go on from; `undefined` if it has none. Taken from the request, so anyone can claim it. */
  readonly lastEventId: string | undefined;
  /**
   * Whether the reader keeps up: `true` at first, then each change. For a source that can do with fewer events. One event of more
   * than 16 KiB is enough to make it `false` for a moment: debounce it. Completes with the stream.
   */
  readonly writable$: Observable<boolean>;
  /** Aborted when the reader leaves or the stream is over: for work that the source does before it emits. */
  readonly signal: AbortSignal;
  /** The response to come. Its status and headers can be set until the project, or the promise it gave, has decided. */
  readonly response: Response;
}

/** Says what a request is answered with, at once or as a promise. */
export type SseProject<Request, E extends SseEvent = SseEvent, Response = unknown> = (
  request: Request,
  context: SseContext<Response>,
) => SseSource<E> | PromiseLike<SseSource<E>>;
