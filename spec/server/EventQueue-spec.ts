import { expect } from 'chai';
import fc from 'fast-check';
import type { SseEvent } from '../../src/event-stream/index.js';
import { EventQueue, type Overflow } from '../../src/server/EventQueue.js';
import { growth } from '../support/growth.js';
import { settled } from '../support/virtualTime.js';

describe('EventQueue', () => {
  const limit = 10;
  let queue: EventQueue<SseEvent>;

  /** A queue whose preamble is taken already. */
  const start = (overflow: Overflow = 'disconnect') => {
    queue = new EventQueue(overflow, bytesOf('preamble'));
    queue.take();
  };
  /** Pushes the event that these bytes are of. */
  const push = (text: string, id?: string) => queue.push({ id }, bytesOf(text), limit);
  const pushEach = (...texts: readonly string[]) => texts.map(text => push(text));
  const facts = () => {
    const { count, bytes, highWaterMark, dropped } = queue;
    return { count, bytes, highWaterMark, dropped };
  };
  const takeText = () => textOf(queue.take());

  beforeEach(() => start());

  describe('before its first take', () => {
    beforeEach(() => {
      queue = new EventQueue<SseEvent>('disconnect', bytesOf('preamble'));
    });

    it('has the preamble, which is no event', () => {
      expect(queue.isEmpty).to.equal(false);
      expect(facts()).to.deep.equal({ count: 0, bytes: 0, highWaterMark: 0, dropped: 0 });
      expect(takeText()).to.equal('preamble');
      expect(queue.isEmpty).to.equal(true);
    });

    it('gives the preamble together with what waits, and once', () => {
      pushEach('a', 'b');
      expect(takeText()).to.equal('preambleab');
      push('c');
      expect(takeText()).to.equal('c');
    });

    it('does not count the preamble against the limit', () => {
      expect(push('x'.repeat(limit))).to.equal(true);
      expect(push('x')).to.equal(false);
    });

    for (const overflow of ['drop-oldest', 'drop-newest'] as const) {
      it(`keeps the preamble with '${overflow}', too`, () => {
        queue = new EventQueue<SseEvent>(overflow, bytesOf('preamble'));
        pushEach('aaaaaa', 'bbbbbb', 'cccccc');
        expect(takeText()).to.match(/^preamble/);
      });
    }
  });

  describe('gives', () => {
    it('all that waits, in order', () => {
      pushEach('a', 'bb', 'c');
      expect(takeText()).to.equal('abbc');
      pushEach('d', 'e');
      expect(takeText()).to.equal('de');
    });

    it('the very bytes if only one event waits', () => {
      const bytes = bytesOf('a');
      queue.push({}, bytes, limit);
      expect(queue.take()).to.equal(bytes);
    });

    it('bytes of its own if several wait', () => {
      const bytes = bytesOf('a');
      queue.push({}, bytes, limit);
      push('b');
      expect(takeText()).to.equal('ab');
      expect(textOf(bytes)).to.equal('a');
    });

    it('nothing if nothing waits', () => {
      expect(queue.take()).to.have.length(0);
    });

    for (const [claim, sizes, takes] of [
      ['64 KiB at once', [65_535, 1], [65_536]],
      ['no more than 64 KiB at once', [65_536, 1], [65_536, 1]],
      ['whole events at once', [30_000, 30_000, 30_000, 30_000], [60_000, 60_000]],
      ['an event that is larger than 64 KiB in pieces', [1, 140_000, 1], [1, 65_536, 65_536, 8_928, 1]],
    ] as const) {
      it(claim, () => {
        for (const size of sizes) queue.push({}, new Uint8Array(size), Infinity);
        expect(takes.map(() => queue.take().length)).to.deep.equal(takes);
        expect(queue.isEmpty).to.equal(true);
      });
    }
  });

  it('counts what waits, its bytes, and the most that ever did', () => {
    push('aaa');
    expect(facts()).to.deep.equal({ count: 1, bytes: 3, highWaterMark: 3, dropped: 0 });
    push('bb');
    expect(facts()).to.deep.equal({ count: 2, bytes: 5, highWaterMark: 5, dropped: 0 });
    queue.take();
    expect(facts()).to.deep.equal({ count: 0, bytes: 0, highWaterMark: 5, dropped: 0 });
    push('c');
    expect(facts()).to.deep.equal({ count: 1, bytes: 1, highWaterMark: 5, dropped: 0 });
  });

  it('counts what a take leaves', () => {
    for (const size of [60_000, 20_000, 3]) queue.push({}, new Uint8Array(size), Infinity);
    queue.take();
    expect(facts()).to.deep.equal({ count: 2, bytes: 20_003, highWaterMark: 80_003, dropped: 0 });
  });

  it('is empty when it is cleared, with what was left out still known', () => {
    start('drop-newest');
    pushEach('aaaaaa', 'bbbbbb');
    queue.clear();
    expect(queue.isEmpty).to.equal(true);
    expect(facts()).to.deep.equal({ count: 0, bytes: 0, highWaterMark: 6, dropped: 1 });
  });

  describe("with 'disconnect'", () => {
    it('has no room for more bytes than the limit', () => {
      expect(pushEach('aaaaa', 'bbbbb', 'c')).to.deep.equal([true, true, false]);
      expect(facts()).to.deep.equal({ count: 2, bytes: 10, highWaterMark: 10, dropped: 0 });
      expect(takeText()).to.equal('aaaaabbbbb');
    });

    it('has room for one event alone, however large it is', () => {
      expect(push('x'.repeat(limit + 1))).to.equal(true);
      expect(push('a')).to.equal(false);
    });

    it('has room again for what was taken', () => {
      pushEach('aaaaa', 'bbbbb');
      queue.take();
      expect(push('ccccc')).to.equal(true);
    });
  });

  describe("with 'drop-oldest'", () => {
    beforeEach(() => start('drop-oldest'));

    it('leaves out nothing within the limit', () => {
      pushEach('aaaaa', 'bbbbb');
      expect(takeText()).to.equal('aaaaabbbbb');
    });

    it('drops the oldest, and says how many', () => {
      expect(pushEach('aaaaa', 'bbbbb', 'ccccc')).to.deep.equal([true, true, true]);
      expect(facts()).to.deep.equal({ count: 2, bytes: 10, highWaterMark: 10, dropped: 1 });
      expect(takeText()).to.equal('<1>bbbbbccccc');
      expect(facts()).to.deep.equal({ count: 0, bytes: 0, highWaterMark: 10, dropped: 1 });
    });

    it('drops as many as it has to', () => {
      pushEach('aaa', 'bbb', 'ccc', 'ddddd');
      expect(takeText()).to.equal('<2>cccddddd');
    });

    it('says the number once, however many times it drops', () => {
      pushEach('aaaaa', 'bbbbb', 'ccccc', 'ddddd', 'eeeee');
      expect(queue.dropped).to.equal(3);
      expect(takeText()).to.equal('<3>dddddeeeee');
    });

    it('says only what was dropped since the last take', () => {
      pushEach('aaaaa', 'bbbbb', 'ccccc');
      queue.take();
      pushEach('ddddd', 'eeeee', 'fffff', 'ggggg');
      expect(queue.dropped).to.equal(3);
      expect(takeText()).to.equal('<2>fffffggggg');
    });

    it('says nothing where nothing was dropped since', () => {
      pushEach('aaaaa', 'bbbbb', 'ccccc');
      queue.take();
      push('ddddd');
      expect(takeText()).to.equal('ddddd');
    });

    it('replaces all by an event that is larger than the limit', () => {
      pushEach('aaa', 'bbb', 'x'.repeat(limit + 1));
      expect(facts()).to.deep.equal({ count: 1, bytes: 11, highWaterMark: 11, dropped: 2 });
      expect(takeText()).to.equal(`<2>${'x'.repeat(limit + 1)}`);
    });

    it('replaces an event that is larger than the limit, too', () => {
      pushEach('x'.repeat(limit + 1), 'a');
      expect(takeText()).to.equal('<1>a');
    });

    it('drops after a take that left some', () => {
      const large = [60_000, 20_000, 20_000] as const;
      for (const size of large) queue.push({}, new Uint8Array(size), 100_000);
      queue.take();
      queue.push({}, bytesOf('new'), 30_000);
      expect(facts()).to.deep.include({ count: 2, bytes: 20_003, dropped: 1 });
      expect(takeText()).to.match(/^<1>\0{20000}new$/);
    });

    it('drops after a take that gave only what had been dropped before', () => {
      pushEach('a', 'x'.repeat(70_000));
      expect(takeText()).to.equal('<1>');
      push('b');
      expect(takeText()).to.equal('<1>b');
      expect(queue.dropped).to.equal(2);
    });
  });

  describe("with 'drop-newest'", () => {
    beforeEach(() => start('drop-newest'));

    it('leaves out nothing within the limit', () => {
      pushEach('aaaaa', 'bbbbb');
      expect(takeText()).to.equal('aaaaabbbbb');
    });

    it('drops what there is no room for, and says how many', () => {
      expect(pushEach('aaaaa', 'bbbbb', 'ccccc', 'ddddd')).to.deep.equal([true, true, true, true]);
      expect(facts()).to.deep.equal({ count: 2, bytes: 10, highWaterMark: 10, dropped: 2 });
      expect(takeText()).to.equal('aaaaabbbbb<2>');
      expect(queue.isEmpty).to.equal(true);
    });

    it('says it where they are missing, also if a smaller event fits in between', () => {
      pushEach('aaaaaa', 'bbbbbb', 'cc', 'dddddd', 'eeeeee');
      expect(facts()).to.deep.equal({ count: 2, bytes: 8, highWaterMark: 8, dropped: 3 });
      expect(takeText()).to.equal('aaaaaa<1>cc<2>');
    });

    it('says only what was dropped since the last take', () => {
      pushEach('aaaaaa', 'bbbbbb');
      queue.take();
      pushEach('cccccc', 'dddddd', 'eeeeee');
      expect(takeText()).to.equal('cccccc<2>');
      expect(queue.dropped).to.equal(3);
    });

    it('says the number once, also after a take that left the gap', () => {
      queue.push({}, new Uint8Array(60_000), 120_000);
      queue.push({}, new Uint8Array(60_000), 120_000);
      push('a');
      queue.take();
      push('b');
      expect(takeText()).to.match(/^\0+<2>$/);
    });
  });

  describe('with latestBy', () => {
    beforeEach(() => start({ latestBy: ({ id }) => id }));

    it('leaves out nothing within the limit', () => {
      push('a1', 'a');
      push('a2', 'a');
      push('a3', 'a');
      expect(takeText()).to.equal('a1a2a3');
      expect(queue.dropped).to.equal(0);
    });

    it('leaves out what is superseded beyond the limit', () => {
      push('a111', 'a');
      push('b111', 'b');
      expect(push('a222', 'a')).to.equal(true);
      expect(facts()).to.deep.equal({ count: 2, bytes: 8, highWaterMark: 8, dropped: 1 });
      expect(takeText()).to.equal('b111a222');
    });

    it('leaves out all that is superseded, not only by the last one', () => {
      for (const text of ['a1a', 'b1b', 'a2a', 'c1c']) push(text, text.charAt(0));
      expect(facts()).to.deep.equal({ count: 3, bytes: 9, highWaterMark: 9, dropped: 1 });
      expect(takeText()).to.equal('b1ba2ac1c');
    });

    it('keeps the newest of each key, in the order in which they came last', () => {
      for (const text of ['a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'd1']) push(text, text.charAt(0));
      expect(takeText()).to.equal('c1b2a3d1');
      expect(queue.dropped).to.equal(3);
    });

    it('always keeps an event about undefined', () => {
      push('one');
      push('two');
      push('a1', 'a');
      expect(push('a2', 'a')).to.equal(true);
      expect(push('six')).to.equal(false);
      expect(takeText()).to.equal('onetwoa2');
    });

    it('knows what is superseded, also after what came before it was left out', () => {
      for (const text of ['a111', 'a222', 'b111']) push(text, text.charAt(0));
      expect(push('a333', 'a')).to.equal(true);
      expect(takeText()).to.equal('b111a333');
    });

    it('remembers no key of what was taken', async () => {
      start({ latestBy: ({ data }) => data });
      const pushOne = () => {
        const data = { about: 'a' };
        queue.push({ data }, bytesOf('a'), limit);
        queue.take();
        return new WeakRef(data);
      };
      const key = pushOne();
      await settled();
      global.gc?.();
      expect(key.deref()).to.equal(undefined);
    });

    it('has no room if that is not enough', () => {
      push('aaaa', 'a');
      push('bbbb', 'b');
      expect(push('cccc', 'c')).to.equal(false);
      expect(facts()).to.deep.equal({ count: 2, bytes: 8, highWaterMark: 8, dropped: 0 });
    });

    it('has room for a larger one of the only key', () => {
      push('aaaa', 'a');
      expect(push('x'.repeat(limit + 1), 'a')).to.equal(true);
      expect(takeText()).to.equal('x'.repeat(limit + 1));
    });

    it('leaves out nothing for what was taken already', () => {
      push('a1', 'a');
      push('a2', 'a');
      queue.take();
      push('b1b1', 'b');
      push('c1c1', 'c');
      expect(push('a3a3', 'a')).to.equal(false);
      expect(queue.dropped).to.equal(0);
    });

    it('knows a key for what it is, not for its text', () => {
      const keys = [1, '1', NaN, NaN];
      start({ latestBy: () => keys.shift() });
      pushEach('111', '222', 'nan', 'NaN');
      expect(takeText()).to.equal('111222NaN');
    });

    it('fails if the function does, and is as it was', () => {
      start({
        latestBy: () => {
          throw new Error('mine');
        },
      });
      expect(() => push('a')).to.throw('mine');
      expect(queue.isEmpty).to.equal(true);
    });
  });

  it('asks latestBy once for each event', () => {
    const asked: unknown[] = [];
    start({ latestBy: ({ id }) => asked.push(id) });
    push('a', '1');
    push('b', '2');
    queue.take();
    expect(asked).to.deep.equal(['1', '2']);
  });

  describe('keeps its promises, whatever comes', () => {
    const policies: Readonly<Record<string, Overflow>> = {
      disconnect: 'disconnect',
      'drop-oldest': 'drop-oldest',
      'drop-newest': 'drop-newest',
      latestBy: { latestBy: ({ id }) => id },
    };
    const most = 120_000;
    const pushes = fc.record({
      size: fc.constantFrom(10, 1000, 30_000, 60_000, 70_000, 130_000),
      id: fc.constantFrom('a', 'b', 'c', undefined),
    });
    const steps = fc.array(fc.oneof({ weight: 4, arbitrary: pushes }, fc.constant('take' as const)), {
      maxLength: 40,
    });

    for (const [name, overflow] of Object.entries(policies)) {
      it(name, () => {
        fc.assert(
          fc.property(steps, steps => {
            start(overflow);
            const accepted: Pushed[] = [];
            const taken: Piece[] = [];
            const asked: Pushed[] = [];
            let highWaterMark = 0;
            const take = () => {
              const pieces = piecesOf(queue.take());
              expectNoTwoGaps(pieces);
              taken.push(...pieces);
            };

            for (const step of steps) {
              if (step === 'take') {
                take();
              } else {
                const pushed = { number: asked.length, id: step.id };
                asked.push(pushed);
                // After a refusal the reader is given up.
                if (!queue.push(pushed, numbered(pushed.number, step.size), most)) break;
                accepted.push(pushed);
                highWaterMark = Math.max(highWaterMark, queue.bytes);
              }
              expect(queue.bytes <= most || queue.count === 1, 'the limit').to.equal(true);
              expect(queue.highWaterMark, 'the most').to.equal(highWaterMark);
              expect(eventsOf(taken).length + queue.dropped + queue.count).to.equal(accepted.length);
            }
            while (!queue.isEmpty) take();

            expect(facts()).to.deep.include({ count: 0, bytes: 0 });
            expectOrder(taken);
            if (name === 'latestBy') expectLatest(taken, accepted, asked);
            else expectGaps(taken, accepted.length, queue.dropped);
          }),
          { numRuns: 300 },
        );
      });
    }
  });

  describe('costs eight times as much for eight times the events:', function () {
    this.timeout(30_000);

    const shapes: Readonly<Record<string, (events: number) => void>> = {
      'to drop the oldest of all that wait': events => fill('drop-oldest', events, 2 * events),
      'to drop the newest': events => fill('drop-newest', events, 2 * events),
      'to leave out what is superseded': events =>
        fill({ latestBy: ({ id }) => Number(id) % events }, events, 2 * events),
      'to take events that are large, one by one': events => {
        const large = new Uint8Array(65_536);
        for (let n = 0; n < events; n++) queue.push({}, large, Infinity);
        while (!queue.isEmpty) queue.take();
      },
    };
    for (const [name, shape] of Object.entries(shapes)) {
      it(name, () => {
        expect(
          growth(
            () => shape(25_000),
            () => shape(200_000),
          ),
          // By far: it would be sixty-four times as much, if it were quadratic.
        ).to.be.lessThan(30);
      });
    }

    /** Pushes so many, of which `most` may wait. */
    function fill(overflow: Overflow, most: number, events: number): void {
      start(overflow);
      const bytes = bytesOf('event');
      for (let n = 0; n < events; n++) queue.push({ id: `${n}` }, bytes, most * bytes.length);
      expect(queue.count).to.equal(most);
    }
  });
});

interface Pushed {
  readonly number: number;
  readonly id: string | undefined;
}

/** What was written: an event, or how many were left out. */
type Piece = { readonly number: number } | { readonly dropped: number };

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Gaps as `<n>`. */
function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).replace(/event: gap\ndata: \{"dropped":(\d+)\}\n\n/g, '<$1>');
}

function numbered(number: number, size: number): Uint8Array {
  return bytesOf(`[${number}]`.padEnd(size, '.'));
}

function piecesOf(bytes: Uint8Array): Piece[] {
  return Array.from(textOf(bytes).matchAll(/\[(\d+)\]|<(\d+)>/g), ([, number, dropped]) =>
    number === undefined ? { dropped: Number(dropped) } : { number: Number(number) },
  );
}

function eventsOf(pieces: readonly Piece[]): number[] {
  return pieces.flatMap(piece => ('number' in piece ? [piece.number] : []));
}

function expectOrder(pieces: readonly Piece[]): void {
  const events = eventsOf(pieces);
  expect(events).to.deep.equal([...events].sort((a, b) => a - b));
}

function expectNoTwoGaps(pieces: readonly Piece[]): void {
  expect(pieces.some((piece, i) => 'dropped' in piece && 'dropped' in (pieces[i + 1] ?? {}))).to.equal(false);
}

/** That each gap stands where so many are missing. */
function expectGaps(pieces: readonly Piece[], pushed: number, dropped: number): void {
  let next = 0;
  let missing = 0;
  for (const piece of pieces) {
    if ('number' in piece) expect(piece.number).to.equal(next++);
    else {
      next += piece.dropped;
      missing += piece.dropped;
    }
  }
  expect(next).to.equal(pushed);
  expect(missing).to.equal(dropped);
}

/** That nothing was lost but what a later one with the same key supersedes. */
function expectLatest(pieces: readonly Piece[], accepted: readonly Pushed[], asked: readonly Pushed[]): void {
  const taken = new Set(eventsOf(pieces));
  const latest = new Map(asked.map(({ number, id }) => [id, number]));
  const isSuperseded = ({ number, id }: Pushed) => id !== undefined && latest.get(id) !== number;
  expect(accepted.filter(pushed => !taken.has(pushed.number) && !isSuperseded(pushed))).to.deep.equal([]);
}
