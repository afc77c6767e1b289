import { expect } from 'chai';
import { vectors, type Vector } from '../../event-stream/vectors.js';
import { bytes, cutEverywhere, joined } from '../../support/decode.js';
import { startStream } from '../../support/rawServer.js';
import type { Scenario, Scene } from './stage.js';

const message = (data: string) => ({ type: 'message', data, lastEventId: '' });

/** Bytes that are no UTF-8, which become U+FFFD as in a TextDecoder. */
const invalid: readonly Vector[] = [
  ['bytes that begin no character', [0xff, 0xfe, 0x80], '\uFFFD\uFFFD\uFFFD'],
  ['a character that is cut short', [0xe2, 0x82, 0x61], '\uFFFDa'],
  ['a character that its line cuts short', [0x61, 0xf0, 0x9f, 0x98], 'a\uFFFD'],
  ['half a surrogate pair', [0xed, 0xa0, 0x80], '\uFFFD\uFFFD\uFFFD'],
  ['a character in too many bytes', [0xc0, 0xaf], '\uFFFD\uFFFD'],
].map(([name, invalidBytes, data]) => ({
  claim: `makes U+FFFD of ${String(name)}`,
  stream: [bytes('data: '), Uint8Array.from(invalidBytes as number[]), bytes('\n\n')],
  events: [message(String(data))],
}));

/** The stream comes over a second connection; a third shows what has remained of it. */
async function transmit(scene: Scene, { stream, events = [], lastEventId = '' }: Vector, cut: boolean) {
  const whole = typeof stream === 'string' ? bytes(stream) : joined(stream);
  const reader = await scene.openQuick({
    types: [...new Set(['message', ...events.map(({ type }) => type)])],
  });
  const second = startStream(await reader.request());
  await second.send(...(cut ? cutEverywhere(whole) : [whole]));
  await second.end();

  const third = await reader.request();
  expect(third.headers['last-event-id'] ?? '').to.equal(onTheWire(lastEventId));
  await startStream(third).send('data: last\n\n');
  await reader.saw('event', events.length + 1);
  expect(reader.events().map(({ type, data, lastEventId }) => ({ type, data, lastEventId }))).to.deep.equal([
    ...events,
    { type: 'message', data: 'last', lastEventId },
  ]);
  await reader.close();
}

/** As the characters of a header: one for each byte. */
function onTheWire(id: string): string {
  return Buffer.from(id).toString('latin1').trim();
}

/** What is sent without its end; what has to come of it at once; the rest; what comes of that. */
const atOnce: readonly (readonly [string, string, string, string, string])[] = [
  ['LF', 'data: a\n\n', 'a', 'data: b\n\n', 'b'],
  ['CR', 'data: a\r\r', 'a', 'data: b\r\r', 'b'],
  ['CR, whose LF comes later', 'data: a\r\n\r', 'a', '\ndata: b\r\n\r', 'b'],
];

/** What a connection ends in the middle of; what the next one begins with. */
const leftovers: readonly (readonly [string, string | Uint8Array, string])[] = [
  ['an event', 'event: t\nid: 7\ndata: a\n', ''],
  ['a line', 'event: t\nid: 7\ndata: a', ''],
  ['a field name', 'da', ''],
  ['a comment', ': a', ''],
  ['a character', joined([bytes('data: '), Uint8Array.of(0xe2, 0x82)]), ''],
  ['a BOM', Uint8Array.of(0xef, 0xbb), ''],
  ['a CRLF', ':\r', '\n'],
  ['nothing, so that the BOM of the next one is stripped, too', 'id: 1\n', '\uFEFF'],
];

export const parsing: readonly Scenario[] = [
  ...[...vectors.filter(({ retries }) => !retries), ...invalid].map(vector => ({
    title: vector.claim,
    run: async (scene: Scene) => {
      await Promise.all([transmit(scene, vector, false), transmit(scene, vector, true)]);
    },
  })),
  ...atOnce.map(([name, first, a, rest, b]) => ({
    title: `dispatches an event at once when its blank line ends at ${name}`,
    async run({ open }: Scene) {
      const stream = await open();
      const { send } = startStream(await stream.request());
      await send(first);
      await stream.saw('event');
      await send(rest);
      await stream.saw('event', 2);
      expect(stream.data()).to.deep.equal([a, b]);
    },
  })),
  ...leftovers.map(([name, left, next]) => ({
    title: `takes nothing into the next connection from one that ends in the middle of ${name}`,
    async run({ openQuick }: Scene) {
      const stream = await openQuick({ types: ['message', 't'] });
      const first = startStream(await stream.request());
      await first.send(left);
      await first.end();
      const request = await stream.request();
      expect(request.headers).not.to.have.property('last-event-id');
      await startStream(request).send(`${next}data: b\n\n`);
      await stream.saw('event');
      expect(stream.events()[0]).to.include(message('b'));
    },
  })),
  {
    title: 'takes a line of 100,000 characters',
    async run({ open }) {
      const stream = await open();
      const part = 'é'.repeat(10_000);
      await startStream(await stream.request()).send('data: ', ...Array<string>(10).fill(part), '\n\n');
      await stream.saw('event');
      expect(stream.data()[0] === part.repeat(10)).to.equal(true);
    },
  },
];
