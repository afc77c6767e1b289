import { settled } from './virtualTime.js';

/** Waits until a count stays the same for a hundred turns. */
export async function standstill(count: () => number): Promise<void> {
  for (let turns = 0, last = count(); turns < 100; turns++) {
    await settled();
    if (count() !== last) [turns, last] = [0, count()];
  }
}
