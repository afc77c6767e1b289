import type { EventLog, LogConfig } from '../../../src/log/index.js';
import { readingOf, type Reading } from '../../support/reading.js';

/** How the contract comes to logs of a kind. */
export interface LogHarness {
  /**
   * Opens the log of a name, which is new unless it has been opened before: then it is another instance of the same log, as in
   * another process, if there can be one. A log that cannot fail ignores what to do if it does.
   */
  readonly open: (
    name: string,
    config: LogConfig & { readonly maxEvents: number },
  ) => EventLog | Promise<EventLog>;
  /** Whether it keeps just as many events as it is told to, or up to twice as many. */
  readonly keepsExactly: boolean;
  /** An id that the log may give out much later than this one of its own. */
  readonly laterThan: (id: string) => string;
  /** What keeps the events, if it is not the log itself. */
  readonly engine?: LogEngine;
}

export interface LogEngine {
  /** Has it lose everything that the log of a name has kept, while it is running. */
  readonly wipe: (name: string) => Promise<void>;
  /** Kills it, and starts it again, with all that it has acknowledged, after what happens meanwhile. */
  readonly outage: (meanwhile: () => Promise<void>) => Promise<void>;
}

/** Where each claim of the contract is tried. */
export interface LogStage {
  readonly keepsExactly: boolean;
  readonly laterThan: (id: string) => string;
  /** A new log. Closed after the spec, like any. */
  readonly create: (config?: Partial<StageConfig>) => Promise<EventLog>;
  /** What the logs told their `errorObserver`. */
  readonly errors: readonly unknown[];
  /** Subscribes at once. */
  readonly read: (log: EventLog, lastEventId?: string) => Reading;
}

/** The same, where logs are kept by an engine. */
export interface EngineStage extends LogStage {
  /** Another instance of the same log. */
  readonly another: (log: EventLog, config?: Partial<StageConfig>) => Promise<EventLog>;
  readonly wipe: (log: EventLog) => Promise<void>;
  readonly outage: LogEngine['outage'];
}

type StageConfig = Parameters<LogHarness['open']>[1];

let names = 0;

export function openStage({ open, keepsExactly, laterThan, engine }: LogHarness): {
  readonly stage: LogStage;
  readonly engineStage: EngineStage | undefined;
} {
  const errors: unknown[] = [];
  const nameOf = new Map<EventLog, string>();
  const readings: Reading[] = [];

  const openAs = async (name: string, config: Partial<StageConfig>) => {
    const log = await open(name, {
      maxEvents: 10_000,
      errorObserver: error => errors.push(error),
      ...config,
    });
    nameOf.set(log, name);
    return log;
  };
  const nameOfAny = (log: EventLog) => nameOf.get(log) ?? '';

  afterEach(async () => {
    for (const reading of readings.splice(0)) reading.leave();
    await Promise.all([...nameOf.keys()].map(log => log.close()));
    nameOf.clear();
    errors.length = 0;
  });

  const stage: LogStage = {
    keepsExactly,
    laterThan,
    errors,
    create: (config = {}) => openAs(`contract-${++names}`, config),
    read(log, lastEventId) {
      const reading = readingOf(log.after(lastEventId));
      readings.push(reading);
      return reading;
    },
  };
  const engineStage = engine && {
    ...stage,
    another: (log: EventLog, config: Partial<StageConfig> = {}) => openAs(nameOfAny(log), config),
    wipe: (log: EventLog) => engine.wipe(nameOfAny(log)),
    outage: engine.outage,
  };
  return { stage, engineStage };
}

/** Appends data one after the other. */
export async function append(to: EventLog, ...data: readonly unknown[]): Promise<string[]> {
  const ids: string[] = [];
  for (const each of data) ids.push(await to.append({ data: each }));
  return ids;
}

/** Appends data without waiting in between. */
export function appendAtOnce(to: EventLog, data: readonly unknown[]): Promise<string[]> {
  return Promise.all(data.map(each => to.append({ data: each })));
}

export const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, n) => from + n);

export const gap = (reason: string) => ({ reason });
