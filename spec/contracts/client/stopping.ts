import { expect } from 'chai';
import { startStream } from '../../support/rawServer.js';
import type { Scenario } from './stage.js';

export const stopping: readonly Scenario[] = [
  {
    title: 'delivers nothing more once it is stopped inside the first event of a packet',
    async run({ open, aWhile }) {
      const stream = await open({ stopAfter: 1 });
      const response = startStream(await stream.request());
      await response.send('retry: 100\nid: 1\ndata: a\n\nid: 2\ndata: b\n\nid: 3\ndata: c\n\n');
      await stream.saw('event');
      await response.closed;
      await aWhile();
      expect(stream.kinds()).to.deep.equal(['open', 'event']);
      expect(stream.requestCount()).to.equal(1);
    },
  },
  {
    title: 'delivers nothing more once it is stopped inside an event, when the rest comes later',
    async run({ open }) {
      const stream = await open({ stopAfter: 2 });
      const response = startStream(await stream.request());
      await response.send('data: a\n\n', 'data: b\n\ndata: c', '\n\ndata: d\n\n');
      await stream.saw('event', 2);
      await response.closed;
      expect(stream.data()).to.deep.equal(['a', 'b']);
    },
  },
  {
    title: 'closes its connection when it is stopped before there is an answer',
    async run({ open, aWhile }) {
      const stream = await open();
      const { closed } = await stream.request();
      await stream.stop();
      await closed;
      await aWhile();
      expect(stream.kinds()).to.deep.equal([]);
      expect(stream.requestCount()).to.equal(1);
    },
  },
  {
    title: 'closes its connection when it is stopped while it is open',
    async run({ open, aWhile }) {
      const stream = await open();
      const response = startStream(await stream.request());
      await response.send('retry: 100\ndata: a\n\n');
      await stream.saw('event');
      await stream.stop();
      await response.closed;
      await aWhile();
      expect(stream.kinds()).to.deep.equal(['open', 'event']);
      expect(stream.requestCount()).to.equal(1);
    },
  },
  {
    title: 'makes no request when it is stopped while it waits',
    async run({ open, aWhile }) {
      const stream = await open();
      const response = startStream(await stream.request());
      await response.send('retry: 300\n\n');
      await response.end();
      await stream.saw('loss');
      await stream.stop();
      await aWhile(6);
      expect(stream.kinds()).to.deep.equal(['open', 'loss']);
      expect(stream.requestCount()).to.equal(1);
    },
  },
  {
    title: 'leaves other streams alone when it is stopped',
    async run({ open }) {
      const [one, other] = [await open(), await open()];
      const response = startStream(await one.request());
      const stopped = startStream(await other.request());
      await stopped.send(':\n');
      await other.stop();
      await stopped.closed;
      await response.send('data: a\n\n');
      await one.saw('event');
      expect(one.kinds()).to.deep.equal(['open', 'event']);
    },
  },
];
