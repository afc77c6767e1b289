/**
 * How many times as long the large one takes as the small one: the least time of each, over runs in turn, so that what else
 * the machine does, or a garbage collection, falls on both.
 */
export function growth(small: () => void, large: () => void): number {
  const leastTimes = { small: Infinity, large: Infinity };
  for (let run = 0; run < 9; run++) {
    leastTimes.small = Math.min(leastTimes.small, timeOf(small));
    leastTimes.large = Math.min(leastTimes.large, timeOf(large));
  }
  return leastTimes.large / leastTimes.small;
}

function timeOf(act: () => void): number {
  const start = performance.now();
  act();
  return performance.now() - start;
}
