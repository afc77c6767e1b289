import { expect } from 'chai';
import { startStream } from '../../support/rawServer.js';
import type { Scenario } from './stage.js';

export const silences: readonly Scenario[] = [
  {
    title: 'notices that a connection has died without a word',
    async run({ openQuick }) {
      const stream = await openQuick({ idleTimeout: 200 });
      const silent = startStream(await stream.request());
      await silent.send('id: 7\ndata: a\n\n');
      await silent.closed;
      const request = await stream.request();
      expect(request.headers['last-event-id']).to.equal('7');
      await startStream(request).send('data: b\n\n');
      await stream.saw('event', 2);
      expect(stream.kinds()).to.deep.equal(['open', 'event', 'loss', 'open', 'event']);
    },
  },
  {
    title: 'takes comments for a sign of life',
    async run({ openQuick, aWhile }) {
      const stream = await openQuick({ idleTimeout: 400 });
      const { send } = startStream(await stream.request());
      for (let n = 0; n < 5; n++) {
        await send(':\n');
        await aWhile(1);
      }
      await send('data: a\n\n');
      await stream.saw('event');
      expect(stream.kinds()).to.deep.equal(['open', 'event']);
    },
  },
];
