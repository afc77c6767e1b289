import { SseError } from '../event-stream/index.js';
import { isTransient } from './isTransient.js';

/** Whether it is an error of this library after which another attempt would be in vain. */
export function isFinal(error: unknown): boolean {
  return error instanceof SseError && !isTransient(error);
}
