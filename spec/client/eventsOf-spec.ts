import { expect } from 'chai';
import { Subject } from 'rxjs';
import {
  eventsOf,
  SseResponseError,
  type FromSseConfig,
  type ReceivedSseEvent,
  type ResumePoint,
} from '../../src/index.js';
import { eventStream, scriptedFetch } from '../support/scriptedFetch.js';
import {
  cut,
  end,
  open,
  scriptedServer,
  status,
  type Answer,
  type ScriptedServer,
} from '../support/scriptedServer.js';
import { settled } from '../support/virtualTime.js';

describe('eventsOf', () => {
  let server: ScriptedServer | undefined;
  afterEach(() => server?.close());

  const serve = async (...answers: Answer[]) => (server = await scriptedServer(...answers));
  const dataOf = async (result: Promise<IteratorResult<ReceivedSseEvent, unknown>>) => {
    const { done, value } = await result;
    return done ? undefined : value.data;
  };
  const quick: FromSseConfig = { reconnect: { delay: 100 } };

  it('makes a connection for each loop, when its first event is asked for', async () => {
    const { url, requests } = await serve(open('data: a\n\n'), open('data: b\n\n'));
    const events = eventsOf(url);
    const iterator = events[Symbol.asyncIterator]();
    await settled();
    expect(requests).to.have.length(0);

    expect(await dataOf(iterator.next())).to.equal('a');
    for await (const { data } of events) {
      expect(data).to.equal('b');
      break;
    }
    await iterator.return?.();
    expect(requests).to.have.length(2);
  });

  it('goes through all events in order, over all connections, and ends at 204', async () => {
    const { url, requests } = await serve(
      end('id: 1\ndata: a\n\nid: 2\ndata: b\n\n'),
      cut('id: 3\r\ndata: c\r\n\r\ndata'),
    );
    const seen: string[] = [];
    for await (const { data } of eventsOf(url, quick)) seen.push(data);
    expect(seen).to.deep.equal(['a', 'b', 'c']);
    expect(requests.map(({ headers }) => headers['last-event-id'])).to.deep.equal([undefined, '2', '3']);
  });

  it('throws what the stream fails with', async () => {
    const { url } = await serve(end('data: a\n\n'), status(404));
    const seen: string[] = [];
    let thrown: unknown;
    try {
      for await (const { data } of eventsOf(url, quick)) seen.push(data);
    } catch (error) {
      thrown = error;
    }
    expect(seen).to.deep.equal(['a']);
    expect(thrown).to.be.instanceOf(SseResponseError);
  });

  it('closes the connection when the loop is left', async () => {
    const { url, requests } = await serve(open('data: a\n\ndata: b\n\n'));
    for await (const { data } of eventsOf(url)) if (data === 'a') break;
    await requests[0]?.closed;
  });

  it('is never ahead of the loop: nothing is decoded that was not asked for', async () => {
    const { response, write } = eventStream();
    const resumePoint: ResumePoint = { lastEventId: '', reconnectionTime: undefined };
    write('id: 1\ndata: a\n\nid: 2\n\nid: 3\r\ndata: b\r\n\r\nid: 4\rdata: c\r\rid: 5\r\r');
    const places: string[] = [];
    for await (const { data } of eventsOf('/relative', {
      fetch: scriptedFetch(response).fetch,
      resumePoint,
    })) {
      await settled();
      places.push(`${data} ${resumePoint.lastEventId}`);
      if (data === 'c') break;
    }
    expect(places).to.deep.equal(['a 1', 'b 3', 'c 4']);
  });

  it('stops the download while the loop is at work', async () => {
    const event = `data: ${'x'.repeat(65_526)}\n\n`;
    const total = 64 * 2 ** 20;
    let written = 0;
    const { url } = await serve(response => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      const write = () => {
        while (written < total) {
          written += event.length;
          if (!response.write(event)) return void response.once('drain', write);
        }
      };
      write();
    });
    let taken = 0;
    for await (const { data } of eventsOf(url)) {
      taken += data.length;
      // As long as it takes for the server to stop of its own accord.
      for (let before = -1; before !== written;) {
        before = written;
        for (let turn = 0; turn < 20; turn++) await settled();
      }
      if (taken > 2 ** 20) break;
    }
    // What the sockets of the platform hold; a reader that goes on gets all of it.
    expect(written).to.be.lessThan(total / 4);
  });

  it('does not take its own pauses for silence', async () => {
    const { response, write, end: endStream } = eventStream();
    write('data: a\n\ndata: b\n\n');
    const reasons: string[] = [];
    const iterator = eventsOf('/relative', {
      fetch: scriptedFetch(response, new Response(null, { status: 204 })).fetch,
      idleTimeout: 30,
      reconnect: { delay: 100 },
      closeObserver: ({ reason }) => reasons.push(reason),
    })[Symbol.asyncIterator]();
    await iterator.next();
    // Longer than the silence that is allowed.
    await new Promise(resolve => setTimeout(resolve, 90));
    expect(await dataOf(iterator.next())).to.equal('b');
    endStream();
    expect((await iterator.next()).done).to.equal(true);
    expect(reasons).to.deep.equal(['end', 'stopped']);
  });

  describe('asked by hand', () => {
    const iteratorOf = (response: Response, config: FromSseConfig = {}) =>
      eventsOf('/relative', { fetch: scriptedFetch(response).fetch, ...config })[Symbol.asyncIterator]();

    it('answers in the order in which it was asked', async () => {
      const { response, write } = eventStream();
      const iterator = iteratorOf(response);
      const answers = [iterator.next(), iterator.next(), iterator.next()];
      write('data: a\n\ndata: b\n\n');
      write('data: c\n\n');
      expect(await Promise.all(answers.map(dataOf))).to.deep.equal(['a', 'b', 'c']);
    });

    it('ends at once when it is left while it waits', async () => {
      const { response, isCancelled } = eventStream();
      const iterator = iteratorOf(response);
      const waiting = iterator.next();
      await settled();
      expect(await iterator.return?.()).to.deep.equal({ done: true, value: undefined });
      expect(await waiting).to.deep.equal({ done: true, value: undefined });
      expect(await iterator.next()).to.deep.equal({ done: true, value: undefined });
      expect(isCancelled()).to.equal(true);
    });

    it('makes no connection if it is left while the first one is being made', async () => {
      const { fetch, requests } = scriptedFetch();
      const iterator: AsyncIterator<ReceivedSseEvent> = eventsOf(
        () => {
          void iterator.return?.();
          return '/relative';
        },
        { fetch },
      )[Symbol.asyncIterator]();
      expect(await iterator.next()).to.deep.equal({ done: true, value: undefined });
      await settled();
      expect(requests).to.have.length(0);
    });

    it('makes no connection if it is left before it was asked', async () => {
      const { fetch, requests } = scriptedFetch();
      const iterator = eventsOf('/relative', { fetch })[Symbol.asyncIterator]();
      await iterator.return?.();
      expect(await iterator.next()).to.deep.equal({ done: true, value: undefined });
      expect(requests).to.have.length(0);
    });

    it('tells of an error that came between, once, and is over then', async () => {
      const { response, write } = eventStream();
      const abort = new AbortController();
      const iterator = iteratorOf(response, { signal: abort.signal });
      write('data: a\n\n');
      await iterator.next();
      abort.abort('enough');
      expect(await iterator.next().catch((error: unknown) => error)).to.equal('enough');
      expect(await iterator.next()).to.deep.equal({ done: true, value: undefined });
    });

    it('is told of an error by the first of several askers, and ends for the others', async () => {
      const abort = new AbortController();
      const iterator = iteratorOf(eventStream().response, { signal: abort.signal });
      const [first, second] = [iterator.next().catch((error: unknown) => error), iterator.next()];
      abort.abort('enough');
      expect(await first).to.equal('enough');
      expect(await second).to.deep.equal({ done: true, value: undefined });
    });

    it('delivers nothing twice or unasked over a connection that is made anew meanwhile', async () => {
      const now = new Subject<void>();
      const [first, second] = [eventStream(), eventStream()];
      first.write('data: a\n\ndata: lost\n\n');
      second.write('data: b\n\ndata: c\n\n');
      const { fetch, requests } = scriptedFetch(first.response, second.response);
      const iterator = eventsOf('/relative', { fetch, reconnect: { now } })[Symbol.asyncIterator]();
      expect(await dataOf(iterator.next())).to.equal('a');
      now.next();
      await settled();
      expect(requests).to.have.length(2);
      expect(await dataOf(iterator.next())).to.equal('b');
      expect(await dataOf(iterator.next())).to.equal('c');
      await iterator.return?.();
    });
  });
});
