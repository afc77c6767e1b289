import { expect } from 'chai';
import { createParser } from 'eventsource-parser';
import { readFileSync } from 'node:fs';
import { createDecoder } from '../../src/event-stream/index.js';
import { bytes } from '../support/decode.js';

/** What both give, in the same terms. */
interface Outcome {
  readonly events: readonly { type: string; data: string; id: string | undefined }[];
  readonly comments: readonly string[];
  readonly retries: readonly number[];
}

describe('beside eventsource-parser, createDecoder', () => {
  describe('gives the same events, comments and retries', () => {
    const streams = readFileSync(new URL('../fixtures/random-streams-300.jsonl', import.meta.url), 'utf8')
      .trim()
      .split('\n')
      .map((line): { seed: number; chunks: string[] } => JSON.parse(line))
      .map(({ seed, chunks }) => ({
        seed,
        chunks: chunks.map(chunk => new Uint8Array(Buffer.from(chunk, 'base64'))),
      }));
    const comparable = streams.filter(({ chunks }) => !startsAgain(Buffer.concat(chunks)));

    it('of 278 of the 300 streams: the others begin with what it takes for a second BOM', () => {
      expect(comparable).to.have.length(278);
    });

    for (const { seed, chunks } of comparable) {
      it(`of stream ${seed}, but for the leading space of comments`, () => {
        const { events, comments, retries } = ours(chunks);
        const other = theirs(chunks);
        expect(events).to.deep.equal(other.events);
        expect(retries).to.deep.equal(other.retries);
        expect(comments.map(withoutSpace)).to.deep.equal(other.comments);
      });
    }
  });

  describe('differs where that one strays from the standard:', () => {
    it('strips one BOM, and not a second one', () => {
      const stream = [bytes('\uFEFF\uFEFFdata: a\n\n')];
      expect(ours(stream).events).to.have.length(0);
      expect(theirs(stream).events).to.have.length(1);
    });

    it('does not take the text ï»¿ for a BOM', () => {
      const stream = [bytes('ï»¿data: a\n\n')];
      expect(ours(stream).events).to.have.length(0);
      expect(theirs(stream).events).to.have.length(1);
    });

    it('keeps the space that begins a comment', () => {
      const stream = [bytes(': hi\n')];
      expect(ours(stream).comments).to.deep.equal([' hi']);
      expect(theirs(stream).comments).to.deep.equal(['hi']);
    });

    it('moves the last event ID with a block that has only an id, of which that one tells nothing', () => {
      const resumePoint = { lastEventId: '', reconnectionTime: undefined };
      createDecoder(() => undefined, { resumePoint }).decode(bytes('id: 1\n\n'));
      expect(resumePoint.lastEventId).to.equal('1');
      expect(theirs([bytes('id: 1\n\n')]).events).to.deep.equal([]);
    });
  });
});

/** Whether it begins with what that parser takes for a second BOM. */
function startsAgain(stream: Buffer): boolean {
  return /^(\uFEFF\uFEFF|\uFEFF?ï»¿)/.test(stream.toString());
}

function withoutSpace(comment: string): string {
  return comment.replace(/^ /, '');
}

function ours(chunks: readonly Uint8Array[]): Outcome {
  const outcome = {
    events: [] as Outcome['events'][number][],
    comments: [] as string[],
    retries: [] as number[],
  };
  const decoder = createDecoder(({ type, data, id }) => outcome.events.push({ type, data, id }), {
    maxEventSize: Infinity,
    commentObserver: comment => outcome.comments.push(comment),
    resumePoint: {
      lastEventId: '',
      get reconnectionTime() {
        return outcome.retries.at(-1);
      },
      set reconnectionTime(milliseconds) {
        if (milliseconds !== undefined) outcome.retries.push(milliseconds);
      },
    },
  });
  for (const chunk of chunks) decoder.decode(chunk);
  return outcome;
}

function theirs(chunks: readonly Uint8Array[]): Outcome {
  const outcome = {
    events: [] as Outcome['events'][number][],
    comments: [] as string[],
    retries: [] as number[],
  };
  const utf8 = new TextDecoder();
  const parser = createParser({
    onEvent: ({ event, data, id }) => outcome.events.push({ type: event || 'message', data, id }),
    onComment: comment => outcome.comments.push(comment),
    onRetry: milliseconds => outcome.retries.push(milliseconds),
  });
  for (const chunk of chunks) parser.feed(utf8.decode(chunk, { stream: true }));
  return outcome;
}
