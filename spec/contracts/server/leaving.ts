import { expect } from 'chai';
import { once } from 'node:events';
import { concat, defer, EMPTY, firstValueFrom, map, NEVER, Observable, of, range, Subject } from 'rxjs';
import type { SseEvent } from '../../../src/index.js';
import type { SseContext, SseProject } from '../../../src/server/index.js';
import type { Reader } from '../../support/connection.js';
import { settled } from '../../support/virtualTime.js';
import { a, begun, watched, type Stage } from './stage.js';

export function leaving({ serve, connect, read, errors, closings, closing }: Stage): void {
  it('as soon as the reader leaves, once, however quiet the source is', async () => {
    const { events$, log, finalized } = watched();
    await serve(() => events$);
    const { until, leave } = read();
    await until(begun);
    const closed = closing();
    leave();
    await finalized;
    expect(await closed).to.include({ reason: 'gone', events: 0 });
    expect(log).to.deep.equal(['subscribed', 'finalized']);
  });

  it('one reader, while the others go on', async () => {
    const events$ = new Subject<SseEvent>();
    await serve(() => events$);
    const [leaver, stayer] = [read(), read()];
    await Promise.all([leaver.until(begun), stayer.until(begun)]);
    const closed = closing();
    leaver.leave();
    await closed;
    events$.next(a);
    await stayer.until('data: a');
  });

  it('all readers of a connection that breaks', async () => {
    const events$ = new Subject<SseEvent>();
    await serve(() => events$);
    const { ask, concurrency, close } = connect();
    const readers = Array.from({ length: Math.min(concurrency, 3) }, () => ask());
    await Promise.all(readers.map(({ until }) => until(begun)));
    close();
    while (closings.length < readers.length) await closing();
    expect(events$.observed).to.equal(false);
  });

  it('once, though the connection is reset in the middle of a large write', async () => {
    const events$ = new Subject<SseEvent>();
    const { events$: source$, log } = watched(events$);
    await serve(() => source$, { bufferLimit: Infinity });
    const { ask, reset } = connect();
    const { until, pause } = ask();
    await until(begun);
    pause();
    const closed = closing();
    for (let n = 0; n < 100; n++) events$.next({ data: 'x'.repeat(100_000) });
    await settled();
    reset();
    expect(await closed).to.include({ reason: 'gone' });
    expect(events$.observed).to.equal(false);
    expect(errors).to.deep.equal([]);

    const next = read();
    await next.until(begun);
    events$.next(a);
    await next.until('data: a\n\n');
    expect(closings).to.have.length(1);
    expect(log).to.deep.equal(['subscribed', 'finalized', 'subscribed']);
  });

  /** What a project does, in the middle of which its reader leaves. */
  const moments: Readonly<
    Record<string, (leave: () => void, source$: Observable<SseEvent>) => SseProject<unknown>>
  > = {
    'while the project is asked': (leave, source$) => () => {
      leave();
      return source$;
    },
    'while the project decides':
      (leave, source$) =>
      async (_, { signal }) => {
        leave();
        if (!signal.aborted) await once(signal, 'abort');
        return source$;
      },
    'while its source is subscribed to': (leave, source$) => () =>
      defer(() => {
        leave();
        return source$;
      }),
    'while its source gives its first event': (leave, source$) => () =>
      concat(
        of(a),
        defer(() => {
          leave();
          return source$;
        }),
      ),
  };
  for (const [when, projectOf] of Object.entries(moments)) {
    it(`from whatever it subscribed to, if the reader leaves ${when}`, async () => {
      const { events$, log } = watched();
      const contexts = new Subject<SseContext>();
      const context = firstValueFrom(contexts);
      const left$ = new Subject<void>();
      const project = projectOf(() => left$.next(), events$);
      await serve((request, context) => {
        contexts.next(context);
        return project(request, context);
      });
      left$.subscribe(read().leave);
      const { signal } = await context;
      if (!signal.aborted) await once(signal, 'abort');
      await settled();
      expect(log.filter(entry => entry === 'subscribed')).to.have.length(
        log.filter(entry => entry === 'finalized').length,
      );
      expect(errors).to.deep.equal([]);
    });
  }

  const ends: Readonly<Record<string, (source: Subject<SseEvent>, reader: Reader) => void>> = {
    'its reader left': (_, { leave }) => leave(),
    'it completed': source => source.complete(),
    'an event could not be written': source => source.next({ data: 1n }),
  };
  for (const [when, end] of Object.entries(ends)) {
    it(`from a source that fails to clean up after itself once ${when}, and reports that`, async () => {
      const source = new Subject<SseEvent>();
      const failing$ = new Observable<SseEvent>(subscriber => {
        source.subscribe(subscriber);
        return () => {
          throw new Error('teardown');
        };
      });
      await serve((_, { lastEventId }) => (lastEventId === 'failing' ? failing$ : NEVER));
      const other = read();
      const reader = read({ headers: { 'Last-Event-ID': 'failing' } });
      await Promise.all([other.until(begun), reader.until(begun)]);
      const closed = closing();
      end(source, reader);
      await closed;
      expect(errors.map(String).join()).to.include('teardown');
      expect(source.observed).to.equal(false);
      expect(closings).to.have.length(1);
    });
  }

  it('from a source that replays without end while it is subscribed to', async () => {
    const { events$, log } = watched(range(0, Infinity).pipe(map(data => ({ data }))));
    await serve(() => events$, { bufferLimit: 10_000 });
    const closed = closing();
    read();
    expect(await closed).to.include({ reason: 'overflow' });
    expect(log).to.deep.equal(['subscribed', 'finalized']);
  });
}

export function leavingTooSoon({ serve, read, errors, closings }: Stage): void {
  it('aborts its signal, and subscribes to nothing', async () => {
    const { events$, log } = watched();
    const { context, done } = await deciding(() => Promise.resolve(events$));
    const { leave } = read();
    await context;
    leave();
    await done;
    await settled();
    expect(log).to.deep.equal([]);
    expect(errors).to.deep.equal([]);
    expect(closings).to.deep.equal([]);
  });

  for (const [name, reason] of [
    ['reports what it rejects with then', new Error('late')],
    ['reports nothing if it rejects since it was aborted', undefined],
  ] as const) {
    it(name, async () => {
      const { context, done } = await deciding(signal => {
        if (reason) throw reason;
        signal.throwIfAborted();
        return Promise.resolve(EMPTY);
      });
      const { leave } = read();
      await context;
      leave();
      await done;
      await settled();
      expect(errors).to.deep.equal(reason ? [reason] : []);
    });
  }

  /** Serves a project that decides only when its reader has left. */
  async function deciding(decide: (signal: AbortSignal) => Promise<Observable<SseEvent>>) {
    const contexts = new Subject<SseContext>();
    const decided = new Subject<void>();
    const [context, done] = [firstValueFrom(contexts), firstValueFrom(decided)];
    await serve(async (_, context) => {
      contexts.next(context);
      await once(context.signal, 'abort');
      decided.next();
      return decide(context.signal);
    });
    return { context, done };
  }
}
