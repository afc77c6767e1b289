import { expect } from 'chai';
import fc from 'fast-check';
import {
  createDecoder,
  SseSizeError,
  type ReceivedSseEvent,
  type ResumePoint,
} from '../../src/event-stream/index.js';
import { bytes, cutEverywhere, cutInTwo, decode, joined, type Decoded } from '../support/decode.js';
import { growth } from '../support/growth.js';
import { vectors } from './vectors.js';

describe('createDecoder', () => {
  for (const { claim, stream, ...due } of vectors) {
    it(claim, () => {
      const whole = typeof stream === 'string' ? bytes(stream) : joined(stream);
      const cuts = [[whole], cutEverywhere(whole), withEmptyChunks(cutEverywhere(whole)), ...cutInTwo(whole)];
      for (const chunks of cuts) expect(outcome(decode(chunks))).to.deep.equal(outcomeOf(due));
    });
  }

  describe('in time', () => {
    it('delivers an event as soon as a lone CR ends its blank line', () => {
      expect(timelineOf('data: a\r', '\r', '\n', 'data: b\r\n', '\r', '\n')).to.deep.equal([
        0, 1, 1, 1, 2, 2,
      ]);
    });

    it('swallows an LF only right after a CR, not after an unfinished line that follows one', () => {
      expect(timelineOf('data: a\r\rdata: b', '\n', '\n')).to.deep.equal([1, 1, 2]);
    });

    it('takes a retry when its line is read, without a blank line', () => {
      expect(decode([bytes('retry: 1200\n')]).reconnectionTime).to.equal(1200);
      expect(decode([bytes('data: a\nretry: 1200\r')]).reconnectionTime).to.equal(1200);
      expect(decode([bytes('retry: 1200')]).reconnectionTime).to.equal(undefined);
    });

    it('takes an id when its block is dispatched, not when its line is read', () => {
      expect(decode([bytes('data: a\nid: 1\n\nid: 2\ndata: b\n')]).lastEventId).to.equal('1');
    });

    it('hands over comments when their lines are read', () => {
      expect(decode([bytes('data: a\n: hi\n')]).comments).to.deep.equal([' hi']);
    });
  });

  describe('on a resume point', () => {
    it('starts from its last event ID, which persists until a block has another', () => {
      const resumePoint: ResumePoint = { lastEventId: '7', reconnectionTime: undefined };
      const decoded = eventsOf('data: a\n\nid: 8\ndata: b\n\n', resumePoint);
      expect(decoded.map(({ lastEventId }) => lastEventId)).to.deep.equal(['7', '8']);
      expect(resumePoint).to.deep.equal({ lastEventId: '8', reconnectionTime: undefined });
    });

    it('leaves nothing of an unfinished event to the next connection', () => {
      const resumePoint: ResumePoint = { lastEventId: '', reconnectionTime: undefined };
      eventsOf('id: 1\ndata: a\n\nevent: odd\nid: 2\ndata: b\n', resumePoint);
      const [event] = eventsOf('data: c\n\n', resumePoint);
      expect(event).to.deep.equal({ type: 'message', data: 'c', lastEventId: '1', origin: '' });
    });

    it('has moved it before the event is handed over', () => {
      const resumePoint: ResumePoint = { lastEventId: '', reconnectionTime: undefined };
      let seen = '';
      createDecoder(() => (seen = resumePoint.lastEventId), { resumePoint }).decode(bytes('id: 1\ndata\n\n'));
      expect(seen).to.equal('1');
    });
  });

  it('gives an event the id of its own block, and no id if that has none', () => {
    const [first, second, third] = eventsOf('id: 1\ndata\n\ndata\n\nid\ndata\n\n');
    expect(first).to.include({ id: '1' });
    expect(second).not.to.have.property('id');
    expect(third).to.include({ id: '' });
  });

  it('gives each event the origin', () => {
    const origins: string[] = [];
    const decoder = createDecoder(({ origin }) => origins.push(origin), { origin: 'https://example.com' });
    decoder.decode(bytes('data\n\ndata\n\n'));
    expect(origins).to.deep.equal(['https://example.com', 'https://example.com']);
  });

  it('does not keep the chunk', () => {
    const events: string[] = [];
    const decoder = createDecoder(({ data }) => events.push(data));
    const chunk = bytes('data: ab');
    decoder.decode(chunk);
    chunk.fill(120);
    decoder.decode(bytes('c\n\n'));
    expect(events).to.deep.equal(['abc']);
  });

  it('reads all from one chunk that its caller writes over each time', () => {
    const stream = bytes('id: 1\r\ndata: äb\rdata: c\n\ndata: d\n\n');
    for (const length of [1, 2, 3, 5, 8]) {
      const events: string[] = [];
      const decoder = createDecoder(({ data }) => events.push(data));
      const buffer = new Uint8Array(length);
      for (const chunk of inChunks(stream, length)) {
        buffer.set(chunk);
        decoder.decode(buffer.subarray(0, chunk.length));
        buffer.fill(10);
      }
      expect(events).to.deep.equal(['äb\nc', 'd']);
    }
  });

  it('reads invalid UTF-8 as TextDecoder does', () => {
    const invalid = [
      [0xff],
      [0xc3],
      [0xe2, 0x82],
      [0xf0, 0x9f, 0x98],
      [0xed, 0xa0, 0x80],
      [0xc0, 0xaf],
      [0xf8, 0x88, 0x80, 0x80, 0x80],
    ].map(data => Uint8Array.from(data));

    for (const data of invalid) {
      const stream = joined([bytes('data:x'), data, bytes('y\ndata:'), data, bytes('\n\n')]);
      const text = new TextDecoder().decode(data);
      for (const chunks of [[stream], cutEverywhere(stream)]) {
        expect(decode(chunks).events[0]?.data).to.equal(`x${text}y\n${text}`);
      }
    }
  });

  it('reads any bytes of a line as TextDecoder does', () => {
    const byte = fc.oneof(
      fc.integer({ min: 0, max: 255 }),
      fc.constantFrom(0x80, 0xbf, 0xc3, 0xe2, 0xed, 0xef, 0xf0, 0xf4),
    );
    const line = fc.array(
      byte.filter(value => value !== 10 && value !== 13),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(line, values => {
        const data = Uint8Array.from(values);
        const stream = joined([bytes('data: '), data, bytes('\n\n')]);
        const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(data);
        for (const chunks of [[stream], cutEverywhere(stream)]) {
          expect(decode(chunks).events[0]?.data).to.equal(text);
        }
      }),
      { numRuns: 500 },
    );
  });

  describe('told to stop', () => {
    it('hands over nothing more of the chunk, and leaves the resume point', () => {
      const resumePoint: ResumePoint = { lastEventId: '', reconnectionTime: undefined };
      const events: string[] = [];
      const comments: string[] = [];
      const decoder = createDecoder(
        ({ data }) => {
          events.push(data);
          decoder.stop();
        },
        { resumePoint, commentObserver: comment => comments.push(comment) },
      );
      decoder.decode(bytes('id: 1\ndata: a\n\n: hi\nretry: 5\nid: 2\ndata: b\n\n'));
      decoder.decode(bytes('id: 3\ndata: c\n\n'));

      expect({ events, comments }).to.deep.equal({ events: ['a'], comments: [] });
      expect(resumePoint).to.deep.equal({ lastEventId: '1', reconnectionTime: undefined });
    });

    it('stops from inside a comment, too', () => {
      const events: string[] = [];
      const decoder = createDecoder(({ data }) => events.push(data), {
        commentObserver: () => decoder.stop(),
      });
      decoder.decode(bytes(': hi\ndata: a\n\n'));
      expect(events).to.deep.equal([]);
    });

    it('stops between two chunks', () => {
      const resumePoint: ResumePoint = { lastEventId: '', reconnectionTime: undefined };
      const events: string[] = [];
      const decoder = createDecoder(({ data }) => events.push(data), { resumePoint });
      decoder.decode(bytes('id: 1\ndata: a\n'));
      decoder.stop();
      decoder.decode(bytes('retry: 5\n\n'));
      expect({ events, ...resumePoint }).to.deep.equal({
        events: [],
        lastEventId: '',
        reconnectionTime: undefined,
      });
    });

    it('finds nothing too large in what follows', () => {
      const decoder = createDecoder(() => decoder.stop(), { maxEventSize: 20 });
      decoder.decode(bytes(`data: a\n\ndata: ${'x'.repeat(50)}\n\ndata: ${'x'.repeat(50)}`));
      expect(() => decoder.decode(bytes('x'.repeat(50)))).not.to.throw();
    });
  });

  describe('with a limit', () => {
    const fits = 'event: x\nid: 1\n: note\ndata: äöü\r\ndata: €\n';
    const maxEventSize = bytes(fits).length;

    it('takes an event of exactly that many bytes, however it is cut', () => {
      for (const chunks of allCuts(bytes(`${fits}\n${fits}\n`))) {
        expect(decode(chunks, { maxEventSize }).events).to.have.length(2);
      }
    });

    it('takes an event of exactly that many bytes, and not of one more, whatever its characters', () => {
      for (const event of ['data: abc\n', ':abc\rdata\r', 'id: 1\r\ndata\r\n', 'data: é\n', 'data: €😀\n']) {
        const size = bytes(event).length;
        for (const chunks of allCuts(bytes(`${event}\r`))) {
          expect(attempt(chunks, size)).to.include({ error: undefined }).and.property('events').length(1);
          expect(attempt(chunks, size - 1))
            .to.have.property('error')
            .instanceOf(SseSizeError);
        }
      }
    });

    it('counts the bytes that came, also where they are no UTF-8', () => {
      for (const invalid of [[0xff], [0xff, 0xc3, 0xa9], [0xe2, 0x82], [0xf0, 0x9f, 0x98]]) {
        const event = joined([bytes('data: '), Uint8Array.from(invalid), bytes('\n')]);
        for (const chunks of allCuts(joined([event, bytes('\n')]))) {
          expect(attempt(chunks, event.length)).to.include({ error: undefined });
          expect(attempt(chunks, event.length - 1))
            .to.have.property('error')
            .instanceOf(SseSizeError);
        }
      }
    });

    it('counts no part of a line end for the event after it', () => {
      const event = 'data: x\r\n';
      const twoEvents = `${event}\r\n${event}\r\n`;
      const { events } = decode(cutEverywhere(bytes(twoEvents)), { maxEventSize: event.length });
      expect(events).to.have.length(2);
    });

    it('ends any stream in the same way, however it is cut', () => {
      const atom = fc.constantFrom(
        'data: a\n',
        'data: é\r',
        ':c\r\n',
        'id: 1\n',
        '\n',
        '\r',
        '\n\n',
        '\uFEFF',
        '€',
        'x',
      );
      fc.assert(
        fc.property(fc.array(atom, { maxLength: 12 }), fc.nat({ max: 30 }), (atoms, limit) => {
          const stream = bytes(atoms.join(''));
          const [whole, ...others] = allCuts(stream).map(chunks => {
            const { events, error } = attempt(chunks, limit);
            return { events, place: error instanceof SseSizeError && error.lastEventId };
          });
          for (const other of others) expect(other).to.deep.equal(whole);
        }),
        { numRuns: 500 },
      );
    });

    it('tells at which place it was passed', () => {
      const { error } = attempt([bytes('id: 1\ndata: a\n\nid: 2\ndata: 0123456789\n\n')], 15);
      expect(error).to.be.instanceOf(SseSizeError).and.include({ maxEventSize: 15, lastEventId: '1' });
    });

    it('fails at one more, after the events before it, however it is cut', () => {
      for (const larger of [`${fits}:\n`, fits.replace('x', 'xy'), fits.replace('€', '€€')]) {
        for (const chunks of allCuts(bytes(`data: before\n\n${larger}\ndata: after\n\n`))) {
          const { events, error } = attempt(chunks, maxEventSize);
          expect(events).to.deep.equal(['before']);
          expect(error).to.be.instanceOf(SseSizeError).and.include({ maxEventSize, lastEventId: '' });
        }
      }
    });

    it('fails in the middle of a line that does not end', () => {
      for (const line of ['data: ', ': ', 'unknown: ']) {
        expect(attempt([bytes(line + 'x'.repeat(50))], 40).error).to.be.instanceOf(SseSizeError);
      }
    });

    it('counts comments that no blank line ends', () => {
      expect(attempt(Array<Uint8Array>(10).fill(bytes(': hi\n')), 40).error).to.be.instanceOf(SseSizeError);
    });

    it('counts each event alone', () => {
      expect(attempt([bytes('data: 1234567\n\n'.repeat(100))], 20).events).to.have.length(100);
    });

    it('does nothing after it has failed', () => {
      const events: string[] = [];
      const decoder = createDecoder(({ data }) => events.push(data), { maxEventSize: 10 });
      expect(() => decoder.decode(bytes('data: 0123456789\n'))).to.throw(SseSizeError);
      decoder.decode(bytes('\ndata: a\n\n'));
      expect(events).to.deep.equal([]);
    });

    it('is 1 MiB unless said otherwise', () => {
      const line = (length: number) => [bytes(`data:${'x'.repeat(length - 6)}\n`), bytes('\n')];
      expect(decode(line(1024 * 1024)).events).to.have.length(1);
      expect(() => decode(line(1024 * 1024 + 1))).to.throw(SseSizeError, '1048576');
    });
  });

  it('keeps events apart when more is decoded from within one', () => {
    const seen: string[] = [];
    const decoder = createDecoder(({ type, data }) => {
      seen.push(`${type} ${data}`);
      if (data === 'a') decoder.decode(bytes('data: b\n\n'));
    });
    decoder.decode(bytes('event: t\ndata: a\n\ndata: c\n\n'));
    expect(seen).to.deep.equal(['t a', 'message b', 'message c']);
  });

  it('holds no memory of a large event once that is over', async () => {
    // Freed memory shows a few turns later.
    const memory = async () => {
      for (let turn = 0; turn < 3; turn++) {
        await new Promise(setImmediate);
        global.gc?.();
      }
      return process.memoryUsage().arrayBuffers;
    };
    const decoder = createDecoder(() => undefined, { maxEventSize: Infinity });
    const before = await memory();
    const chunk = bytes('x'.repeat(65_536));
    decoder.decode(bytes('data: '));
    for (let n = 0; n < 160; n++) decoder.decode(chunk);
    expect((await memory()) - before).to.be.greaterThan(10_000_000);
    decoder.decode(bytes('\n\n'));
    expect((await memory()) - before).to.be.lessThan(1_000_000);
    decoder.decode(chunk);
  }).timeout(20_000);

  describe('costs four times as much for four times the stream:', function () {
    this.timeout(30_000);

    const shapes: Readonly<Record<string, (size: number) => Uint8Array[]>> = {
      'a line that comes byte by byte': size => cutEverywhere(bytes(`data: ${'x'.repeat(size)}\n\n`)),
      'a line in chunks of 1 KiB': size => inChunks(bytes(`data: ${'x'.repeat(100 * size)}\n\n`), 1024),
      'an event of many lines': size => inChunks(bytes(`${'data: x\n'.repeat(10 * size)}\n`), 16_384),
      'events that end in CR': size => [bytes('data: x\r\r'.repeat(10 * size))],
      'mixed line ends': size => [bytes('data: x\r\n\rdata: y\n\n'.repeat(5 * size))],
      'LF first, then CR': size => [bytes('data: x\n\n'.repeat(5 * size) + 'data: x\r\r'.repeat(5 * size))],
      'lines without a colon': size => [bytes('data\n\n'.repeat(10 * size))],
      'one byte per chunk': size => cutEverywhere(bytes('data: x\n\n'.repeat(size))),
    };
    for (const [name, shape] of Object.entries(shapes)) {
      it(name, () => {
        expect(growthOf(shape(20_000), shape(80_000))).to.be.lessThan(10);
      });
    }

    it('events that are measured, since together they pass the limit', () => {
      const shape = (size: number) => [bytes('data: é\n\n'.repeat(size))];
      expect(growthOf(shape(50_000), shape(200_000), 1000)).to.be.lessThan(10);
    });
  });
});

function outcome({ events, comments, lastEventId, retries }: Decoded) {
  return { events, comments, lastEventId, retries };
}

function outcomeOf({ events = [], comments = [], lastEventId = '', retries = [] }: Partial<Decoded>) {
  return { events, comments, lastEventId, retries };
}

function withEmptyChunks(chunks: readonly Uint8Array[]): Uint8Array[] {
  return chunks.flatMap(chunk => [new Uint8Array(0), chunk]);
}

function timelineOf(...chunks: readonly string[]): readonly number[] {
  return decode(chunks.map(bytes)).timeline;
}

function eventsOf(stream: string, resumePoint?: ResumePoint) {
  const events: ReceivedSseEvent[] = [];
  createDecoder(event => events.push(event), resumePoint && { resumePoint }).decode(bytes(stream));
  return events;
}

function allCuts(stream: Uint8Array): Uint8Array[][] {
  return [[stream], cutEverywhere(stream), ...cutInTwo(stream)];
}

function attempt(chunks: readonly Uint8Array[], maxEventSize: number) {
  const events: string[] = [];
  const decoder = createDecoder(({ data }) => events.push(data), { maxEventSize });
  try {
    for (const chunk of chunks) decoder.decode(chunk);
  } catch (error) {
    return { events, error };
  }
  return { events, error: undefined };
}

function inChunks(stream: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(stream.length / size) }, (_, i) =>
    stream.subarray(i * size, (i + 1) * size),
  );
}

function growthOf(
  small: readonly Uint8Array[],
  large: readonly Uint8Array[],
  maxEventSize = Infinity,
): number {
  const decodeAll = (chunks: readonly Uint8Array[]) => () => {
    const decoder = createDecoder(() => undefined, { maxEventSize });
    for (const chunk of chunks) decoder.decode(chunk);
  };
  return growth(decodeAll(small), decodeAll(large));
}
