import { expect } from 'chai';
import { EMPTY, NEVER, of, take, tap, type Observable } from 'rxjs';
import {
  fromSSE,
  json,
  ofType,
  type JsonText,
  type OfType,
  type ReceivedSseEvent,
  type ReceivedSseEventOf,
} from '../../src/index.js';
import { run } from '../support/marbles.js';

describe('ofType', () => {
  const event = (type: string) => ({ type, data: 'any', lastEventId: '', origin: '' });
  const [t, h, m] = [event('tick'), event('halt'), event('message')];
  const events = { t, h, m };

  it('passes on the events of its type, and no others', () => {
    run(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('   --t--h--t--m--|', events);
      const subs = '          ^-------------!';
      const expected = '      --t-----t-----|';
      expectObservable(source.pipe(ofType('tick'))).toBe(expected, events);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it('passes on the very event', () => {
    const seen: unknown[] = [];
    of(t)
      .pipe(ofType('tick'))
      .subscribe(event => seen.push(event));
    expect(seen[0]).to.equal(t);
  });

  it('takes several types', () => {
    run(({ cold, expectObservable }) => {
      const source = cold('   --t--h--t--m--|', events);
      const expected = '      --t-----t--m--|';
      expectObservable(source.pipe(ofType('tick', 'message'))).toBe(expected, events);
    });
  });

  it('passes on nothing if it is told no type', () => {
    run(({ cold, expectObservable }) => {
      const source = cold('   --t--h--|', events);
      const expected = '      --------|';
      expectObservable(source.pipe(ofType())).toBe(expected);
    });
  });

  it('takes a type by its exact name', () => {
    run(({ expectObservable }) => {
      const source = of(event('Tick'), event('ticks'), event('tic'), event('toString'), t);
      expectObservable(source.pipe(ofType('tick'))).toBe('(t|)', events);
      expectObservable(source.pipe(ofType('valueOf'))).toBe('|');
    });
  });

  it('completes with its source', () => {
    run(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('   --|', events);
      const subs = '          ^-!';
      const expected = '      --|';
      expectObservable(source.pipe(ofType('tick'))).toBe(expected);
      expectObservable(EMPTY.pipe(ofType<ReceivedSseEvent, 'tick'>('tick'))).toBe('|');
      expectObservable(NEVER.pipe(ofType<ReceivedSseEvent, 'tick'>('tick'))).toBe('-');
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it('passes on the error of its source', () => {
    run(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('   --t--h--#', events);
      const subs = '          ^-------!';
      const expected = '      --t-----#';
      expectObservable(source.pipe(ofType('tick'))).toBe(expected, events);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it('leaves a source that does not end when it is unsubscribed', () => {
    run(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('   --t--h--t--t--', events);
      const subs = '          ^--------!    ';
      const unsub = '         ---------!    ';
      const expected = '      --t-----t-    ';
      expectObservable(source.pipe(ofType('tick')), unsub).toBe(expected, events);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it('leaves a source that gives all at once', () => {
    run(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('   (htht)', events);
      const subs = '          (^!)';
      const expected = '      (t|)';
      expectObservable(source.pipe(ofType('tick'), take(1))).toBe(expected, events);
      expectObservable(of(h, t, h, t).pipe(ofType('tick'))).toBe('(tt|)', events);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it('subscribes for each subscriber alone', () => {
    run(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('   --t--h--|', events);
      const subs = ['         ^-------!', '---^-------!'];
      const ticks$ = source.pipe(ofType('tick'));
      expectObservable(ticks$).toBe('          --t-----|', events);
      expectObservable(ticks$, '---^').toBe('  -----t-----|', events);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it('may be used for several sources', () => {
    run(({ cold, expectObservable }) => {
      const ticks = ofType<ReceivedSseEvent, 'tick'>('tick');
      expectObservable(cold(' --t--h--|', events).pipe(ticks)).toBe('--t-----|', events);
      expectObservable(cold(' -h--t--|', events).pipe(ticks)).toBe(' ----t--|', events);
    });
  });

  it('has types that narrow', () => {
    type Prices = { tick: { price: number }; halt: { reason: string }; note: string };
    type Tick = ReceivedSseEvent<'tick', JsonText<{ price: number }>>;
    type Note = ReceivedSseEvent<'note'>;
    // Compiled, never subscribed.
    const prices$ = fromSSE<Prices>('http://127.0.0.1/');
    const texts$ = fromSSE('http://127.0.0.1/');

    const tick$ = prices$.pipe(ofType('tick'));
    const note$ = prices$.pipe(ofType('note'));
    const either$ = prices$.pipe(ofType('tick', 'note'));
    const any$ = prices$.pipe(ofType('tick', 'halt', 'note'));
    const tickText$ = texts$.pipe(ofType('tick'));
    const ownTick$ = of(t).pipe(ofType('tick'));
    tick$ satisfies Observable<Tick>;
    note$ satisfies Observable<Note>;
    either$ satisfies Observable<Tick | Note>;
    any$ satisfies Observable<ReceivedSseEventOf<Prices>>;
    prices$.pipe(
      ofType('tick', 'halt'),
      json(),
      tap(event => {
        if (event.type === 'tick') event.data.price satisfies number;
        else event.data.reason satisfies string;
      }),
    );
    tickText$ satisfies Observable<ReceivedSseEvent<'tick'>>;
    ownTick$ satisfies Observable<{ readonly type: 'tick'; readonly data: string }>;

    // The type that is wanted does not get in the way of the one that is there.
    prices$.pipe(ofType('tick')) satisfies Observable<Tick>;
    prices$.pipe(ofType('tick', 'note')) satisfies Observable<Tick | Note>;
    texts$.pipe(ofType('tick')) satisfies Observable<ReceivedSseEvent<'tick'>>;

    // @ts-expect-error a note is no tick
    either$ satisfies Observable<Tick>;
    // @ts-expect-error nor is a halt
    either$ satisfies Observable<ReceivedSseEvent<'tick' | 'halt'>>;
    // @ts-expect-error the stream has no such type
    prices$.pipe(ofType('tock'));
    // @ts-expect-error one of them is not there
    prices$.pipe(ofType('tick', 'tock'));
    // @ts-expect-error a type is a string
    texts$.pipe(ofType(1));
    // @ts-expect-error numbers have no type
    of(1).pipe(ofType('tick'));
    'tick' satisfies OfType<ReceivedSseEvent, 'tick'>['type'];
    // @ts-expect-error events of any type, of which these are of one
    'tock' satisfies OfType<ReceivedSseEvent, 'tick'>['type'];
  });
});
