import {
  asapScheduler,
  defer,
  EMPTY,
  filter,
  observeOn,
  repeat,
  skipWhile,
  takeUntil,
  takeWhile,
  tap,
  type BehaviorSubject,
  type Observable,
} from 'rxjs';
import type { Resumable, SseEvent } from '../event-stream/index.js';

/**
 * Reads only while there is room, and then goes on from where it left: what comes meanwhile is kept by nobody here.
 *
 * It leaves at an event with an id, since that is a place to come back to. A source that gives none is not left.
 */
export function rereadByRoom<E extends SseEvent>(
  source: Resumable<E>,
  lastEventId: string | undefined,
  hasRoom$: BehaviorSubject<boolean>,
): Observable<E> {
  return defer(() => {
    let place = lastEventId;
    let isAtPlace = place !== undefined;
    let isOver = false;

    const mayStay = (hasRoom: boolean) => hasRoom || !isAtPlace;
    const mayStayAfter = ({ id = '' }: E) => {
      isAtPlace = id !== '';
      if (isAtPlace) place = id;
      return mayStay(hasRoom$.value);
    };
    // A moment later, since whoever else is told of the room would otherwise hear of its end before.
    const room$ = hasRoom$.pipe(filter(Boolean), observeOn(asapScheduler));

    return defer(() => source.after(place)).pipe(
      tap({ complete: () => (isOver = true) }),
      takeUntil(hasRoom$.pipe(skipWhile(mayStay))),
      takeWhile(mayStayAfter, true),
      repeat({ delay: () => (isOver ? EMPTY : room$) }),
    );
  });
}
