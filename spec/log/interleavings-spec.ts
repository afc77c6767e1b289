import { expect } from 'chai';
import { Observable, of, throwError, type Subscriber } from 'rxjs';
import type { SseEvent } from '../../src/index.js';
import { createLog, type LogDriver, type LogEntry, type LogGap, type LogPage } from '../../src/log/index.js';
import { numbers } from '../contracts/log/stage.js';
import { randomOf } from '../support/randomOf.js';
import { readingOf, type Reading } from '../support/reading.js';
import { entriesOf } from '../support/scriptedLog.js';
import { virtualTime } from '../support/virtualTime.js';

/** What may happen to an engine, beside that it answers late. */
interface Weather {
  readonly fails?: boolean;
  readonly trims?: boolean;
  readonly wipes?: boolean;
}

interface Asked<T> {
  readonly subscriber: Subscriber<T>;
  /** Answers with what there was when it was asked, or has been since. */
  readonly answer: () => void;
}

/** An engine whose every answer comes when `act` is called often enough, in any order. */
function anyEngine(random: () => number, { fails, trims, wipes }: Weather) {
  const below = (count: number) => Math.floor(random() * count);
  const any = <T>(of: readonly T[]): T | undefined => of[below(of.length)];
  const asked: Asked<never>[] = [];
  let tails: {
    readonly subscriber: Subscriber<readonly LogEntry<SseEvent>[]>;
    incarnation: number;
    at: number;
  }[] = [];
  let incarnation = 0;
  let tip = 20;
  let floor = 0;

  const idAt = (position: number) => `${incarnation}.${position}`;
  const idsAfter = (position: number, count: number) => numbers(count, position + 1).map(idAt);
  const isGap = (place: string): LogGap | undefined => {
    const [its = 0, position = 0] = place.split('.').map(Number);
    if (its !== incarnation) return { gap: 'reset' };
    if (position > tip) return { gap: 'future' };
    return position < floor ? { gap: 'trimmed' } : undefined;
  };
  const wait = <T>(answer: () => () => T) =>
    new Observable<T>(subscriber => {
      // What the engine says is decided when it is asked, or when it answers.
      const early = random() < 0.5 ? answer() : undefined;
      const entry = {
        subscriber,
        answer() {
          subscriber.next((early ?? answer())());
          subscriber.complete();
        },
      };
      asked.push(entry);
      subscriber.add(() => {
        asked.splice(asked.indexOf(entry), 1);
      });
    });
  const driver: LogDriver = {
    append: () => throwError(() => new Error('unused')),
    tip: () => wait(() => () => idAt(tip)),
    origin: () => wait(() => () => idAt(floor)),
    page: (place, limit) =>
      wait<LogPage<SseEvent> | LogGap>(() => {
        const gap = isGap(place);
        if (gap) return () => gap;
        const position = Number(place.split('.')[1]);
        const count = Math.min(1 + below(8), limit, tip - position);
        const found = { entries: entriesOf(idsAfter(position, count)), isLast: position + count === tip };
        return () => found;
      }),
    tail: place =>
      new Observable(subscriber => {
        if (isGap(place)) return subscriber.complete();
        const tail = { subscriber, incarnation, at: Number(place.split('.')[1]) };
        tails.push(tail);
        subscriber.add(() => {
          tails = tails.filter(each => each !== tail);
        });
      }),
    isTransient: () => true,
    close: () => of(undefined),
  };

  const give = (most: number) => {
    const tail = any(tails);
    if (!tail) return;
    if (tail.incarnation !== incarnation || tail.at < floor) return tail.subscriber.complete();
    const count = Math.min(most, tip - tail.at);
    if (count === 0) return;
    tail.at += count;
    tail.subscriber.next(entriesOf(idsAfter(tail.at - count, count)));
  };
  const acts: (() => void)[] = [
    () => any(asked)?.answer(),
    () => any(asked)?.answer(),
    () => give(1 + below(4)),
    () => void (tip += below(4)),
  ];
  if (fails) {
    acts.push(() => below(3) || any(asked)?.subscriber.error(new Error('a page')));
    acts.push(() => below(3) || any(tails)?.subscriber.error(new Error('a tail')));
    acts.push(() => below(3) || any(tails)?.subscriber.complete());
  }
  if (trims) acts.push(() => void (floor = Math.max(floor, tip - 10 - below(10))));
  if (wipes)
    acts.push(() => {
      if (below(10)) return;
      incarnation++;
      tip = below(3);
      floor = 0;
    });

  return {
    driver,
    acts,
    anyPlace: () => idAt(random() < 0.3 ? tip : floor + below(tip - floor + 1)),
    /** Answers everything, whoever asks next, too. */
    calm(time: { tick: (milliseconds: number) => void }) {
      for (const _ of numbers(300)) {
        for (const { answer } of [...asked]) answer();
        give(Infinity);
        time.tick(100);
      }
    },
    add(count: number) {
      tip += count;
      return idAt(tip);
    },
  };
}

/** Throws unless all that is missing, or comes again, is told. */
function expectUnbroken(start: string, events: readonly SseEvent[], last: string): void {
  let [incarnation = 0, position = 0] = start.split('.').map(Number);
  let isTold = false;
  for (const { type, id = '' } of events) {
    const [its = 0, at = 0] = id.split('.').map(Number);
    if (type === 'gap') isTold = true;
    else {
      if (its === incarnation && !isTold)
        expect(at, `${id} after ${incarnation}.${position}`).to.equal(position + 1);
      if (its !== incarnation)
        expect(isTold || at === 1, `${id} after ${incarnation}.${position}`).to.equal(true);
      isTold = false;
    }
    [incarnation, position] = [its, at];
  }
  expect(events.at(-1)?.id).to.equal(last);
}

describe('a log whose engine answers whenever it likes', () => {
  const time = virtualTime();

  function shuffle(seed: number, weather: Weather): void {
    const random = randomOf(seed);
    const below = (count: number) => Math.floor(random() * count);
    const engine = anyEngine(random, weather);
    const log = createLog(engine.driver, { random, errorObserver: () => undefined });
    const visits: { readonly start: string; place: string; readonly before: SseEvent[]; reading: Reading }[] =
      [];

    const acts = [
      ...engine.acts,
      () => {
        const start = engine.anyPlace();
        if (visits.length < 10)
          visits.push({ start, place: start, before: [], reading: readingOf(log.after(start)) });
      },
      () => {
        const visit = visits[below(visits.length || 1)];
        if (!visit || below(3)) return;
        visit.before.push(...visit.reading.events);
        visit.place = visit.reading.leave() ?? visit.place;
        visit.reading = readingOf(log.after(visit.place));
      },
      () => time.tick(below(300)),
    ];
    for (const _ of numbers(500)) acts[below(acts.length)]?.();
    engine.calm(time);
    const last = engine.add(3);
    engine.calm(time);

    for (const { start, before, reading } of visits) {
      reading.leave();
      const events = [...before, ...reading.events];
      expect(() => expectUnbroken(start, events, last), `seed ${seed}, from ${start}`).not.to.throw();
    }
    void log.close();
  }

  for (const [title, weather] of Object.entries({
    'loses nothing, nor gives it twice': {},
    'loses nothing, though it fails': { fails: true },
    'tells of what was trimmed': { trims: true, fails: true },
    'tells that everything was lost': { wipes: true, fails: true },
    'tells of all that is missing': { wipes: true, trims: true, fails: true },
  })) {
    it(title, () => {
      const start = Math.floor(Math.random() * 2 ** 31);
      for (const seed of numbers(60, start)) shuffle(seed, weather);
    });
  }
});
