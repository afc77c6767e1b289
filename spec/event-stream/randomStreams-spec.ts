import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { cutEverywhere, decode, joined, type Decoded } from '../support/decode.js';

interface Stream {
  readonly seed: number;
  readonly tags: readonly string[];
  readonly chunks: readonly string[];
  readonly expect: Pick<Decoded, 'events' | 'comments' | 'lastEventId' | 'retries'> & {
    readonly retry: number | null;
  };
  readonly timeline?: readonly number[];
}

const streams: Stream[] = readFileSync(
  new URL('../fixtures/random-streams-300.jsonl', import.meta.url),
  'utf8',
)
  .trim()
  .split('\n')
  .map((line): Stream => JSON.parse(line));

describe('the 300 generated streams', () => {
  it('are all there, and 292 of them say when each event is due', () => {
    expect(streams).to.have.length(300);
    expect(streams.filter(({ timeline }) => timeline)).to.have.length(292);
  });

  for (const { seed, tags, chunks, expect: due, timeline } of streams) {
    it(`decode to what is due: ${seed}, ${tags.join(', ')}`, () => {
      const given = chunks.map(chunk => new Uint8Array(Buffer.from(chunk, 'base64')));
      const whole = decode(given, { maxEventSize: Infinity });

      expect(outcome(whole)).to.deep.equal(due);
      if (timeline) expect(whole.timeline).to.deep.equal(timeline);
      expect(outcome(decode(cutEverywhere(joined(given)), { maxEventSize: Infinity }))).to.deep.equal(due);
    });
  }
});

function outcome({ events, comments, lastEventId, retries, reconnectionTime }: Decoded): Stream['expect'] {
  return { events, comments, lastEventId, retries, retry: reconnectionTime ?? null };
}
