/**
 * How fast streams of several shapes are decoded, against eventsource-parser behind a streaming TextDecoder.
 *
 * Each shape is made once, about 4 MB of it, and cut into chunks as a socket would. Both decode it in turn, nine times; what
 * counts is the CPU time of this process, and the median. Before that, both must have given the same events.
 */
import { createParser } from 'eventsource-parser';
import { createDecoder } from 'rxjs-sse';

type Decode = (chunks: readonly Uint8Array[], next: (type: string, data: string) => void) => void;

const ours: Decode = (chunks, next) => {
  const decoder = createDecoder(({ type, data }) => next(type, data), { maxEventSize: Infinity });
  for (const chunk of chunks) decoder.decode(chunk);
};

const theirs: Decode = (chunks, next) => {
  const utf8 = new TextDecoder();
  const parser = createParser({ onEvent: ({ event = 'message', data }) => next(event, data) });
  for (const chunk of chunks) parser.feed(utf8.decode(chunk, { stream: true }));
};

const token = (content: string) =>
  `data: ${JSON.stringify({ id: 'chat-1', model: 'm'.repeat(100), choices: [{ delta: { content } }] })}\n\n`;
const tick = 'event: tick\nid: 123456\ndata: {"price":42.12}\n\n';

const shapes: Readonly<Record<string, string>> = {
  'tiny events': 'data: x\n\n',
  'tokens of a language model': token(' hello'),
  'tokens, one in four not ASCII': token(' hello').repeat(3) + token(' héllo, 豆腐'),
  'ticks with type and id': tick,
  'ticks with CRLF': tick.replaceAll('\n', '\r\n'),
  'events of eight lines': 'data: a line of some text\n'.repeat(8) + '\n',
  'keep-alives between': ': keep-alive\n\ndata: {"a":1}\n\n',
  'events of 64 KiB': `data: ${'x'.repeat(65_536)}\n\n`,
  'one event of many lines': 'data: x\n',
};

const ratios = Object.entries(shapes).flatMap(([name, piece]) =>
  [16_384, 65_536].map(chunkSize => {
    const stream = new TextEncoder().encode(`${piece.repeat(Math.ceil(4e6 / piece.length))}\n`);
    const chunks = inChunks(stream, chunkSize);
    if (digest(ours, chunks) !== digest(theirs, chunks))
      throw new Error(`Expected the same events of ${name}`);

    const [us, them]: [number[], number[]] = [[], []];
    for (let round = 0; round < 9; round++) {
      us.push(cpuTime(() => ours(chunks, ignore)));
      them.push(cpuTime(() => theirs(chunks, ignore)));
    }
    const ratio = median(them) / median(us);
    console.log(
      `${name}, chunks of ${chunkSize / 1024} KiB`.padEnd(50),
      `${(stream.length / median(us)).toFixed(0).padStart(5)} MB/s`,
      `${ratio.toFixed(2).padStart(6)} ×`,
    );
    return ratio;
  }),
);
const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
console.log(`geometric mean ${mean.toFixed(2)} ×, least ${Math.min(...ratios).toFixed(2)} ×`);

function ignore(): void {
  // What is done with an event is not what is measured.
}

function digest(decode: Decode, chunks: readonly Uint8Array[]): string {
  let events = 0;
  let length = 0;
  let last = '';
  decode(chunks, (type, data) => {
    events++;
    length += type.length + data.length;
    last = type + data;
  });
  return `${events} ${length} ${last}`;
}

function inChunks(stream: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(stream.length / size) }, (_, n) =>
    stream.slice(n * size, (n + 1) * size),
  );
}

/** In microseconds. */
function cpuTime(act: () => void): number {
  const before = process.cpuUsage();
  act();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
}
