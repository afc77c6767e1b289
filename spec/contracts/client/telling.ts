import { expect } from 'chai';
import { respond, startStream } from '../../support/rawServer.js';
import type { Scenario } from './stage.js';

export const telling: readonly Scenario[] = [
  {
    title: 'tells that it is open when the head is in, before any of the body',
    async run({ open }) {
      const stream = await open();
      startStream(await stream.request());
      await stream.saw('open');
    },
  },
  {
    title: 'tells that it is open before its first event, where they come together',
    async run({ open }) {
      const stream = await open();
      const headers = { 'Content-Type': 'text/event-stream' };
      await respond(await stream.request(), 200, headers, 'data: a\n\ndata: b\n\n');
      await stream.saw('loss');
      expect(stream.kinds()).to.deep.equal(['open', 'event', 'event', 'loss']);
    },
  },
  {
    title: 'tells of each opening and of each loss once',
    async run({ openQuick }) {
      const stream = await openQuick();
      for (const data of ['a', 'b', 'c']) {
        const response = startStream(await stream.request());
        await response.send(`data: ${data}\n\n`);
        await response.end();
      }
      await stream.request();
      const connection = ['open', 'event', 'loss'];
      expect(stream.kinds()).to.deep.equal([...connection, ...connection, ...connection]);
    },
  },
  {
    title: 'tells of an opening and a loss where nothing came',
    async run({ openQuick }) {
      const stream = await openQuick();
      await startStream(await stream.request()).end();
      await stream.request();
      expect(stream.kinds()).to.deep.equal(['open', 'loss']);
    },
  },
  {
    title: 'tells the origin of the stream',
    async run({ open, server: { origin } }) {
      const stream = await open();
      await startStream(await stream.request()).send('data: a\n\n');
      await stream.saw('event');
      expect(stream.events()[0]).to.include({ origin });
    },
  },
  {
    title: 'tells the origin that redirects led to',
    async run({ open, anotherServer }) {
      const stream = await open();
      const { origin, next } = await anotherServer();
      // A page may read it only if it says so.
      const headers = { 'Access-Control-Allow-Origin': '*' };
      await respond(await stream.request(), 307, { Location: `${origin}/there`, ...headers });
      await startStream(await next('/there'), headers).send('data: a\n\n');
      await stream.saw('event');
      expect(stream.events()[0]).to.include({ origin });
    },
  },
];
