import type { EventLog } from '../../src/log/index.js';
import { readingOf, type Reading } from './reading.js';

export interface LogsOfSpec {
  /** Closes the log after the spec. */
  readonly keep: (log: EventLog) => EventLog;
  /** Subscribes at once, and leaves after the spec. */
  readonly read: (log: EventLog, lastEventId?: string) => Reading;
}

/** For the specs of a `describe`. */
export function logsOfSpec(): LogsOfSpec {
  const opened: EventLog[] = [];
  const readings: Reading[] = [];

  afterEach(async () => {
    for (const reading of readings.splice(0)) reading.leave();
    for (const log of opened.splice(0)) await log.close();
  });

  return {
    keep(log) {
      opened.push(log);
      return log;
    },
    read(log, lastEventId) {
      const reading = readingOf(log.after(lastEventId));
      readings.push(reading);
      return reading;
    },
  };
}
