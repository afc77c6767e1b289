import { expect } from 'chai';
import {
  concat,
  defer,
  EMPTY,
  from,
  lastValueFrom,
  map,
  NEVER,
  noop,
  type Observable,
  of,
  range,
  Subject,
  take,
  tap,
  throwError,
  toArray,
} from 'rxjs';
import {
  decodeEventStream,
  SseSizeError,
  type DecoderConfig,
  type ReceivedSseEvent,
  type ResumePoint,
} from '../../src/index.js';
import { bytes, cutEverywhere, cutInTwo } from '../support/decode.js';
import { uncaught } from '../support/uncaught.js';
import { run } from '../support/marbles.js';

describe('decodeEventStream', () => {
  const event = (data: string): ReceivedSseEvent => ({ type: 'message', data, lastEventId: '', origin: '' });
  const mine = new Error('mine');
  /** Chunks by the letters that they end or begin an event with. */
  const chunks = {
    a: bytes('data: a\n\n'),
    b: bytes('data: b\n\n'),
    c: bytes('data: a\n\ndata: b\n\ndata: c\n\n'),
    '(': bytes('data: a'),
    s: bytes('data: a\n'),
    e: bytes('\ndata: '),
    z: bytes('b\n\n'),
  };
  const events = { a: event('a'), b: event('b'), c: event('c') };
  const dataOf = (events$: Observable<ReceivedSseEvent>) =>
    lastValueFrom(events$.pipe(toArray())).then(events => events.map(({ data }) => data));

  describe('of an Observable', () => {
    it('gives each event once it is complete, wherever the chunks are cut', () => {
      run(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('   --s--e--z--|', chunks);
        const subs = '          ^----------!';
        const expected = '      -----a--b--|';
        expectObservable(source.pipe(decodeEventStream())).toBe(expected, events);
        expectSubscriptions(source.subscriptions).toBe(subs);
      });
    });

    it('gives all events of a chunk', () => {
      run(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('   --c-------|', chunks);
        const subs = '          ^---------!';
        const expected = '      --(abc)---|';
        expectObservable(source.pipe(decodeEventStream())).toBe(expected, events);
        expectSubscriptions(source.subscriptions).toBe(subs);
      });
    });

    it('gives the same whether it is cut in two anywhere, or everywhere', async () => {
      const whole = bytes('\ufeffid: 1\r\ndata: ä\r\rdata: 漢\ndata: 😀\n\n: comment\n\nevent: x\ndata\n\n');
      const all = (parts: Uint8Array[]) =>
        lastValueFrom(from(parts).pipe(decodeEventStream({ origin: 'o' }), toArray()));
      const expected = [
        { type: 'message', data: 'ä', id: '1', lastEventId: '1', origin: 'o' },
        { type: 'message', data: '漢\n😀', lastEventId: '1', origin: 'o' },
        { type: 'x', data: '', lastEventId: '1', origin: 'o' },
      ];
      for (const parts of [[whole], cutEverywhere(whole), ...cutInTwo(whole)]) {
        expect(await all(parts)).to.deep.equal(expected);
      }
    });

    it('completes with its source', () => {
      run(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('   --|', chunks);
        const subs = '          ^-!';
        const expected = '      --|';
        expectObservable(source.pipe(decodeEventStream())).toBe(expected);
        expectObservable(EMPTY.pipe(decodeEventStream())).toBe('|');
        expectObservable(NEVER.pipe(decodeEventStream())).toBe('-');
        expectObservable(of(chunks.c).pipe(decodeEventStream())).toBe('(abc|)', events);
        expectSubscriptions(source.subscriptions).toBe(subs);
      });
    });

    it('drops an event that its source ends in the middle of', () => {
      run(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('   --a--s--|', chunks);
        const subs = '          ^-------!';
        const expected = '      --a-----|';
        expectObservable(source.pipe(decodeEventStream())).toBe(expected, events);
        expectSubscriptions(source.subscriptions).toBe(subs);
      });
    });

    it('passes on the error of its source', () => {
      run(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('   --a--s--#', chunks, mine);
        const subs = '          ^-------!';
        const expected = '      --a-----#';
        expectObservable(source.pipe(decodeEventStream())).toBe(expected, events, mine);
        expectObservable(
          defer(() => {
            throw mine;
          }).pipe(decodeEventStream()),
        ).toBe('#', undefined, mine);
        expectSubscriptions(source.subscriptions).toBe(subs);
      });
    });

    it('leaves a source that does not end when it is unsubscribed, also while an event is incomplete', () => {
      run(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('   --a--s--e--z--', chunks);
        const subs = '          ^------!      ';
        const unsub = '         -------!      ';
        const expected = '      --a----       ';
        expectObservable(source.pipe(decodeEventStream()), unsub).toBe(expected, events);
        expectSubscriptions(source.subscriptions).toBe(subs);
      });
    });

    it('delivers nothing more once it is unsubscribed in the middle of a chunk, and stays at that place', () => {
      const seen: string[] = [];
      const resumePoint: ResumePoint = { lastEventId: '', reconnectionTime: undefined };
      const source = new Subject<Uint8Array>();
      const commentObserver = (comment: string) => seen.push(comment);
      const subscription = source
        .pipe(decodeEventStream({ resumePoint, commentObserver }))
        .subscribe(({ data }) => {
          seen.push(data);
          subscription.unsubscribe();
        });
      source.next(bytes('id: 1\ndata: a\n\n:comment\nretry: 5\nid: 2\ndata: b\n\n'));
      expect(seen).to.deep.equal(['a']);
      expect(resumePoint).to.deep.equal({ lastEventId: '1', reconnectionTime: undefined });
      expect(source.observed).to.equal(false);
    });

    it('leaves the source as soon as it has enough, in the middle of a chunk', () => {
      run(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('   --c--a--|', chunks);
        const subs = '          ^-!';
        const expected = '      --(ab|)';
        expectObservable(source.pipe(decodeEventStream(), take(2))).toBe(expected, events);
        expectSubscriptions(source.subscriptions).toBe(subs);
      });
    });

    it('takes a source that gives all at once', () => {
      run(({ expectObservable }) => {
        const source = of(chunks.s, chunks.e, chunks.z, chunks.s);
        expectObservable(source.pipe(decodeEventStream())).toBe('(ab|)', events);
        expectObservable(source.pipe(decodeEventStream(), take(1))).toBe('(a|)', events);
      });
    });

    it('asks a source that gives all at once for no more than it needs', () => {
      const chunksUntil = (config: DecoderConfig, count: number) => {
        let asked = 0;
        range(0, 100)
          .pipe(
            map(() => (asked++, chunks.a)),
            decodeEventStream(config),
            take(count),
          )
          .subscribe({ error: noop });
        return asked;
      };
      expect(chunksUntil({}, 2)).to.equal(2);
      expect(chunksUntil({ maxEventSize: 3 }, 2)).to.equal(1);
    });

    it('decodes for each subscriber alone', () => {
      run(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('   --s--e--z--|', chunks);
        const subs = ['         ^----------!', '---^----------!'];
        const events$ = source.pipe(decodeEventStream());
        expectObservable(events$).toBe('          -----a--b--|', events);
        expectObservable(events$, '---^').toBe('  --------a--b--|', events);
        expectSubscriptions(source.subscriptions).toBe(subs);
      });
    });

    it('fails at an event that is too large, after those before it, and leaves the source', () => {
      run(({ cold, expectObservable, expectSubscriptions }) => {
        const tooLarge = bytes('data: a\n\ndata: too large\n\ndata: b\n\n');
        const source = cold('   --x---a--|', { ...chunks, x: tooLarge });
        const subs = '          ^-!';
        const expected = '      --(a#)';
        const events$ = source.pipe(decodeEventStream({ maxEventSize: 12 }));
        expectObservable(events$).toBe(expected, events, new SseSizeError(12, { lastEventId: '' }));
        expectSubscriptions(source.subscriptions).toBe(subs);
      });
    });

    it('fails at an event that grows too large chunk by chunk', () => {
      run(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('   --s--s--a', chunks);
        const subs = '          ^----!';
        const expected = '      -----#';
        const events$ = source.pipe(decodeEventStream({ maxEventSize: 12 }));
        expectObservable(events$).toBe(expected, events, new SseSizeError(12, { lastEventId: '' }));
        expectSubscriptions(source.subscriptions).toBe(subs);
      });
    });

    it('goes on if a reader of its events fails, which is reported', async () => {
      const seen: string[] = [];
      const reported = uncaught();
      of(chunks.c)
        .pipe(decodeEventStream())
        .subscribe(({ data }) => {
          seen.push(data);
          if (data === 'b') throw mine;
        });
      expect(await reported).to.equal(mine);
      expect(seen).to.deep.equal(['a', 'b', 'c']);
    });

    it('errors with what a function below it throws, and stays at that place', () => {
      const seen: unknown[] = [];
      const resumePoint: ResumePoint = { lastEventId: '', reconnectionTime: undefined };
      of(bytes('id: 1\ndata: a\n\nid: 2\ndata: b\n\n'))
        .pipe(
          decodeEventStream({ resumePoint }),
          map(() => {
            throw mine;
          }),
        )
        .subscribe({ error: error => seen.push(error) });
      expect(seen).to.deep.equal([mine]);
      expect(resumePoint.lastEventId).to.equal('1');
    });
  });

  describe('passes its config on', () => {
    it('as for the place, which it starts from and moves', () => {
      const resumePoint: ResumePoint = { lastEventId: '0', reconnectionTime: undefined };
      const seen: unknown[] = [];
      const source = new Subject<Uint8Array>();
      source
        .pipe(decodeEventStream({ resumePoint }))
        .subscribe(({ id, lastEventId }) => seen.push([id, lastEventId, resumePoint.lastEventId]));
      source.next(chunks.a);
      source.next(bytes('id: 7\nretry: 9\ndata: b\n\nid: 8\n\n'));
      expect(seen).to.deep.equal([
        [undefined, '0', '0'],
        ['7', '7', '7'],
      ]);
      expect(resumePoint).to.deep.equal({ lastEventId: '8', reconnectionTime: 9 });
    });

    it('as for the observer of comments and the origin', () => {
      const seen: string[] = [];
      const config: DecoderConfig = {
        origin: 'https://example.com',
        commentObserver: comment => seen.push(comment),
      };
      of(bytes(': one\ndata: a\n:two\n\n'))
        .pipe(decodeEventStream(config))
        .subscribe(({ origin }) => seen.push(origin));
      expect(seen).to.deep.equal([' one', 'two', 'https://example.com']);
    });

    it('with a new place for each subscriber where none is given', () => {
      const seen: string[] = [];
      const source = new Subject<Uint8Array>();
      const events$ = source.pipe(decodeEventStream());
      events$.subscribe(({ lastEventId }) => seen.push(lastEventId));
      source.next(bytes('id: 1\ndata: a\n\n'));
      events$.subscribe(({ lastEventId }) => seen.push(lastEventId));
      source.next(chunks.b);
      expect(seen).to.deep.equal(['1', '1', '']);
    });
  });

  describe('of a ReadableStream', () => {
    /** A stream that its spec feeds. */
    function fed() {
      const cancelled: unknown[] = [];
      let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
      let pulls = 0;
      const stream = new ReadableStream<Uint8Array>(
        {
          start(given) {
            controller = given;
          },
          pull() {
            pulls++;
          },
          cancel(reason) {
            cancelled.push(reason);
          },
        },
        { highWaterMark: 0 },
      );
      return {
        stream,
        cancelled,
        pulls: () => pulls,
        push: (text: string) => controller?.enqueue(bytes(text)),
        close: () => controller?.close(),
        fail: (error: unknown) => controller?.error(error),
      };
    }
    const streamOf = (...texts: string[]) =>
      new ReadableStream<Uint8Array>({
        start(controller) {
          for (const text of texts) controller.enqueue(bytes(text));
          controller.close();
        },
      });
    const turn = () => new Promise(setImmediate);

    it('gives its events, and completes with it', async () => {
      const texts = ['data: a\n', '\nda', 'ta: b\n\n'];
      expect(await dataOf(decodeEventStream()(streamOf(...texts)))).to.deep.equal(['a', 'b']);
      expect(await dataOf(decodeEventStream()(streamOf()))).to.deep.equal([]);
    });

    it('gives them also from RxJS', async () => {
      const stream = streamOf('data: a\n', '\nda', 'ta: b\n\n');
      // Left to itself, RxJS infers what a reader of the other kind, `byob`, gives.
      const source = from<AsyncIterable<Uint8Array>>(stream);
      expect(await dataOf(source.pipe(decodeEventStream()))).to.deep.equal(['a', 'b']);
    });

    it('drops an event that it ends in the middle of', async () => {
      expect(await dataOf(decodeEventStream()(streamOf('data: a\n\ndata: b\n')))).to.deep.equal(['a']);
    });

    it('gives each event as soon as it is there', async () => {
      const seen: unknown[] = [];
      const { stream, push, close } = fed();
      decodeEventStream()(stream).subscribe({
        next: ({ data }) => seen.push(data),
        complete: () => seen.push('|'),
      });
      await turn();
      push('data: a\n\n');
      await turn();
      expect(seen).to.deep.equal(['a']);
      push('data: b\n\n');
      close();
      await turn();
      expect(seen).to.deep.equal(['a', 'b', '|']);
    });

    it('is left alone before somebody subscribes', async () => {
      const { stream, pulls } = fed();
      const events$ = decodeEventStream()(stream);
      await turn();
      expect([pulls(), stream.locked]).to.deep.equal([0, false]);
      const subscription = events$.subscribe();
      await turn();
      expect([pulls(), stream.locked]).to.deep.equal([1, true]);
      subscription.unsubscribe();
    });

    it('passes on its error', async () => {
      const seen: unknown[] = [];
      const { stream, push, fail } = fed();
      decodeEventStream()(stream).subscribe({
        next: ({ data }) => seen.push(data),
        error: error => seen.push(error),
      });
      await turn();
      push('data: a\n\n');
      await turn();
      fail(mine);
      await turn();
      expect(seen).to.deep.equal(['a', mine]);
    });

    it('is cancelled when it is unsubscribed, also while a read is pending', async () => {
      const seen: unknown[] = [];
      const { stream, cancelled, pulls } = fed();
      const subscription = decodeEventStream()(stream).subscribe({
        next: event => seen.push(event),
        error: error => seen.push(error),
        complete: () => seen.push('|'),
      });
      await turn();
      expect(pulls()).to.equal(1);
      subscription.unsubscribe();
      expect(cancelled).to.have.length(1);
      await turn();
      expect(seen).to.deep.equal([]);
    });

    it('is cancelled in the middle of a chunk, of which nothing more is delivered', async () => {
      const seen: unknown[] = [];
      const { stream, cancelled, push } = fed();
      const resumePoint: ResumePoint = { lastEventId: '', reconnectionTime: undefined };
      const events$ = decodeEventStream({ resumePoint })(stream).pipe(
        tap(({ data }) => seen.push(data)),
        take(1),
      );
      events$.subscribe({ complete: () => seen.push('|') });
      await turn();
      push('id: 1\ndata: a\n\nid: 2\ndata: b\n\n');
      await turn();
      expect(seen).to.deep.equal(['a', '|']);
      expect(resumePoint.lastEventId).to.equal('1');
      expect(cancelled).to.have.length(1);
    });

    it('is cancelled at an event that is too large', async () => {
      const seen: unknown[] = [];
      const { stream, cancelled, push } = fed();
      decodeEventStream({ maxEventSize: 12 })(stream).subscribe({
        next: ({ data }) => seen.push(data),
        error: error => seen.push(error),
      });
      await turn();
      push('data: a\n\ndata: too large\n\n');
      await turn();
      expect(seen[0]).to.equal('a');
      expect(seen[1]).to.be.instanceOf(SseSizeError).with.include({ maxEventSize: 12 });
      expect(cancelled).to.have.length(1);
    });

    it('errors if it has a reader already, as it has once it was subscribed to', async () => {
      const events$ = decodeEventStream()(streamOf('data: a\n\n'));
      const second$ = concat(events$, events$);
      const seen: unknown[] = [];
      const done = new Promise<void>(resolve =>
        second$.subscribe({
          next: ({ data }) => seen.push(data),
          error(error) {
            seen.push(error);
            resolve();
          },
        }),
      );
      await done;
      expect(seen[0]).to.equal('a');
      expect(seen[1]).to.be.instanceOf(TypeError);
    });

    it('tells a new decoder of each stream', async () => {
      const decode = decodeEventStream();
      const incomplete = await dataOf(decode(streamOf('id: 1\ndata: a\n')));
      const events = await lastValueFrom(decode(streamOf('data: b\n\n')).pipe(toArray()));
      expect([incomplete, events]).to.deep.equal([[], [event('b')]]);
    });
  });

  it('has types for both kinds of source', () => {
    const decode = decodeEventStream();
    const response$ = defer(() => fetch('http://127.0.0.1/'));
    // Compiled, never subscribed.
    decode(new ReadableStream<Uint8Array>()) satisfies Observable<ReceivedSseEvent>;
    from([new Uint8Array()]).pipe(decode) satisfies Observable<ReceivedSseEvent>;
    throwError(() => mine).pipe(decode) satisfies Observable<ReceivedSseEvent>;
    () => response$.pipe(map(({ body }) => body && decode(body)));
    // @ts-expect-error text is not bytes
    of('data: a\n\n').pipe(decode);
    // @ts-expect-error nor in a stream
    decode(new ReadableStream<string>());
    // @ts-expect-error a size is a number
    decodeEventStream({ maxEventSize: '1' });
  });
});
