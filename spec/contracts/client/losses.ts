import { expect } from 'chai';
import { respond, startStream, type RawStream } from '../../support/rawServer.js';
import type { Scenario, Scene, Stream } from './stage.js';

const blocks = ['id: 1\ndata: a\n\n', 'id: 2\ndata: b\n\n', 'id: 3\ndata: c\n\n'];
const whole = blocks.join('');
const blockLength = whole.length / blocks.length;

/** Loses the connection after `at` bytes. A server that goes on after the id must make the whole complete. */
async function loseAfter({ open }: Scene, at: number, lose: (stream: RawStream) => unknown) {
  const stream = await open();
  const first = startStream(await stream.request());
  const complete = Math.floor(at / blockLength);
  await first.send(`retry: 100\n${whole.slice(0, at)}`);
  // A connection may break faster than what came over it is read: that is not asked here.
  await stream.saw('open');
  await stream.saw('event', complete);
  await lose(first);

  const request = await stream.request();
  expect(request.headers['last-event-id'] ?? '', `after ${at} bytes`).to.equal(complete ? `${complete}` : '');
  await startStream(request).send(`${blocks.slice(complete).join('')}data: end\n\n`);
  await stream.saw('event', 4);
  expect(stream.data(), `after ${at} bytes`).to.deep.equal(['a', 'b', 'c', 'end']);
  expect(stream.kinds().filter(kind => kind !== 'event')).to.deep.equal(['open', 'loss', 'open']);
  await stream.close();
}

/** Expects a request after one that never opened. */
async function expectToComeBack(stream: Stream): Promise<void> {
  await startStream(await stream.request()).send('data: a\n\n');
  await stream.saw('event');
  expect(stream.kinds()).to.deep.equal(['loss', 'open', 'event']);
}

const manners: readonly (readonly [string, (stream: RawStream) => unknown])[] = [
  ['is cut', stream => stream.cut()],
  ['ends', stream => stream.end()],
  ['is reset', stream => stream.reset()],
];

export const losses: readonly Scenario[] = [
  ...manners.map(([manner, lose]) => ({
    title: `loses and repeats nothing when the stream ${manner} after any of its bytes`,
    async run(scene: Scene) {
      const places = Array.from({ length: whole.length + 1 }, (_, at) => at);
      await Promise.all(places.map(at => loseAfter(scene, at, lose)));
    },
  })),
  {
    title: 'comes back when the connection closes in the middle of a head',
    async run({ openQuick }) {
      const stream = await openQuick();
      const request = await stream.request();
      await request.send('HTTP/1.1 200 OK\r\nContent-Ty');
      request.destroy();
      await expectToComeBack(stream);
    },
  },
  {
    title: 'comes back when the connection closes without an answer',
    async run({ openQuick }) {
      const stream = await openQuick();
      (await stream.request()).reset();
      await expectToComeBack(stream);
    },
  },
  {
    title: 'comes back when the connection closes before a body of known length is complete',
    async run({ openQuick }) {
      const stream = await openQuick();
      const headers = { 'Content-Type': 'text/event-stream', 'Content-Length': '1000' };
      await respond(await stream.request(), 200, headers, 'data: a\n\n');
      await stream.request();
      expect(stream.kinds().filter(kind => kind !== 'event')).to.deep.equal(['open', 'loss']);
    },
  },
  {
    title: 'goes on when its server is started anew',
    async run({ open, anotherServer }) {
      const server = await anotherServer();
      const stream = await open({ server });
      await startStream(await stream.request()).send('retry: 100\nid: 7\ndata: a\n\n');
      await stream.saw('event');
      await server.close();
      await server.reopen();
      const request = await stream.request();
      expect(request.headers['last-event-id']).to.equal('7');
      await startStream(request).send('data: b\n\n');
      await stream.saw('event', 2);
      expect(stream.kinds()).to.deep.equal(['open', 'event', 'loss', 'open', 'event']);
    },
  },
  {
    title: 'keeps trying where connections are refused, and goes on once they are not',
    async run({ open, anotherServer }) {
      const server = await anotherServer();
      const stream = await open({ server });
      await startStream(await stream.request()).send('retry: 100\nid: 7\ndata: a\n\n');
      await stream.saw('event');
      await server.close();
      await stream.saw('loss', 2);
      await server.reopen();
      const request = await stream.request();
      expect(request.headers['last-event-id']).to.equal('7');
      await startStream(request).send('data: b\n\n');
      await stream.saw('event', 2);
      expect(stream.data()).to.deep.equal(['a', 'b']);
    },
  },
];
