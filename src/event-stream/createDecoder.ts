import { SseSizeError } from './errors.js';
import type { ReceivedSseEvent } from './ReceivedSseEvent.js';
import type { ResumePoint } from './ResumePoint.js';
import { tell, type Listener } from './tell.js';

const LF = 10;
const CR = 13;

export interface DecoderConfig {
  /**
   * Where the last event ID and the reconnection time are kept: read at the start, moved as the stream says.
   *
   * @defaultValue a new one, without an id
   */
  readonly resumePoint?: ResumePoint | undefined;
  /**
   * The `origin` of the events.
   *
   * @defaultValue the empty string
   */
  readonly origin?: string | undefined;
  /**
   * The largest event, in bytes: everything since the last blank line, with comments and unfinished lines. Beyond it, decoding
   * fails with `SseSizeError`. `Infinity` for no limit.
   *
   * @defaultValue 1 MiB
   */
  readonly maxEventSize?: number | undefined;
  /** Told of each comment: the text after its colon, unstripped. */
  readonly commentObserver?: Listener<string> | undefined;
}

/** An event stream being decoded. One for each connection. */
export interface EventStreamDecoder {
  /**
   * Takes the next bytes, cut anywhere, and hands over every event that they complete, before it returns.
   * The chunk is not kept.
   *
   * @throws {@link SseSizeError} after the events before it, if an event grows past `maxEventSize`; the decoder is then stopped.
   */
  decode(chunk: Uint8Array): void;
  /** Ends it, also from inside a callback: nothing more is handed over, and the resume point stays where it is. */
  stop(): void;
}

/**
 * Decodes `text/event-stream`, to the letter of https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream.
 * The end of the stream needs no call: an event without its blank line was never dispatched, and its id never counted.
 *
 * @param next gets each event, in order. It must not throw.
 * @example
 * ```ts
 * import { createDecoder } from 'rxjs-sse';
 *
 * const decoder = createDecoder(event => console.log(event.type, event.data));
 * decoder.decode(new TextEncoder().encode('event: tick\ndata: 42\n\n'));
 * ```
 */
export function createDecoder(
  next: (event: ReceivedSseEvent) => void,
  {
    resumePoint = { lastEventId: '', reconnectionTime: undefined },
    origin = '',
    maxEventSize = 1024 * 1024,
    commentObserver,
  }: DecoderConfig = {},
): EventStreamDecoder {
  // The stream's BOM is taken off by hand: left to the TextDecoder, each block would lose one.
  const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

  let isAtStart = true;
  let isAfterCR = false;
  let isStopped = false;

  // The bytes of a line that has not ended yet.
  let tail = new Uint8Array(0);
  let tailLength = 0;

  // The event that is being read, and the bytes of its lines. Its data is in many pieces: a million additions to one string
  // would take several times as long.
  let type = '';
  let id: string | undefined;
  let data: string | undefined;
  let pieces: string[] = [];
  let size = 0;

  return { decode, stop: () => void (isStopped = true) };

  function decode(chunk: Uint8Array): void {
    if (isStopped || chunk.length === 0) return;

    // Where an event may get too large, halves are taken, and halves of those, so that all that comes before is dispatched.
    if (chunk.length > 1 && size + tailLength + chunk.length > maxEventSize) {
      const middle = chunk.length >> 1;
      decode(chunk.subarray(0, middle));
      return decode(chunk.subarray(middle));
    }

    // A CR that ended a chunk ended its line at once; an LF that follows is its other half, not a line.
    const start = isAfterCR && chunk[0] === LF ? 1 : 0;
    // It still belongs to an event that goes on.
    if (start && size) size++;
    isAfterCR = chunk[chunk.length - 1] === CR;

    // Whole lines are decoded in one go. A line end is never inside a character, so no character is ever cut.
    const end = lastLineEnd(chunk, start);
    if (end > start) readBlock(withTail(chunk.subarray(start, end)));
    // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- a callback may have stopped it
    if (isStopped) return;
    keep(chunk.subarray(end));
    if (size + tailLength > maxEventSize) {
      isStopped = true;
      throw new SseSizeError(maxEventSize, { lastEventId: resumePoint.lastEventId });
    }
  }

  function readBlock(bytes: Uint8Array): void {
    const block = utf8.decode(bytes);
    let value: string | undefined;
    let blankLineEnd = -1;
    let start = isAtStart && block[0] === '\ufeff' ? 1 : 0;
    isAtStart = false;
    let lf = -1;
    let cr = -1;

    while (start < block.length) {
      // Each kind of line end is looked for once, not once per line: a stream may have only the other kind.
      if (lf < start) lf = indexOrLength(block, '\n', start);
      if (cr < start) cr = indexOrLength(block, '\r', start);
      const end = lf < cr ? lf : cr;
      const following = end === cr && block[end + 1] === '\n' ? end + 2 : end + 1;

      if (end > start) {
        switch (block[start]) {
          case ':':
            if (commentObserver) tell(commentObserver, block.slice(start + 1, end));
            break;
          case 'd':
            value = fieldValue(block, start, end, 'data');
            if (value === undefined) break;
            if (pieces.length) pieces.push(value);
            else data = data === undefined ? value : `${data}\n${value}`;
            break;
          case 'e':
            value = fieldValue(block, start, end, 'event');
            if (value !== undefined) type = value;
            break;
          case 'i':
            value = fieldValue(block, start, end, 'id');
            if (value !== undefined && !value.includes('\0')) id = value;
            break;
          case 'r':
            value = fieldValue(block, start, end, 'retry');
            // Enough digits read as Infinity, which no JSON can hold.
            if (value && /^\d+$/.test(value)) {
              resumePoint.reconnectionTime = Math.min(Number(value), Number.MAX_VALUE);
            }
            break;
        }
      } else {
        if (pieces.length) {
          data = pieces.join('\n');
          pieces = [];
        }
        // The id counts now that its block is complete, even if the block has no data and so makes no event.
        if (id !== undefined) resumePoint.lastEventId = id;
        const event = data === undefined ? undefined : received(type || 'message', data, id);
        // Before it is told, since that may have more decoded.
        type = '';
        data = id = undefined;
        if (event) next(event);
        blankLineEnd = following;
      }
      if (isStopped) return;
      start = following;
    }
    if (data !== undefined) pieces.push(data);
    data = undefined;
    // In the bytes that came, of which a text may have fewer.
    size =
      blankLineEnd < 0 ? size + bytes.length : new TextEncoder().encode(block.slice(blankLineEnd)).length;
  }

  function received(type: string, data: string, id: string | undefined): ReceivedSseEvent {
    const { lastEventId } = resumePoint;
    // Written out twice, because an object that is spread into another is several times as slow to make.
    return id === undefined ? { type, data, lastEventId, origin } : { type, data, id, lastEventId, origin };
  }

  function keep(bytes: Uint8Array): void {
    const length = tailLength + bytes.length;
    if (length > tail.length) {
      // Doubling keeps a line that comes byte by byte linear.
      const larger = new Uint8Array(Math.max(length, 2 * tail.length));
      larger.set(tail.subarray(0, tailLength));
      tail = larger;
    }
    tail.set(bytes, tailLength);
    tailLength = length;
  }

  function withTail(bytes: Uint8Array): Uint8Array {
    if (tailLength === 0) return bytes;
    keep(bytes);
    const whole = tail.subarray(0, tailLength);
    tailLength = 0;
    // One large event must not hold its memory for the rest of the connection.
    if (tail.length > 262_144) tail = new Uint8Array(0);
    return whole;
  }
}

/** The index after the last line end at or after `start`; `start` if there is none. */
function lastLineEnd(chunk: Uint8Array, start: number): number {
  const lf = chunk.lastIndexOf(LF);
  // Only what follows the last LF is searched for a CR, so a stream without CR is not searched twice.
  const cr = chunk.subarray(lf + 1).lastIndexOf(CR);
  // Each is -1 where there is none.
  return Math.max(lf + cr + 2, start);
}

function indexOrLength(block: string, lineEnd: string, start: number): number {
  const index = block.indexOf(lineEnd, start);
  return index < 0 ? block.length : index;
}

/**
 * The value of the field if the line is one of that name, whose first letter is known to be there. The colon is not searched
 * for: a line without one has no end.
 */
function fieldValue(block: string, start: number, end: number, name: string): string | undefined {
  const colon = start + name.length;
  // By hand, since `startsWith` is slower on short lines: see the tiny events of spec/bench/decode.ts.
  for (let i = 1; i < name.length; i++) {
    if (block[start + i] !== name[i]) return undefined;
  }
  if (colon === end) return '';
  if (block[colon] !== ':') return undefined;
  return block.slice(block[colon + 1] === ' ' ? colon + 2 : colon + 1, end);
}
