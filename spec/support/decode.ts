import { createDecoder, type DecoderConfig, type ResumePoint } from '../../src/event-stream/index.js';

/** All that came of a stream. */
export interface Decoded {
  readonly events: readonly { type: string; data: string; lastEventId: string }[];
  readonly comments: readonly string[];
  readonly lastEventId: string;
  readonly reconnectionTime: number | undefined;
  /** Each reconnection time that the stream set. */
  readonly retries: readonly number[];
  /** How many events there were after each chunk. */
  readonly timeline: readonly number[];
}

export function decode(chunks: readonly Uint8Array[], config: DecoderConfig = {}): Decoded {
  const events: Decoded['events'][number][] = [];
  const comments: string[] = [];
  const retries: number[] = [];
  const resumePoint: ResumePoint = {
    lastEventId: '',
    get reconnectionTime() {
      return retries.at(-1);
    },
    set reconnectionTime(milliseconds) {
      if (milliseconds !== undefined) retries.push(milliseconds);
    },
  };
  const decoder = createDecoder(({ type, data, lastEventId }) => events.push({ type, data, lastEventId }), {
    resumePoint,
    commentObserver: comment => comments.push(comment),
    ...config,
  });
  const timeline = chunks.map(chunk => {
    decoder.decode(chunk);
    return events.length;
  });
  const { lastEventId, reconnectionTime } = resumePoint;
  return { events, comments, lastEventId, reconnectionTime, retries, timeline };
}

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function joined(chunks: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(chunks));
}

/** One chunk for each byte. */
export function cutEverywhere(whole: Uint8Array): Uint8Array[] {
  return Array.from(whole, byte => Uint8Array.of(byte));
}

/** Two chunks, cut at each place in turn. */
export function cutInTwo(whole: Uint8Array): Uint8Array[][] {
  return Array.from({ length: whole.length + 1 }, (_, at) => [whole.subarray(0, at), whole.subarray(at)]);
}
