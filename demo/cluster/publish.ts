import {
  defer,
  exhaustMap,
  filter,
  firstValueFrom,
  interval,
  lastValueFrom,
  map,
  retry,
  takeUntil,
  takeWhile,
  timer,
  type Observable,
} from 'rxjs';
import type { EventLog } from 'rxjs-sse/log';
import type { Tick } from './Tick.js';

/** Appends the numbers from 1 on, 50 a second, each once, whatever becomes of the engine. Emits those that are kept. */
export function publish(log: EventLog<Tick>, end$: Observable<unknown>): Observable<number> {
  return defer(() => {
    let number = 0;
    let lastId: string | undefined;
    return interval(20).pipe(
      takeUntil(end$),
      // One after the other.
      exhaustMap(async () => {
        lastId = await appendOnce(log, number + 1, lastId);
        return ++number;
      }),
    );
  });
}

async function appendOnce(log: EventLog<Tick>, number: number, lastId: string | undefined): Promise<string> {
  try {
    return await log.append({ type: 'tick', data: { number } });
  } catch {
    // The engine may have kept it, and have died before it could say so.
    return (await findId(log, number, lastId)) ?? appendOnce(log, number, lastId);
  }
}

/** The id of a number, if it is there: after the last one that is known to be, and before a mark that is made now. */
async function findId(log: EventLog<Tick>, number: number, lastId: string | undefined) {
  const mark$ = defer(() => log.append({ type: 'mark', data: '' })).pipe(retry({ delay: () => timer(200) }));
  const mark = await lastValueFrom(mark$);
  const found$ = log.after(lastId).pipe(
    takeWhile(({ id }) => id !== mark),
    filter(({ data }) => typeof data === 'object' && 'number' in data && data.number === number),
    map(({ id }) => id),
  );
  return firstValueFrom(found$, { defaultValue: undefined });
}
