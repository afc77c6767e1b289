import type { Listener } from '../event-stream/index.js';

/** What every log can be told, whatever its engine. */
export interface LogConfig {
  /**
   * Where a reader begins that has no id: with the `earliest` event that is kept, or, `latest`, with the next one.
   *
   * @defaultValue `'latest'`
   */
  readonly from?: 'earliest' | 'latest' | undefined;
  /**
   * How a reader goes on after a gap, of which it is told in any case: from the earliest event that is kept (`continue`), with the
   * next one (`latest`), or not at all (`error`): with an {@link SseLogError} in place of the gap.
   *
   * @defaultValue `'continue'`
   */
  readonly onGap?: 'continue' | 'latest' | 'error' | undefined;
  /**
   * How long readers wait for an engine that cannot be read, in milliseconds, before they get an {@link SseLogError}. The head of
   * a stream and its keep-alives are sent meanwhile.
   *
   * @defaultValue `Infinity`: they wait, and go on where they were
   */
  readonly maxOutage?: number | undefined;
  /**
   * How many of the last events that were read are kept at hand in each process, eight megabytes at the most, so that a reader that
   * comes back shortly costs the engine nothing. A whole number; 0 for none.
   *
   * @defaultValue 4096
   */
  readonly maxRecent?: number | undefined;
  /**
   * How long the log stays at the engine after its last reader has left, in milliseconds, so that the next one need not wait.
   * `Infinity`: until it is closed.
   *
   * @defaultValue 10 000
   */
  readonly idleTimeout?: number | undefined;
  /**
   * Told what the engine fails with, each time that it does.
   *
   * @defaultValue `console.error`
   */
  readonly errorObserver?: Listener<unknown> | undefined;
  /**
   * Gives numbers from 0 up to 1, by which the attempts of many processes to reach an engine again are spread.
   *
   * @defaultValue `Math.random`
   */
  readonly random?: (() => number) | undefined;
}
