/**
 * What a process keeps in memory that does not stand still, in bytes: the least of what is left right after two garbage
 * collections, since what is made and thrown away between one and the look would count, too. Needs `--expose-gc`.
 */
export async function memoryKept(): Promise<number> {
  // It goes on with what it has begun, as far as it can.
  for (let n = 0; n < 50; n++) await new Promise(resolve => setTimeout(resolve, 1));
  let least = Infinity;
  for (let n = 0; n < 2; n++) {
    await new Promise(setImmediate);
    gc?.();
    const { heapUsed, external } = process.memoryUsage();
    least = Math.min(least, heapUsed + external);
  }
  return least;
}
