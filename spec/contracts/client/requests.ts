import { expect } from 'chai';
import { respond, type RawExchange } from '../../support/rawServer.js';
import type { Scenario } from './stage.js';

const request = (title: string, claim: (request: RawExchange) => void): Scenario => ({
  title,
  async run({ open }) {
    const stream = await open({ query: '?a=1&b=%20' });
    const first = await stream.request();
    claim(first);
    await respond(first, 204);
    await stream.over();
  },
});

export const requests: readonly Scenario[] = [
  request('asks with GET, and without a body', ({ method, body, headers }) => {
    expect(method).to.equal('GET');
    expect(body).to.equal('');
    expect(headers).not.to.have.any.keys('content-length', 'transfer-encoding', 'content-type');
  }),
  request('asks for an event stream', ({ headers }) => {
    expect(headers['accept']).to.equal('text/event-stream');
  }),
  request('asks for one that is not cached', ({ headers }) => {
    expect(headers['cache-control']).to.equal('no-cache');
  }),
  request('names no event at first', ({ headers }) => {
    expect(headers).not.to.have.property('last-event-id');
  }),
  request('sends each header once', ({ headerLines }) => {
    const names = headerLines.map(line => line.split(':')[0]?.toLowerCase());
    expect(names).to.have.members([...new Set(names)]);
  }),
  {
    title: 'asks in the same way when it comes back, but for the last event ID',
    async run({ open }) {
      const stream = await open();
      const first = await stream.request();
      await respond(first, 200, { 'Content-Type': 'text/event-stream' }, 'retry: 100\nid: 7\n\n');
      const second = await stream.request();
      expect(second.headers).to.deep.equal({ ...first.headers, 'last-event-id': '7' });
    },
  },
];
