import { expect } from 'chai';
import { concat, NEVER, of, Subject } from 'rxjs';
import { fromSSE, type SseEvent } from '../../../src/index.js';
import type { SseProject } from '../../../src/server/index.js';
import { bytes, decode } from '../../support/decode.js';
import { a, b, begun, wholeBody, type Stage } from './stage.js';

export function writing({ serve, read }: Stage): void {
  it('each event as it comes', async () => {
    const events$ = new Subject<SseEvent>();
    await serve(() => events$);
    const { until } = read();
    await until(begun);
    for (const n of [1, 2, 3]) {
      events$.next({ data: n });
      await until(`data: ${n}\n\n`);
    }
  });

  it('all fields of an event, and of a received one no more than those', async () => {
    const received = { type: 'tick', data: 'a', id: '', lastEventId: '7', origin: 'https://example.com' };
    await serve(() => of({ type: 't', data: { n: 1 }, id: '0', retry: 5, comment: 'c' }, received));
    expect(await wholeBody(read())).to.equal(
      `${begun}: c\nretry: 5\nevent: t\nid: 0\ndata: {"n":1}\n\nevent: tick\nid: \ndata: a\n\n`,
    );
  });

  it('no field that the source has not given', async () => {
    await serve(() => of(a, { data: null }, {}, { id: '1' }, b));
    expect(await wholeBody(read())).to.equal(`${begun}data: a\n\ndata: null\n\n\nid: 1\n\ndata: b\n\n`);
  });

  const inLines: Readonly<Record<string, readonly [SseEvent, string]>> = {
    'a data line for each line of a text, at LF': [{ data: 'a\nb' }, 'data: a\ndata: b\n'],
    'a data line for each line of a text, at CR': [{ data: 'a\rb' }, 'data: a\ndata: b\n'],
    'a data line for each line of a text, at CRLF': [{ data: 'a\r\nb' }, 'data: a\ndata: b\n'],
    'the line breaks that a text ends with': [{ data: 'a\n\r\n' }, 'data: a\ndata: \ndata: \n'],
    'the spaces that a text begins with': [{ data: '  a' }, 'data:   a\n'],
    'an empty text': [{ data: '' }, 'data: \n'],
    'no data line where there is no data': [{ type: 't', data: undefined }, 'event: t\n'],
    'a comment line for each line of a comment': [{ comment: 'a\nb\rc\r\nd' }, ': a\n: b\n: c\n: d\n'],
    'no line break that is in other data': [{ data: ['a\nb\rc\r\nd'] }, 'data: ["a\\nb\\rc\\r\\nd"]\n'],
    'characters of every length': [{ data: 'aé…😀', id: 'é…😀' }, 'id: é…😀\ndata: aé…😀\n'],
  };
  for (const [claim, [event, lines]] of Object.entries(inLines)) {
    it(claim, async () => {
      await serve(() => of(event));
      expect(await wholeBody(read())).to.equal(`${begun}${lines}\n`);
    });
  }

  it('the events of one turn at once', async () => {
    const events$ = new Subject<SseEvent>();
    await serve(() => events$);
    const { until, writes } = read();
    await until(begun);
    for (const n of [1, 2, 3]) events$.next({ data: n });
    await until('data: 3');
    expect(writes()).to.deep.equal([begun, 'data: 1\n\ndata: 2\n\ndata: 3\n\n']);
  });

  it('what was emitted while it subscribed together with the head', async () => {
    await serve(() => concat(of(a, b), NEVER));
    const { until, writes } = read();
    await until('data: b');
    expect(writes()).to.deep.equal([`${begun}data: a\n\ndata: b\n\n`]);
  });

  it('one object to any number of readers, frozen or not, and leaves it as it is', async () => {
    const frozen = Object.freeze({ type: 't', data: Object.freeze({ n: 1 }), id: '1' });
    const loose = { data: { n: 2 } };
    const events$ = new Subject<SseEvent>();
    await serve(() => events$);
    const readers = Array.from({ length: 20 }, () => read());
    await Promise.all(readers.map(({ until }) => until(begun)));
    for (const event of [frozen, loose, frozen]) events$.next(event);
    events$.complete();
    for (const body of await Promise.all(readers.map(wholeBody))) {
      const lines = 'event: t\nid: 1\ndata: {"n":1}\n\n';
      expect(body).to.equal(`${begun}${lines}data: {"n":2}\n\n${lines}`);
    }
    expect(frozen).to.deep.equal({ type: 't', data: { n: 1 }, id: '1' });
    expect(loose).to.deep.equal({ data: { n: 2 } });
  });

  const sources: Readonly<Record<string, () => ReturnType<SseProject<unknown>>>> = {
    'an Observable': () => of(a, b),
    'an iterable': () => [a, b],
    'an async iterable': async function* () {
      yield* await Promise.resolve([a, b]);
    },
    'a ReadableStream': () =>
      new ReadableStream<SseEvent>({
        start(controller) {
          controller.enqueue(a);
          controller.enqueue(b);
          controller.close();
        },
      }),
    'something that can be read from a place': () => ({ after: id => of({ data: id }, a, b) }),
    'a promise of any of them': () => Promise.resolve(of(a, b)),
  };
  for (const [name, source] of Object.entries(sources)) {
    it(`what ${name} gives`, async () => {
      await serve(source);
      const { events } = decode([bytes(await wholeBody(read({ headers: { 'Last-Event-ID': '7' } })))]);
      const given = 'after' in source() ? ['7', 'a', 'b'] : ['a', 'b'];
      expect(events.map(({ data }) => data)).to.deep.equal(given);
    });
  }

  it('a relay of another stream, ids kept', async () => {
    const upstream = ': c\n\nevent: tick\nid: x1\ndata: 1\ndata: 2\n\ndata: b\n\nid: \ndata: c\n\n';
    const respond = () =>
      Promise.resolve(new Response(upstream, { headers: { 'Content-Type': 'text/event-stream' } }));
    await serve(() => fromSSE('https://example.com', { reconnect: false, fetch: respond }));
    expect(await wholeBody(read())).to.equal(
      `${begun}event: tick\nid: x1\ndata: 1\ndata: 2\n\ndata: b\n\nid: \ndata: c\n\n`,
    );
  });
}
