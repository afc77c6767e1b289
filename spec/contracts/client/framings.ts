import { expect } from 'chai';
import { chunk, head, type RawExchange } from '../../support/rawServer.js';
import type { Scenario } from './stage.js';

const text = 'id: 1\ndata: é😀\n\nid: 2\ndata: 豆\ndata: 腐\n\nid: 3\ndata: c\n\n';
const type = { 'Content-Type': 'text/event-stream' };

/** Chunks of these sizes, over and over. */
function chunked(...sizes: readonly number[]): Buffer {
  const bytes = Buffer.from(text);
  const chunks: Buffer[] = [];
  for (let at = 0, n = 0; at < bytes.length; n++) {
    const size = sizes[n % sizes.length] ?? 1;
    chunks.push(chunk(bytes.subarray(at, at + size)));
    at += size;
  }
  return Buffer.concat([...chunks, chunk('')]);
}

/** Sends this in packets of that many bytes. */
async function sendSlowly({ send }: RawExchange, raw: Buffer, size: number): Promise<void> {
  for (let at = 0; at < raw.length; at += size) {
    await send(raw.subarray(at, at + size));
    await new Promise(setImmediate);
  }
}

const framing = (
  title: string,
  headers: Record<string, string>,
  body: Buffer,
  size = Infinity,
): Scenario => ({
  title,
  async run({ openQuick }) {
    const stream = await openQuick();
    const first = await stream.request();
    const whole = Buffer.concat([Buffer.from(head(200, { ...type, ...headers })), body]);
    await sendSlowly(first, whole, Math.min(size, whole.length));
    if (Object.keys(headers).length === 0) first.destroy();

    const { headers: second } = await stream.request();
    expect(second['last-event-id']).to.equal('3');
    expect(stream.data()).to.deep.equal(['é😀', '豆\n腐', 'c']);
    expect(stream.kinds()).to.deep.equal(['open', 'event', 'event', 'event', 'loss']);
  },
});

const chunkedHeaders = { 'Transfer-Encoding': 'chunked' };
const lengthHeaders = { 'Content-Length': `${Buffer.byteLength(text)}` };

export const framings: readonly Scenario[] = [
  framing('reads one chunk', chunkedHeaders, chunked(1000)),
  framing('reads chunks that end anywhere', chunkedHeaders, chunked(1, 2, 3, 5, 7, 11, 13)),
  framing('reads chunks of one byte', chunkedHeaders, chunked(1)),
  framing('reads chunks that come in pieces', chunkedHeaders, chunked(1, 2, 3, 5, 7, 11, 13), 5),
  framing('reads chunks that come byte by byte', chunkedHeaders, chunked(4), 1),
  framing(
    'reads a body of a known length, which ends without the connection',
    lengthHeaders,
    Buffer.from(text),
  ),
  framing('reads a body of a known length that comes byte by byte', lengthHeaders, Buffer.from(text), 1),
  framing('reads a body that ends with its connection', {}, Buffer.from(text)),
  framing('reads a body that ends with its connection and comes byte by byte', {}, Buffer.from(text), 1),
];
