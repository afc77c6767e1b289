import { expect } from 'chai';
import { startStream } from '../../support/rawServer.js';
import type { Scenario } from './stage.js';

/** Ids that a header can carry. */
const plain: Readonly<Record<string, string>> = {
  'of letters and digits': 'a1-B2_3:4/5',
  'of every visible character of ASCII': Array.from({ length: 94 }, (_, n) =>
    String.fromCharCode(33 + n),
  ).join(''),
  'with spaces inside': 'a b  c',
  'with a tab inside': 'a\tb',
  'that is 0': '0',
  'with é': 'café',
  'with an emoji': 'a😀b',
  'of Chinese characters': '豆腐',
  'of 4000 bytes': 'x'.repeat(4000),
};

/** Ids that a header carries changed, or not at all. The stream must come back, whatever becomes of them. */
const awkward: Readonly<Record<string, string>> = {
  'with the control character U+0001': 'a\u0001b',
  'with ESC': 'a\u001Bb',
  'with DEL': 'a\u007Fb',
  'that a space stands before': ' a',
  'that a space follows': 'a ',
  'of a space': ' ',
};

const comesBack = (name: string, id: string, allowed: readonly (string | undefined)[]): Scenario => ({
  title: `comes back from an id ${name}`,
  async run({ openQuick }) {
    const stream = await openQuick();
    const first = startStream(await stream.request());
    await first.send(`id: ${id}\ndata: a\n\n`);
    await first.end();
    const request = await stream.request();
    expect(allowed).to.include(request.headers['last-event-id']);
    await startStream(request).send('data: b\n\n');
    await stream.saw('event', 2);
    expect(stream.events().map(({ data, lastEventId }) => ({ data, lastEventId }))).to.deep.equal([
      { data: 'a', lastEventId: id },
      { data: 'b', lastEventId: id },
    ]);
  },
});

/** As the characters of a header: one for each byte. */
const onTheWire = (id: string) => Buffer.from(id).toString('latin1');

export const ids: readonly Scenario[] = [
  ...Object.entries(plain).map(([name, id]) => comesBack(name, id, [onTheWire(id)])),
  // Servers refuse such a head: Node takes 16 KiB, others 8.
  comesBack('of 20,000 bytes, and leaves it out', 'x'.repeat(20_000), [undefined]),
  ...Object.entries(awkward).map(([name, id]) => comesBack(name, id, [undefined, onTheWire(id.trim())])),
];
