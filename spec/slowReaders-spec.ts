import { expect } from 'chai';
import type { ReceivedSseEvent } from '../src/index.js';
import {
  numberOf,
  published,
  startSlowReader,
  type SlowReaderDoor,
  type SlowReaderRun,
  type SlowReaderSource,
} from './support/slowReader.js';

interface Expectation {
  readonly title: string;
  /** How many bytes may wait for a reader. */
  readonly limit: number;
  /** What the reader gets once it reads. */
  readonly claim: string;
  readonly check: (run: SlowReaderRun) => void;
  readonly doors: readonly SlowReaderDoor[];
}

/** That of `toSSE`, by default. */
const bufferLimit = 1024 * 1024;
/** What a reader costs besides: its connection, what that has taken, and code that runs for the first time. */
const constant = 2_000_000;

const dropping = {
  limit: bufferLimit,
  claim: 'gets the events that are left in order, and in their place the number of the others',
  check: expectGaps,
};
const pulled = {
  limit: 0,
  claim: 'gets all events in order, of which no more were asked for than had room',
  check: ({ given, received }: SlowReaderRun) => {
    expect(given).to.be.within(1, published / 2);
    const events = received.flat();
    expect(events.map(numberOf)).to.deep.equal(numbers(1, events.length));
    expect(events).to.have.length.greaterThan(given);
  },
};

const expectations: Readonly<Record<Exclude<SlowReaderSource, 'control'>, Expectation>> = {
  disconnect: {
    title: "an Observable with overflow 'disconnect'",
    limit: bufferLimit,
    claim: 'gets the events of each connection in order, up to where it is cut off',
    check: expectCuts,
    doors: ['node'],
  },
  'drop-oldest': {
    title: "an Observable with overflow 'drop-oldest'",
    ...dropping,
    doors: ['node', 'http2', 'express', 'fetch'],
  },
  'drop-newest': {
    title: "an Observable with overflow 'drop-newest'",
    ...dropping,
    doors: ['node'],
  },
  latestBy: {
    title: 'an Observable with overflow by the latest of each of a hundred keys',
    limit: bufferLimit,
    claim: 'gets the events that are left in order, among them the last of each key',
    check: expectLatest,
    doors: ['node'],
  },
  resumable: {
    title: 'an event log',
    limit: 0,
    claim: 'goes on where it was, with all that the log has kept, and a gap before',
    check: expectReplay,
    doors: ['node'],
  },
  iterable: { title: 'an endless iterable', ...pulled, doors: ['node'] },
  asyncIterable: {
    title: 'an endless async iterable',
    ...pulled,
    doors: ['node', 'http2', 'express', 'fetch'],
  },
  readableStream: { title: 'an endless ReadableStream', ...pulled, doors: ['node'] },
};

describe('a reader that reads nothing while a kilobyte is published each millisecond for 20 seconds,', function () {
  this.timeout(90_000);

  const starts: (() => void)[] = [];
  const stops: (() => void)[] = [];
  // All at once, so that it takes no longer than one.
  before(() => starts.forEach(start => start()));
  after(() => stops.forEach(stop => stop()));

  const runOf = (source: SlowReaderSource, door: SlowReaderDoor) => {
    let run: Promise<SlowReaderRun> | undefined;
    starts.push(() => {
      const reader = startSlowReader(source, door);
      stops.push(reader.stop);
      run = reader.run;
      // What fails is told where it is waited for.
      run.catch(() => undefined);
    });
    return () => run ?? Promise.reject(new Error('Expected it to have been started'));
  };
  const controlled = runOf('control', 'naive');

  for (const [name, { title, limit, claim, check, doors }] of Object.entries(expectations)) {
    for (const door of doors) {
      describe(`given ${title} at the door ${door}`, () => {
        const ran = runOf(name as SlowReaderSource, door);

        it(`costs less than 2 MB beyond the ${limit} bytes that may wait`, async () => {
          const { growth } = await ran();
          expect(growth).to.be.lessThan(limit + constant);
        });

        it(claim, async () => check(await ran()));

        it('has nothing printed', async () => {
          const { output } = await ran();
          expect(output).to.equal('');
        });
      });
    }
  }

  it('costs all that is published if it is written without asking for room, so that this can fail', async () => {
    const { growth, given } = await controlled();
    expect(growth).to.be.greaterThan(15_000_000);
    expect(given).to.equal(published);
  });
});

function numbers(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

function expectCuts({ given, closings, received }: SlowReaderRun): void {
  expect(given).to.equal(published);
  const cuts = closings.slice(0, -1);
  expect(cuts).to.have.length.greaterThan(0);
  for (const { reason } of cuts) expect(reason).to.equal('overflow');
  expect(closings.at(-1)?.reason).to.equal('complete');

  const connections = received.map(events => events.map(numberOf));
  for (const events of connections) {
    expect(events).to.have.length.greaterThan(0);
    expect(events).to.deep.equal(numbers(events[0] ?? 0, events.at(-1) ?? 0));
  }
  expect(connections[0]?.[0]).to.equal(1);
  expect(connections.at(-1)?.at(-1)).to.equal(published);
}

function expectGaps({ given, closings, received }: SlowReaderRun): void {
  expect(given).to.equal(published);
  let reached = 0;
  let dropped = 0;
  for (const event of received.flat()) {
    if (event.type === 'gap') {
      reached += droppedBy(event);
      dropped += droppedBy(event);
    } else {
      expect(numberOf(event)).to.equal(++reached);
    }
  }
  expect(reached).to.equal(published);
  expect(dropped).to.be.greaterThan(published / 2);
  expect(closings).to.deep.equal([{ reason: 'complete', dropped }]);
}

function droppedBy({ data }: ReceivedSseEvent): number {
  return (JSON.parse(data) as { dropped: number }).dropped;
}

function expectLatest({ given, closings, received }: SlowReaderRun): void {
  expect(given).to.equal(published);
  const events = received.flat().map(numberOf);
  expect(events).to.deep.equal([...new Set(events)].sort((a, b) => a - b));
  expect(events.slice(-100)).to.deep.equal(numbers(published - 99, published));
  expect(closings).to.deep.equal([{ reason: 'complete', dropped: published - events.length }]);
}

function expectReplay({ given, received }: SlowReaderRun): void {
  expect(given).to.equal(published);
  // The first has no data: it says where the reader begins.
  const events = received.flat();
  const gap = events.findIndex(({ type }) => type === 'gap');
  expect(events[gap]?.data).to.equal('{"reason":"trimmed"}');
  expect(events.slice(0, gap).map(numberOf)).to.deep.equal(numbers(1, gap));
  expect(events.slice(gap + 1).map(numberOf)).to.deep.equal(numbers(published - 999, published));
}
