import { defer, isObservable, Observable, of, type ObservableInput, type Subscriber } from 'rxjs';
import type { SseEvent } from '../../src/index.js';
import {
  createLog,
  type EventLog,
  type LogConfig,
  type LogDriver,
  type LogEntry,
  type LogGap,
  type LogPage,
  type LogStatus,
} from '../../src/log/index.js';
import { readingOf, type Reading } from './reading.js';
import { virtualTime, type VirtualTime } from './virtualTime.js';

/** An engine that says what the spec has it say, when the spec has it say so. */
export interface ScriptedLog {
  readonly driver: LogDriver;
  /** All that it was asked, in order: `tip`, `origin`, `page a`, `tail a`, `append a`, `close`. */
  readonly asked: readonly string[];
  /** What it has not answered yet, and is still asked. */
  readonly open: () => readonly string[];
  /** Answers whoever asked first. */
  readonly answer: (question: string, answer: unknown) => void;
  /** Answers whoever asks, as often as it is asked. */
  readonly answerAny: (question: string, answer: unknown) => void;
  readonly fail: (question: string, error: unknown) => void;
  /** What is appended, to its tail, at once. */
  readonly give: (...entries: readonly (string | LogEntry<SseEvent>)[]) => void;
  readonly endTail: (error?: unknown) => void;
  /** How many of its questions, of all that it was asked, begin so. */
  readonly count: (start: string) => number;
}

/** What it answers by itself. Whatever is left out waits for the spec. */
export interface ScriptedAnswers {
  readonly tip?: () => string | ObservableInput<string>;
  readonly origin?: () => string | ObservableInput<string>;
  readonly page?: (
    place: string,
    limit: number,
  ) => LogPage<SseEvent> | LogGap | Observable<LogPage<SseEvent> | LogGap>;
  readonly tail?: (place: string) => Observable<readonly LogEntry<SseEvent>[]>;
  readonly append?: (data: string) => string | ObservableInput<string>;
  readonly close?: () => ObservableInput<unknown>;
  readonly isTransient?: (error: unknown) => boolean;
}

/** @param turn has others have a turn, once it has answered */
export function scriptedLog(answers: ScriptedAnswers = {}, turn: () => void = () => undefined): ScriptedLog {
  const asked: string[] = [];
  const waiting: { readonly question: string; readonly subscriber: Subscriber<unknown> }[] = [];

  const wait = <T>(question: string) =>
    new Observable<T>(subscriber => {
      const entry = { question, subscriber };
      waiting.push(entry);
      subscriber.add(() => {
        waiting.splice(waiting.indexOf(entry), 1);
      });
    });
  const ask = <T>(question: string, given: (() => T | ObservableInput<T>) | undefined): Observable<T> =>
    defer(() => {
      asked.push(question);
      if (!given) return wait<T>(question);
      const answer = given();
      return isInput(answer) ? answer : of(answer);
    });
  const find = (asking: string) => {
    const entry = waiting.find(({ question }) => [question, question.split(' ')[0]].includes(asking));
    if (!entry) throw new Error(`Expected ${asking} to be asked, got ${JSON.stringify(asked)}`);
    return entry.subscriber;
  };
  const { tip, origin, page, tail, append, close, isTransient = () => true } = answers;

  const answerFirst = (question: string, answer: unknown) => {
    const subscriber = find(question);
    subscriber.next(answer);
    subscriber.complete();
    turn();
  };
  const isOpen = (asking: string) => waiting.some(({ question }) => question === asking);

  return {
    asked,
    open: () => waiting.map(({ question }) => question),
    answer: answerFirst,
    answerAny(question, answer) {
      while (isOpen(question)) answerFirst(question, answer);
    },
    fail: (question, error) => find(question).error(error),
    give(...entries) {
      find('tail').next(entries.map(entry => (typeof entry === 'string' ? entryOf(entry) : entry)));
    },
    endTail(error) {
      const subscriber = find('tail');
      if (error === undefined) subscriber.complete();
      else subscriber.error(error);
    },
    count: start => asked.filter(question => question.startsWith(start)).length,
    driver: {
      append: ({ data }) => ask(`append ${String(data)}`, append && (() => append(String(data)))),
      tip: () => ask('tip', tip),
      origin: () => ask('origin', origin),
      page: (place, limit) => ask(`page ${place}`, page && (() => page(place, limit))),
      tail: place => ask(`tail ${place}`, tail && (() => tail(place))),
      close: () => ask('close', close),
      isTransient,
    },
  };
}

/** Events whose data are their ids. */
export function entriesOf(ids: readonly string[]): readonly LogEntry<SseEvent>[] {
  return ids.map(entryOf);
}

/** The last page of a log. */
export const lastPage = (...ids: readonly string[]) => ({ entries: entriesOf(ids), isLast: true });

/** A page after which there is another one. */
export const page = (...ids: readonly string[]) => ({ entries: entriesOf(ids), isLast: false });

function entryOf(id: string): LogEntry<SseEvent> {
  return { id, data: id };
}

function isInput<T>(answer: T | ObservableInput<T>): answer is ObservableInput<T> {
  return isObservable(answer) || answer instanceof Promise;
}

/** A log over a scripted engine. */
export interface ScriptedStage {
  readonly engine: ScriptedLog;
  readonly log: EventLog;
  /** Subscribes at once. */
  readonly read: (lastEventId?: string) => Reading;
  readonly statuses: readonly LogStatus[];
  /** What `errorObserver` was told. */
  readonly errors: readonly unknown[];
}

/** For the specs of a `describe`. What waits for an engine again waits its longest time, unless said otherwise. */
export function scriptedStages(): {
  readonly time: VirtualTime;
  readonly create: (config?: LogConfig, answers?: ScriptedAnswers) => ScriptedStage;
  /** One that a reader has opened, and whose tail begins at the place `o`. */
  readonly live: (
    config?: LogConfig,
    answers?: ScriptedAnswers,
  ) => ScriptedStage & { readonly first: Reading };
} {
  const readings: Reading[] = [];
  const logs: EventLog[] = [];
  afterEach(async () => {
    for (const reading of readings.splice(0)) reading.leave();
    await Promise.all(logs.splice(0).map(log => log.close()));
  });
  const time = virtualTime();

  const create = (config: LogConfig = {}, answers: ScriptedAnswers = {}) => {
    const engine = scriptedLog({ close: () => of(undefined), ...answers }, () => time.tick(0));
    const errors: unknown[] = [];
    const log = createLog(engine.driver, {
      random: () => 1,
      errorObserver: error => errors.push(error),
      ...config,
    });
    logs.push(log);
    const statuses: LogStatus[] = [];
    log.status$.subscribe(status => statuses.push(status));
    const read = (lastEventId?: string) => {
      const reading = readingOf(log.after(lastEventId));
      readings.push(reading);
      return reading;
    };
    return { engine, log, read, statuses, errors };
  };
  return {
    time,
    create,
    live(config, answers) {
      const stage = create(config, answers);
      const first = stage.read();
      stage.engine.answer('tip', 'o');
      stage.engine.answer('page o', lastPage());
      return { ...stage, first };
    },
  };
}
