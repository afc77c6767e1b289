import { expect } from 'chai';
import { startStream } from '../../support/rawServer.js';
import type { Scenario, Scene } from './stage.js';

/** Has the client wait after these lines, and beside it after others. They have to come back in the order of their waits. */
async function expectAWaitOf300({ open }: Scene, lines: string): Promise<void> {
  const waits = ['retry: 150\n\n', lines, 'retry: 850\n\n'];
  const back: string[] = [];
  const comings: Promise<unknown>[] = [];
  // One after the other: a slow machine makes the later ones later still, and a browser has few connections.
  for (const wait of waits) {
    const stream = await open();
    const response = startStream(await stream.request());
    await response.send(wait);
    await response.end();
    const comeBack = async () => {
      await stream.request();
      back.push(wait);
      await stream.close();
    };
    comings.push(comeBack());
  }
  await Promise.race([comings[1], comings[2]]);
  // Without a retry it would be a second at least.
  expect(back).to.deep.equal(waits.slice(0, 2));
}

const spellings: readonly (readonly [string, string])[] = [
  ['digits', 'retry: 300\n\n'],
  ['digits that nothing stands before', 'retry:300\n\n'],
  ['leading zeros', 'retry: 000300\n\n'],
  ['a retry before the end of its block', 'retry: 300\n'],
  ['the last retry of several', 'retry: 9000\n\nretry: 5\nretry: 300\n\n'],
];

/** Each of these might be read as a number that is less than 150. */
const noNumbers = ['12abc', '-5', '+5', '1.5', '1e1', '0x10', '', ' 5', '5 ', '\t5', '5\0', '٣'];

export const retries: readonly Scenario[] = [
  ...spellings.map(([name, lines]) => ({
    title: `waits as it is told: ${name}`,
    async run(scene: Scene) {
      await expectAWaitOf300(scene, lines);
    },
  })),
  ...[...noNumbers.map(value => `retry: ${value}`), 'retry', 'Retry: 5', 'retry : 5'].map(line => ({
    title: `is not told how long to wait by ${JSON.stringify(line)}`,
    async run(scene: Scene) {
      await expectAWaitOf300(scene, `retry: 300\n${line}\n\n`);
    },
  })),
  ...['2147483648', '4294967296', '99999999999', '9'.repeat(400)].map(value => ({
    title: `does not come back at once after retry: ${value.slice(0, 20)}${value.length > 20 ? '…' : ''}`,
    async run({ open, aWhile }: Scene) {
      const stream = await open();
      const response = startStream(await stream.request());
      await response.send(`retry: ${value}\n\n`);
      await response.end();
      await stream.saw('loss');
      await aWhile();
      expect(stream.requestCount()).to.equal(1);
    },
  })),
  {
    title: 'does not spin after retry: 0',
    async run({ open, aWhile }) {
      const stream = await open();
      const answerAll = async () => {
        for (;;) {
          const response = startStream(await stream.request());
          await response.send('retry: 0\ndata: a\n\n');
          await response.end();
        }
      };
      await Promise.race([answerAll(), aWhile(4)]);
      expect(stream.requestCount()).to.be.within(2, 8);
    },
  },
];
