import { firstValueFrom, type Observable } from 'rxjs';

/**
 * Gives what has to be waited for until it is open: nothing, if it is and nobody else waits; and who comes later has its turn after
 * those who wait, though it has opened meanwhile.
 */
export function waitInTurn(
  isOpen: () => boolean,
  opened$: Observable<unknown>,
): () => Promise<unknown> | undefined {
  let count = 0;
  let last: Promise<unknown> = Promise.resolve();

  return () => {
    if (isOpen() && count === 0) return undefined;
    count++;
    last = last.then(() => firstValueFrom(opened$));
    // In the same turn as whoever waits for it goes on: nobody comes in between.
    void last.then(() => count--);
    return last;
  };
}
