import { expect } from 'chai';
import { createParser } from 'eventsource-parser';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { createDecoder } from '../../src/event-stream/index.js';
import { bytes, cutEverywhere, joined } from '../support/decode.js';

/** What both give, in the same terms. */
interface Outcome {
  readonly events: readonly { type: string; data: string; id: string | undefined }[];
  readonly comments: readonly string[];
  readonly retries: readonly number[];
  /** Each id that counted, also that of a block without data. */
  readonly ids: readonly string[];
  /** How many events there were after each chunk. */
  readonly timeline: readonly number[];
}

describe('beside eventsource-parser, createDecoder', () => {
  describe('gives the same events, at the same chunk, with the same comments, retries and ids', () => {
    const streams = readFileSync(new URL('../fixtures/random-streams-300.jsonl', import.meta.url), 'utf8')
      .trim()
      .split('\n')
      .map((line): { seed: number; chunks: string[] } => JSON.parse(line))
      .map(({ seed, chunks }) => ({
        seed,
        chunks: chunks.map(chunk => new Uint8Array(Buffer.from(chunk, 'base64'))),
      }));
    const comparable = streams.filter(({ chunks }) => !strays(joined(chunks)));

    it('of 278 of the 300 streams: the others are of the classes below', () => {
      expect(comparable).to.have.length(278);
    });

    for (const { seed, chunks } of comparable) {
      it(`of stream ${seed}`, () => {
        expect(ours(chunks)).to.deep.equal(theirs(chunks));
        const cut = cutEverywhere(joined(chunks));
        expect(ours(cut)).to.deep.equal(theirs(cut));
      });
    }

    it('of any stream that is not of those classes, however it is cut', () => {
      const text = fc.constantFrom(
        ...['data', 'data: ', 'data:', 'event', 'event: ', 'id', 'id: ', 'retry', 'retry: ', ':', ': '],
        ...['\n', '\n', '\n', '\r', '\r', '\r\n', '\n\n', '\r\r', '\r\n\r\n'],
        ...['a', ' ', '5', '12', '\0', 'é', '😀', '\uFEFF', '\u2028', 'ï»¿', 'message'],
      );
      const piece = fc.oneof(
        { weight: 20, arbitrary: text.map(bytes) },
        {
          weight: 1,
          arbitrary: fc.constantFrom(0xff, 0xc3, 0xe2, 0xf0, 0x80).map(byte => Uint8Array.of(byte)),
        },
      );
      const stream = fc
        .array(piece, { maxLength: 30 })
        .map(joined)
        .filter(whole => !strays(whole));

      fc.assert(
        fc.property(stream, fc.array(fc.nat({ max: 100 }), { maxLength: 6 }), (whole, places) => {
          const cuts = [0, ...places.filter(place => place < whole.length).sort((a, b) => a - b)];
          const chunks = cuts.map((cut, i) => whole.subarray(cut, cuts[i + 1]));
          expect(ours(chunks)).to.deep.equal(theirs(chunks));
        }),
        { numRuns: 5000 },
      );
    });
  });

  describe('differs where that one strays from the standard:', () => {
    it('strips one BOM, where a TextDecoder and that one strip one each', () => {
      const stream = [bytes('\uFEFF\uFEFFdata: a\n\n')];
      expect(strays(joined(stream))).to.equal(true);
      expect(ours(stream).events).to.deep.equal([]);
      expect(theirs(stream).events).to.deep.equal([{ type: 'message', data: 'a', id: undefined }]);
    });

    for (const start of ['ï»¿', '\uFEFFï»¿']) {
      it(`takes the text ï»¿ for no BOM${start.startsWith('ï') ? '' : ', nor after one'}`, () => {
        const stream = [bytes(`${start}data: a\n\n`)];
        expect(strays(joined(stream))).to.equal(true);
        expect(ours(stream).events).to.deep.equal([]);
        expect(theirs(stream).events).to.deep.equal([{ type: 'message', data: 'a', id: undefined }]);
      });
    }
  });

  describe('differs in terms, where the standard is silent:', () => {
    it('keeps the space that begins a comment', () => {
      const comments: string[] = [];
      createParser({ onComment: comment => comments.push(comment) }).feed(': hi\n');
      expect(comments).to.deep.equal(['hi']);

      const unstripped: string[] = [];
      createDecoder(() => undefined, { commentObserver: comment => unstripped.push(comment) }).decode(
        bytes(': hi\n'),
      );
      expect(unstripped).to.deep.equal([' hi']);
    });

    it('gives a retry too large for a number as the largest, not as Infinity', () => {
      const stream = [bytes(`retry: ${'9'.repeat(400)}\n`)];
      expect(ours(stream).retries).to.deep.equal([Number.MAX_VALUE]);
      expect(theirs(stream).retries).to.deep.equal([Infinity]);
    });
  });
});

/** Whether it begins with what that parser, or the TextDecoder before it, takes for a second BOM. */
function strays(stream: Uint8Array): boolean {
  return /^(\uFEFF\uFEFF|\uFEFF?ï»¿)/.test(Buffer.from(stream).toString());
}

/** Comments come without their leading space, since that one takes it off. */
function ours(chunks: readonly Uint8Array[]): Outcome {
  const { events, comments, retries, ids } = record();
  const resumePoint = {
    get lastEventId() {
      return ids.at(-1) ?? '';
    },
    set lastEventId(id) {
      ids.push(id);
    },
    get reconnectionTime() {
      return retries.at(-1);
    },
    set reconnectionTime(milliseconds: number | undefined) {
      if (milliseconds !== undefined) retries.push(milliseconds);
    },
  };
  const decoder = createDecoder(({ type, data, id }) => events.push({ type, data, id }), {
    maxEventSize: Infinity,
    commentObserver: comment => comments.push(comment.replace(/^ /, '')),
    resumePoint,
  });
  const timeline = chunks.map(chunk => {
    decoder.decode(chunk);
    return events.length;
  });
  return { events, comments, retries, ids, timeline };
}

function theirs(chunks: readonly Uint8Array[]): Outcome {
  const { events, comments, retries, ids } = record();
  const utf8 = new TextDecoder();
  const parser = createParser({
    onEvent: ({ event, data, id }) => events.push({ type: event || 'message', data, id }),
    onComment: comment => comments.push(comment),
    onRetry: milliseconds => retries.push(milliseconds),
    onId: id => ids.push(id),
  });
  const timeline = chunks.map(chunk => {
    parser.feed(utf8.decode(chunk, { stream: true }));
    return events.length;
  });
  return { events, comments, retries, ids, timeline };
}

function record() {
  const events: Outcome['events'][number][] = [];
  const comments: string[] = [];
  const retries: number[] = [];
  const ids: string[] = [];
  return { events, comments, retries, ids };
}
