/** What is kept in memory, once all that is not has been thrown away. In bytes; needs `--expose-gc`. */
export async function memoryInUse(): Promise<number> {
  for (let n = 0; n < 3; n++) {
    gc?.();
    await new Promise(setImmediate);
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
