/**
 * A delay before reconnecting, kept between 100 ms and 1 hour: `retry: 0` must not spin, and more than 2³¹ ms would make
 * a timer fire at once.
 */
export function clampDelay(milliseconds: number): number {
  // NaN, too, becomes 100.
  return milliseconds > 100 ? Math.min(milliseconds, 3_600_000) : 100;
}
