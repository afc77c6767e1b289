import { expect } from 'chai';
import { respond, startStream } from '../../support/rawServer.js';
import type { Scenario, Scene } from './stage.js';

const eventStream = { 'Content-Type': 'text/event-stream' };
const event = 'data: a\n\n';

/** The client gives up, and makes no further request. */
const givesUp = (title: string, status: number, headers: Record<string, string>, body = event): Scenario => ({
  title,
  async run({ openQuick, aWhile }) {
    const stream = await openQuick();
    await respond(await stream.request(), status, headers, body);
    const end = await stream.over();
    await aWhile();
    expect(stream.kinds()).to.deep.equal([end]);
    expect(stream.requestCount()).to.equal(2);
  },
});

/** The client takes it for a stream. */
const takes = (contentType: string): Scenario => ({
  title: `takes ${JSON.stringify(contentType)} for an event stream, in UTF-8`,
  async run({ open }) {
    const stream = await open();
    await startStream(await stream.request(), { 'Content-Type': contentType }).send('data: é\n\n');
    await stream.saw('event');
    expect(stream.data()).to.deep.equal(['é']);
  },
});

/** A departure from the standard, which gives up at each of these. */
/** What we come back after, and the standard does not. */
const transient = [408, 425, 429, 500, 502, 503, 504];

const comesBackAfter = (status: number): Scenario => ({
  title: backAfter(status),
  async run({ open }) {
    const stream = await open();
    const first = startStream(await stream.request());
    await first.send('retry: 100\nid: 7\n\n');
    await first.end();
    await respond(await stream.request(), status, eventStream, event);
    const request = await stream.request();
    expect(request.headers['last-event-id']).to.equal('7');
    await startStream(request).send('data: b\n\n');
    await stream.saw('event');
    expect(stream.kinds()).to.deep.equal(['open', 'loss', 'loss', 'open', 'event']);
    expect(stream.data()).to.deep.equal(['b']);
  },
});

const follows = (status: number): Scenario => ({
  title: `follows ${status}, and comes back to where it was sent from`,
  async run({ openQuick }) {
    const stream = await openQuick();
    await respond(await stream.request(), status, { Location: `${stream.path}/there` });
    const there = await stream.requestBelow('/there');
    expect(there.method).to.equal('GET');
    expect(there.headers['accept']).to.equal('text/event-stream');
    await respond(there, 200, eventStream, 'id: 7\ndata: a\n\n');
    const back = await stream.request();
    expect(back.headers['last-event-id']).to.equal('7');
    expect(stream.kinds()).to.deep.equal(['open', 'event', 'loss']);
  },
});

export const answers: readonly Scenario[] = [
  givesUp('makes no request after 204', 204, {}, ''),
  {
    title: 'tells 204 from a failure',
    async run({ open }: Scene) {
      const stream = await open();
      await respond(await stream.request(), 204);
      expect(await stream.over()).to.equal('stopped');
    },
  },
  {
    title: 'tells a failure from 204',
    async run({ open }: Scene) {
      const stream = await open();
      await respond(await stream.request(), 404);
      expect(await stream.over()).to.equal('failed');
    },
  },
  ...[201, 202, 203, 206, 226].map(status =>
    givesUp(`gives up at ${status}, which is not 200`, status, eventStream),
  ),
  givesUp('gives up at 205', 205, eventStream, ''),
  ...[400, 401, 403, 404, 405, 406, 410, 418, 422, 451, 501, 505].map(status =>
    givesUp(`gives up at ${status}`, status, eventStream),
  ),
  ...transient.map(comesBackAfter),

  ...[301, 302, 303, 307, 308].map(follows),
  ...[301, 302, 303, 307, 308].map(status =>
    givesUp(`gives up at ${status} without a Location`, status, eventStream),
  ),
  givesUp('gives up at 300, which is no redirect', 300, { ...eventStream, Location: '/there' }),
  givesUp('gives up at 304', 304, eventStream, ''),
  {
    title: 'takes redirects without end for a loss',
    async run({ openQuick }) {
      const stream = await openQuick();
      const lost = stream.saw('loss').then(() => undefined);
      let next = stream.request();
      for (let count = 0; ; count++) {
        const request = await Promise.race([lost, next]);
        if (!request) break;
        expect(count).to.be.lessThan(50);
        await respond(request, 302, { Location: stream.path });
        next = stream.request();
      }
      await startStream(await next).send(event);
      await stream.saw('event');
      expect(stream.kinds()).to.deep.equal(['loss', 'open', 'event']);
    },
  },

  givesUp('gives up at HTML', 200, { 'Content-Type': 'text/html' }),
  givesUp('gives up at text/event-streams', 200, { 'Content-Type': 'text/event-streams' }),
  givesUp('gives up at text/event-stream+xml', 200, { 'Content-Type': 'text/event-stream+xml' }),
  givesUp('gives up at text/plain with a telling parameter', 200, {
    'Content-Type': 'text/plain; a=text/event-stream',
  }),
  givesUp('gives up where there is no Content-Type', 200, {}),
  givesUp('gives up where Content-Type is empty', 200, { 'Content-Type': '' }),
  ...[
    'text/event-stream',
    'Text/Event-Stream; charset=UTF-8',
    'text/event-stream;charset=utf-8',
    'text/event-stream;charset=windows-1251',
    'text/event-stream ;foo',
    'text/event-stream;',
  ].map(takes),
];

/** The deviations of a client that gives up at all but 200, as the standard has it. */
export const standardDeviations = Object.fromEntries(
  transient.map(status => [backAfter(status), 'as the standard has it']),
);

function backAfter(status: number): string {
  return `comes back after ${status}`;
}
