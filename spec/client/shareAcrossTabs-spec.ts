import { expect } from 'chai';
import { firstValueFrom, lastValueFrom, Subject, Subscription, take, tap, type Observable } from 'rxjs';
import { shareAcrossTabs, type ReceivedSseEvent, type ResumePoint } from '../../src/index.js';
import { settled } from '../support/virtualTime.js';

/** Web Locks, as much as is needed here: who comes first has the lock, until its promise settles. */
class FakeLocks {
  readonly #last = new Map<string, Promise<unknown>>();
  readonly signals: AbortSignal[] = [];

  request(
    name: string,
    { signal }: { readonly signal?: AbortSignal },
    use: () => Promise<unknown>,
  ): Promise<unknown> {
    if (signal) this.signals.push(signal);
    const last = this.#last.get(name) ?? Promise.resolve();
    const turn = last.then(() => (signal?.aborted ? undefined : use()));
    this.#last.set(
      name,
      turn.catch(() => undefined),
    );
    return turn;
  }
}

describe('shareAcrossTabs', () => {
  const navigatorBefore = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  const setNavigator = (value: unknown) =>
    Object.defineProperty(globalThis, 'navigator', { value, configurable: true });
  let subscription: Subscription;
  let locks: FakeLocks;
  beforeEach(() => {
    subscription = new Subscription();
    locks = new FakeLocks();
    setNavigator({ locks });
  });
  afterEach(() => {
    subscription.unsubscribe();
    if (navigatorBefore) Object.defineProperty(globalThis, 'navigator', navigatorBefore);
    else Reflect.deleteProperty(globalThis, 'navigator');
  });

  /** The events of a stream, each with the id that is its name. */
  const event = (name: string): ReceivedSseEvent => ({
    type: 'message',
    data: name,
    id: name,
    lastEventId: name,
    origin: '',
  });
  const tab = (source: Observable<ReceivedSseEvent>, name = 'events') => {
    const seen: string[] = [];
    const news = new Subject<void>();
    const resumePoint: ResumePoint = { lastEventId: '', reconnectionTime: undefined };
    const own = source.pipe(shareAcrossTabs(name, resumePoint)).subscribe({
      next: ({ data }) => {
        seen.push(data);
        news.next();
      },
      error: (error: unknown) => seen.push(`error ${String(error)}`),
      complete: () => seen.push('complete'),
    });
    subscription.add(own);
    return {
      seen,
      resumePoint,
      leave: () => own.unsubscribe(),
      saw: async (...data: string[]) => {
        while (seen.length < data.length) await firstValueFrom(news);
        expect(seen).to.deep.equal(data);
      },
    };
  };
  /** A tab of which nothing is known but what it tells. */
  const stranger = (name = 'events') => {
    const channel = new BroadcastChannel(name);
    subscription.add(() => channel.close());
    const id = crypto.randomUUID();
    return (after: string, data: string) => channel.postMessage({ tab: id, after, event: event(data) });
  };
  /** Has a tab of which nothing is heard take the connection. */
  const takeLock = () => void locks.request('events', {}, () => new Promise(() => undefined));

  it('subscribes in one tab, and carries its events to the others', async () => {
    const source = new Subject<ReceivedSseEvent>();
    const tabs = [tab(source), tab(source)];
    await settled();
    source.next(event('a'));
    source.next(event('b'));
    for (const { saw } of tabs) await saw('a', 'b');
    // In the first it is moved by the source.
    expect(tabs.map(({ resumePoint }) => resumePoint.lastEventId)).to.deep.equal(['', 'b']);
  });

  it('keeps streams of other names apart', async () => {
    const [one, other] = [new Subject<ReceivedSseEvent>(), new Subject<ReceivedSseEvent>()];
    const [first, second] = [tab(one), tab(other, 'others')];
    await settled();
    other.next(event('b'));
    one.next(event('a'));
    await second.saw('b');
    await first.saw('a');
  });

  it('tells a tab that joins the place, from which that one goes on though it has heard of no event', async () => {
    const [one, two] = [new Subject<ReceivedSseEvent>(), new Subject<ReceivedSseEvent>()];
    const [first, second] = [tab(one), tab(new Subject())];
    await settled();
    one.next(event('a'));
    await second.saw('a');
    second.leave();

    const third = tab(two);
    while (third.resumePoint.lastEventId === '') await settled();
    first.leave();
    await settled();
    expect(third.resumePoint.lastEventId).to.equal('a');
    expect(two.observed).to.equal(true);
    expect(third.seen).to.deep.equal([]);
  });

  it('subscribes in the next tab once the first has left, and not before', async () => {
    const [one, two] = [new Subject<ReceivedSseEvent>(), new Subject<ReceivedSseEvent>()];
    const [first, second] = [tab(one), tab(two)];
    await settled();
    expect([one.observed, two.observed]).to.deep.equal([true, false]);
    one.next(event('a'));
    await second.saw('a');

    first.leave();
    await settled();
    expect([one.observed, two.observed]).to.deep.equal([false, true]);
    two.next(event('b'));
    await second.saw('a', 'b');
  });

  it('never subscribes in a tab that has left before it was its turn', async () => {
    const [one, two] = [new Subject<ReceivedSseEvent>(), new Subject<ReceivedSseEvent>()];
    const [first, second] = [tab(one), tab(two)];
    await settled();
    second.leave();
    expect(locks.signals.map(({ aborted }) => aborted)).to.deep.equal([false, true]);
    first.leave();
    await settled();
    expect(two.observed).to.equal(false);
    expect(second.seen).to.deep.equal([]);
  });

  it('ends a tab whose source ends, and has the next one see for itself', async () => {
    const [one, two] = [new Subject<ReceivedSseEvent>(), new Subject<ReceivedSseEvent>()];
    const [first, second] = [tab(one), tab(two)];
    await settled();
    one.complete();
    await settled();
    expect(first.seen).to.deep.equal(['complete']);
    two.error('mine');
    expect(second.seen).to.deep.equal(['error mine']);
  });

  it('errors where the platform grants no locks', async () => {
    setNavigator({ locks: { request: () => Promise.reject(new Error('insecure')) } });
    const { seen } = tab(new Subject());
    await settled();
    expect(seen).to.deep.equal(['error Error: insecure']);
  });

  it('has a connection for each tab where there are no locks', () => {
    for (const navigator of [undefined, {}]) {
      if (navigator) setNavigator(navigator);
      else Reflect.deleteProperty(globalThis, 'navigator');
      const [one, two] = [new Subject<ReceivedSseEvent>(), new Subject<ReceivedSseEvent>()];
      tab(one);
      tab(two);
      expect([one.observed, two.observed]).to.deep.equal([true, true]);
    }
  });

  describe('in a tab that listens', () => {
    it('begins with what it hears first, but for what others ask', async () => {
      takeLock();
      const listeners = [tab(new Subject()), tab(new Subject())];
      stranger()('7', '8');
      for (const { saw } of listeners) await saw('8');
    });

    it('leaves out what a new tab repeats', async () => {
      takeLock();
      const listener = tab(new Subject());
      const [old, heir] = [stranger(), stranger()];
      old('', '1');
      old('1', '2');
      await listener.saw('1', '2');
      heir('', '1');
      heir('1', '2');
      heir('2', '3');
      await listener.saw('1', '2', '3');
    });

    it('keeps nothing of what was repeated', async () => {
      takeLock();
      const listener = tab(new Subject());
      const places = Array.from({ length: 600 }, (_, n) => String(n));
      const old = stranger();
      for (const place of places) old(place, String(Number(place) + 1));
      for (const next of [601, 602]) {
        const heir = stranger();
        for (const place of places) heir(place, String(Number(place) + 1));
        heir(String(next - 1), String(next));
      }
      await listener.saw(...places.map(place => String(Number(place) + 1)), '601', '602');
    });

    it('waits for the last words of a tab that has gone, though its heir was heard before', async () => {
      takeLock();
      const listener = tab(new Subject());
      const [old, heir] = [stranger(), stranger()];
      old('', '1');
      heir('2', '3');
      heir('3', '4');
      old('1', '2');
      await listener.saw('1', '2', '3', '4');
    });

    it('moves its place no further than what it delivered', async () => {
      takeLock();
      const point: ResumePoint = { lastEventId: '', reconnectionTime: undefined };
      const seen: string[] = [];
      const two$ = new Subject<ReceivedSseEvent>().pipe(shareAcrossTabs('events', point), take(2));
      const done = lastValueFrom(two$.pipe(tap(({ data }) => seen.push(data))));
      const [old, heir] = [stranger(), stranger()];
      old('1', '2');
      heir('3', '4');
      old('2', '3');
      await done;
      expect(seen).to.deep.equal(['2', '3']);
      expect(point.lastEventId).to.equal('3');
    });

    it('goes on where the way from one place to the next is lost, rather than hear nothing ever again', async () => {
      takeLock();
      const listener = tab(new Subject());
      const tell = stranger();
      tell('', '1');
      const lost = Array.from({ length: 1002 }, (_, n) => String(n + 100));
      for (const place of lost) tell(place, String(Number(place) + 1));
      await listener.saw('1', ...lost.map(place => String(Number(place) + 1)));
    });
  });
});
