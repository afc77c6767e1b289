import { SseSizeError } from './errors.js';
import type { ReceivedSseEvent } from './ReceivedSseEvent.js';
import type { ResumePoint } from './ResumePoint.js';

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
  /** Told of each comment: the text after its colon, unstripped. It must not throw. */
  readonly commentObserver?: ((comment: string) => void) | undefined;
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

  // The event that goes on after a block, and the bytes of its lines. Its data is in many pieces: a million additions to one
  // string would take several times as long.
  let unfinishedType = '';
  let unfinishedId: string | undefined;
  let unfinishedData: string[] = [];
  let size = 0;

  return {
    decode(chunk) {
      if (isStopped || chunk.length === 0) return;

      // A CR that ended a chunk ended its line at once; an LF that follows is its other half, not a line.
      const start = isAfterCR && chunk[0] === LF ? 1 : 0;
      // It still belongs to an event that goes on.
      if (start && size && ++size > maxEventSize) fail();
      isAfterCR = chunk[chunk.length - 1] === CR;

      // Whole lines are decoded in one go. A line end is never inside a character, so no character is ever cut.
      const end = lastLineEnd(chunk, start);
      if (end > start) readLines(withTail(chunk.subarray(start, end)));
      // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- a callback may have stopped it
      if (isStopped) return;
      keep(chunk.subarray(end));
      if (size + tailLength > maxEventSize) fail();
    },
    stop() {
      isStopped = true;
    },
  };

  /** Reads whole lines. Where an event may get too large it halves them, so that what comes before is dispatched. */
  function readLines(lines: Uint8Array): void {
    if (size + lines.length <= maxEventSize) return readBlock(lines);
    const middle = betweenLines(lines);
    if (middle < lines.length) {
      readLines(lines.subarray(0, middle));
      if (!isStopped) readLines(lines.subarray(middle));
    } else if (isBlank(lines)) {
      readBlock(lines);
    } else {
      fail();
    }
  }

  function readBlock(bytes: Uint8Array): void {
    const block = utf8.decode(bytes);
    // Locals, and all in one loop: spec/bench/decode.ts shows what that is worth.
    let type = unfinishedType;
    let id = unfinishedId;
    let isContinued = unfinishedData.length > 0;
    let data: string | undefined;
    let value: string | undefined;
    let hasBlankLine = false;
    let start = isAtStart && block.charCodeAt(0) === BOM ? 1 : 0;
    isAtStart = false;
    let lf = -1;
    let cr = -1;

    while (start < block.length) {
      // Each kind of line end is looked for once, not once per line: a stream may have only the other kind.
      if (lf < start) lf = indexOrLength(block, '\n', start);
      if (cr < start) cr = indexOrLength(block, '\r', start);
      const end = lf < cr ? lf : cr;

      if (end > start) {
        switch (block.charCodeAt(start)) {
          case COLON:
            commentObserver?.(block.slice(start + 1, end));
            break;
          case D:
            value = fieldValue(block, start, end, 'data');
            if (value === undefined) break;
            if (isContinued) unfinishedData.push(value);
            else data = data === undefined ? value : `${data}\n${value}`;
            break;
          case E:
            value = fieldValue(block, start, end, 'event');
            if (value !== undefined) type = value;
            break;
          case I:
            value = fieldValue(block, start, end, 'id');
            if (value !== undefined && !value.includes('\0')) id = value;
            break;
          case R:
            value = fieldValue(block, start, end, 'retry');
            // Enough digits read as Infinity, which no JSON and no timer can hold.
            if (value && /^\d+$/.test(value)) {
              resumePoint.reconnectionTime = Math.min(Number(value), Number.MAX_VALUE);
            }
            break;
        }
      } else {
        hasBlankLine = true;
        if (isContinued) {
          data = unfinishedData.join('\n');
          unfinishedData = [];
          isContinued = false;
        }
        // The id counts now that its block is complete, even if the block has no data and so makes no event.
        if (id !== undefined) resumePoint.lastEventId = id;
        if (data !== undefined) next(received(type || 'message', data, id));
        type = '';
        data = id = undefined;
      }
      if (isStopped) return;
      start = end === cr && block.charCodeAt(end + 1) === LF ? end + 2 : end + 1;
    }
    if (data !== undefined) unfinishedData.push(data);
    unfinishedType = type;
    unfinishedId = id;
    // Measured in the bytes that came: what is not UTF-8 has another length in the text.
    size = hasBlankLine ? bytes.length - afterLastBlankLine(bytes) : size + bytes.length;
  }

  function received(type: string, data: string, id: string | undefined): ReceivedSseEvent {
    const { lastEventId } = resumePoint;
    // Written out twice, because an object that is spread into another is several times as slow to make.
    return id === undefined ? { type, data, lastEventId, origin } : { type, data, id, lastEventId, origin };
  }

  function fail(): never {
    isStopped = true;
    throw new SseSizeError(maxEventSize, { lastEventId: resumePoint.lastEventId });
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

const LF = 10;
const CR = 13;
const SPACE = 32;
const COLON = 58;
const D = 100;
const E = 101;
const I = 105;
const R = 114;
const BOM = 0xfeff;

function isLineEnd(byte: number | undefined): boolean {
  return byte === LF || byte === CR;
}

function isBlank(line: Uint8Array): boolean {
  return isLineEnd(line[0]);
}

/** The index after the last line end at or after `start`; `start` if there is none. */
function lastLineEnd(chunk: Uint8Array, start: number): number {
  const lf = chunk.lastIndexOf(LF);
  // Only what follows the last LF is searched for a CR, so a stream without CR is not searched twice.
  const cr = chunk.subarray(lf + 1).lastIndexOf(CR);
  // Each is -1 where there is none.
  return Math.max(lf + cr + 2, start);
}

/** An index between two of these whole lines, near their middle; their length if there is only one. */
function betweenLines(lines: Uint8Array): number {
  const middle = lines.length >> 1;
  const end =
    lastLineEnd(lines.subarray(0, middle), 0) || middle + lines.subarray(middle).findIndex(isLineEnd) + 1;
  return lines[end - 1] === CR && lines[end] === LF ? end + 1 : end;
}

/** The index after the last of these whole lines that is blank; one must be. */
function afterLastBlankLine(lines: Uint8Array): number {
  let following = lines.length;
  for (;;) {
    let end = following - 1;
    if (lines[end] === LF && lines[end - 1] === CR) end--;
    if (end <= 0 || isLineEnd(lines[end - 1])) return following;
    following = end;
    while (following > 0 && !isLineEnd(lines[following - 1])) following--;
  }
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
    if (block.charCodeAt(start + i) !== name.charCodeAt(i)) return undefined;
  }
  if (colon === end) return '';
  if (block.charCodeAt(colon) !== COLON) return undefined;
  return block.slice(block.charCodeAt(colon + 1) === SPACE ? colon + 2 : colon + 1, end);
}
