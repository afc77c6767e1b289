import { expect } from 'chai';
import {
  catchError,
  concat,
  concatMap,
  EMPTY,
  lastValueFrom,
  map,
  NEVER,
  of,
  Subject,
  take,
  tap,
  throwError,
  toArray,
  type Observable,
} from 'rxjs';
import * as v from 'valibot';
import {
  fromSSE,
  json,
  ofType,
  SseDataError,
  type JsonText,
  type ParsedSseEvent,
  type ReceivedSseEvent,
  type StandardSchema,
  type StandardSchemaResult,
} from '../../src/index.js';
import { uncaught, unhandledRejections } from '../support/uncaught.js';
import { run } from '../support/marbles.js';

describe('json', () => {
  const event = (data: string): ReceivedSseEvent => ({ type: 'message', data, lastEventId: '', origin: '' });
  const parsed = <T>(data: T): ReceivedSseEvent<string, T> => ({ ...event(''), data });
  const dataError = (data: string, cause: unknown) => new SseDataError(event(data), { cause });
  /** Events of which each has its letter as the value of its data. */
  const texts = Object.fromEntries(['a', 'b', 'c', 'd'].map(letter => [letter, event(`"${letter}"`)]));
  const values = Object.fromEntries(['a', 'b', 'c', 'd'].map(letter => [letter, parsed(letter)]));

  const mine = new Error('mine');
  const fail = () => {
    throw mine;
  };
  /** Refuses a `c`. */
  const notC = (value: unknown) => (value === 'c' ? fail() : value);

  /** The data of the events, and the error. */
  async function outcome(events$: Observable<{ readonly data: unknown }>): Promise<unknown[]> {
    return lastValueFrom(
      events$.pipe(
        map(({ data }) => data),
        catchError((error: unknown) => of(error)),
        toArray(),
      ),
    );
  }

  async function failure(events$: Observable<{ readonly data: unknown }>): Promise<SseDataError> {
    const error = (await outcome(events$)).at(-1);
    if (!(error instanceof SseDataError)) expect.fail('no error of the data');
    return error;
  }

  it('parses the data of each event', () => {
    run(({ cold, expectObservable, expectSubscriptions }) => {
      const texts = { a: event('{"price":[1.5,null]}'), b: event(' true\n'), c: event('null') };
      const values = { a: parsed({ price: [1.5, null] }), b: parsed(true), c: parsed(null) };
      const source = cold('   --a--b--c--|', texts);
      const subs = '          ^----------!';
      const expected = '      --a--b--c--|';
      expectObservable(source.pipe(json())).toBe(expected, values);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it('leaves the rest of the event as it is, and the event itself, too', () => {
    const source = Object.freeze({
      type: 'tick',
      data: '{"price":1}',
      id: '7',
      lastEventId: '7',
      origin: 'https://example.com',
      mark: 'kept',
    });
    const seen: unknown[] = [];
    of(source)
      .pipe(json())
      .subscribe(event => seen.push(event));
    expect(seen).to.deep.equal([{ ...source, data: { price: 1 } }]);
    expect(source.data).to.equal('{"price":1}');
    of(event('1'))
      .pipe(json())
      .subscribe(event => seen.push('id' in event));
    expect(seen.at(-1)).to.equal(false);
  });

  it('completes with its source', () => {
    run(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('   --|', texts);
      const subs = '          ^-!';
      const expected = '      --|';
      expectObservable(source.pipe(json())).toBe(expected);
      expectObservable(EMPTY.pipe(json())).toBe('|');
      expectObservable(NEVER.pipe(json())).toBe('-');
      expectObservable(of(event('1')).pipe(json())).toBe('(a|)', { a: parsed(1) });
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it('passes on the error of its source', () => {
    run(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('   --a--#', texts, mine);
      const subs = '          ^----!';
      const expected = '      --a--#';
      expectObservable(source.pipe(json())).toBe(expected, values, mine);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it('leaves a source that does not end when it is unsubscribed', () => {
    run(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('   --a--b--c--d--', texts);
      const subs = '          ^-----!       ';
      const unsub = '         ------!       ';
      const expected = '      --a--b-       ';
      expectObservable(source.pipe(json()), unsub).toBe(expected, values);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it('takes a source that gives all at once, and leaves it', () => {
    const seen: unknown[] = [];
    concat(of(...Object.values(texts)).pipe(tap(({ data }) => seen.push(data))), NEVER)
      .pipe(json(), take(2))
      .subscribe(({ data }) => seen.push(data));
    expect(seen).to.deep.equal(['"a"', 'a', '"b"', 'b']);
  });

  it('parses for each subscriber alone', () => {
    run(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('   --a--b--|', texts);
      const subs = ['         ^-------!', '---^-------!'];
      const seen: unknown[] = [];
      const events$ = source.pipe(json(value => seen.push(value)));
      const counts = Object.fromEntries([1, 2, 3, 4].map(count => [count, parsed(count)]));
      expectObservable(events$).toBe('          --1--2--|', counts);
      expectObservable(events$, '---^').toBe('  -----3--4--|', counts);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it('errors at data that is no JSON, leaves the source, and names the event and why', () => {
    run(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('   --a--x--b--', { ...texts, x: event('no') });
      const subs = '          ^----!';
      const expected = '      --a--#';
      const error = dataError('no', new SyntaxError('Unexpected token \'o\', "no" is not valid JSON'));
      expectObservable(source.pipe(json())).toBe(expected, values, error);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it('takes empty data for no JSON', async () => {
    const bad = { ...event(''), lastEventId: '7' };
    const error = await failure(of(bad).pipe(json()));
    expect(error.event).to.equal(bad);
    expect(error.lastEventId).to.equal('7');
    expect(error.cause).to.be.instanceOf(SyntaxError);
  });

  describe('with a function', () => {
    it('gives what that makes of the value', () => {
      run(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('   --a--b--|', texts);
        const subs = '          ^-------!';
        const expected = '      --a--b--|';
        const values = { a: parsed(['a']), b: parsed(['b']) };
        expectObservable(source.pipe(json(value => [value]))).toBe(expected, values);
        expectSubscriptions(source.subscriptions).toBe(subs);
      });
    });

    it('gives it also where it is nothing', async () => {
      const made = [undefined, null, 0, ''];
      const source = of(...made.map((_, i) => event(String(i))));
      expect(await outcome(source.pipe(json(value => made[Number(value)])))).to.deep.equal(made);
    });

    it('errors with what that throws as the cause', () => {
      run(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('   --b--c--d--', texts);
        const subs = '          ^----!';
        const expected = '      --b--#';
        expectObservable(source.pipe(json(notC))).toBe(expected, values, dataError('"c"', mine));
        expectSubscriptions(source.subscriptions).toBe(subs);
      });
    });

    it('has the cause be what was thrown, not a copy', async () => {
      const thrown = { reason: 'mine' };
      const error = await failure(
        of(event('1')).pipe(
          json(() => {
            // eslint-disable-next-line @typescript-eslint/only-throw-error -- a function of yours may
            throw thrown;
          }),
        ),
      );
      expect(error.cause).to.equal(thrown);
    });

    it('does not ask it about data that is no JSON', async () => {
      const seen: unknown[] = [];
      await failure(of(event('no')).pipe(json(value => seen.push(value))));
      expect(seen).to.deep.equal([]);
    });

    it('gives an event that its reader fails at once, and blames nobody else', async () => {
      const told: unknown[] = [];
      const reported = uncaught();
      of(event('1'))
        .pipe(json(value => value, { errorObserver: error => told.push(error) }))
        .subscribe(fail);
      expect(await reported).to.equal(mine);
      expect(told).to.deep.equal([]);
    });
  });

  describe('with an asynchronous function', () => {
    it('gives what that resolves to', async () => {
      const events$ = of(event('1'), event('2')).pipe(json(value => Promise.resolve([value])));
      expect(await outcome(events$)).to.deep.equal([[1], [2]]);
    });

    it('keeps the order of the events, whichever is ready first', async () => {
      const steps: unknown[] = [];
      const settle: (() => void)[] = [];
      const source = new Subject<ReceivedSseEvent>();
      const all = outcome(
        source.pipe(
          json(
            value =>
              new Promise(resolve => {
                steps.push(`asked about ${String(value)}`);
                settle.push(() => resolve(value));
              }),
          ),
          tap(({ data }) => steps.push(data)),
        ),
      );
      source.next(event('1'));
      source.next(event('2'));
      source.complete();
      expect(steps).to.deep.equal(['asked about 1']);
      settle[0]?.();
      await new Promise(setImmediate);
      settle[1]?.();
      expect(await all).to.deep.equal([1, 2]);
      expect(steps).to.deep.equal(['asked about 1', 1, 'asked about 2', 2]);
    });

    it('keeps the order also where only some answers are asynchronous', async () => {
      const source = of(event('1'), event('2'), event('3'));
      const events$ = source.pipe(json(value => (value === 1 ? Promise.resolve(value) : value)));
      expect(await outcome(events$)).to.deep.equal([1, 2, 3]);
    });

    it('errors with the reason of its rejection as the cause, and asks no further', async () => {
      const asked: unknown[] = [];
      const events$ = of(event('1'), event('2'), event('3')).pipe(
        json(async value => {
          asked.push(await Promise.resolve(value));
          return value === 2 ? fail() : value;
        }),
      );
      const [first, error] = await outcome(events$);
      expect(first).to.equal(1);
      expect(error).to.be.instanceOf(SseDataError).with.property('cause', mine);
      expect(asked).to.deep.equal([1, 2]);
    });

    it('takes what is only like a promise', async () => {
      const promiseLike: PromiseLike<number> = { then: (...args) => Promise.resolve(7).then(...args) };
      expect(await outcome(of(event('1')).pipe(json(() => promiseLike)))).to.deep.equal([7]);
    });

    it('takes a then that is no function for data', async () => {
      const data = { then: 'later' };
      expect(await outcome(of(event(JSON.stringify(data))).pipe(json()))).to.deep.equal([data]);
    });

    it('delivers nothing once it is unsubscribed while it waits, and leaves the source', async () => {
      for (const settle of [() => Promise.resolve(1), () => Promise.reject(mine)]) {
        const seen: unknown[] = [];
        const source = new Subject<ReceivedSseEvent>();
        const rejections = await unhandledRejections(async () => {
          const subscription = source
            .pipe(json(settle, { errorObserver: error => seen.push(error) }))
            .subscribe({ next: event => seen.push(event), error: error => seen.push(error) });
          source.next(event('1'));
          subscription.unsubscribe();
          expect(source.observed).to.equal(false);
          await new Promise(setImmediate);
        });
        expect([seen, rejections]).to.deep.equal([[], []]);
      }
    });

    it('completes only after the last answer', async () => {
      const seen: unknown[] = [];
      const subscription = of(event('1'))
        .pipe(json(value => Promise.resolve(value)))
        .subscribe({ next: ({ data }) => seen.push(data), complete: () => seen.push('|') });
      expect(seen).to.deep.equal([]);
      await new Promise<void>(resolve => subscription.add(resolve));
      expect(seen).to.deep.equal([1, '|']);
    });
  });

  describe('with a Standard Schema', () => {
    const schemaOf = <T>(
      validate: (value: unknown) => StandardSchemaResult<T> | PromiseLike<StandardSchemaResult<T>>,
    ): StandardSchema<T> => ({ '~standard': { validate } });
    const issues = [{ message: 'no number', path: ['price'] }, { message: 'too late' }];
    const number = (value: unknown): StandardSchemaResult<number> =>
      typeof value === 'number' ? { value: 2 * value } : { issues };

    it('gives the value that it makes', () => {
      run(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('   --a--b--|', { a: event('1'), b: event('2') });
        const subs = '          ^-------!';
        const expected = '      --a--b--|';
        const values = { a: parsed(2), b: parsed(4) };
        expectObservable(source.pipe(json(schemaOf(number)))).toBe(expected, values);
        expectSubscriptions(source.subscriptions).toBe(subs);
      });
    });

    it('errors with its issues in the cause', async () => {
      const error = await failure(of(event('"a"')).pipe(json(schemaOf(number))));
      expect(error.cause).to.be.instanceOf(Error).with.include({ issues, message: 'no number; too late' });
    });

    it('takes issues without a number of them for a failure', async () => {
      const error = await failure(of(event('1')).pipe(json(schemaOf(() => ({ issues: [] })))));
      expect(error.cause).to.be.instanceOf(Error).with.deep.include({ issues: [] });
    });

    it('errors with what it throws as the cause', async () => {
      expect((await failure(of(event('1')).pipe(json(schemaOf(fail))))).cause).to.equal(mine);
    });

    it('takes an asynchronous one, and keeps the order of the events', async () => {
      const settle: (() => void)[] = [];
      const schema = schemaOf(value =>
        value === 1
          ? new Promise<StandardSchemaResult<number>>(resolve => settle.push(() => resolve(number(value))))
          : Promise.resolve(number(value)),
      );
      const all = outcome(of(event('1'), event('2'), event('"a"'), event('3')).pipe(json(schema)));
      await new Promise(setImmediate);
      settle[0]?.();
      const [first, second, error, ...more] = await all;
      expect([first, second, more]).to.deep.equal([2, 4, []]);
      expect(error).to.be.instanceOf(SseDataError).with.nested.include({ 'cause.issues': issues });
    });

    it('takes one whose promise is rejected', async () => {
      const schema = schemaOf(() => Promise.reject(mine));
      expect((await failure(of(event('1')).pipe(json(schema)))).cause).to.equal(mine);
    });

    it('takes one that is a function, too, for the schema that it is', async () => {
      const schema = Object.assign(() => 'called', schemaOf(number));
      const events$ = of(event('1')).pipe(json<ReceivedSseEvent, number | string>(schema));
      expect(await outcome(events$)).to.deep.equal([2]);
    });

    it('takes one that calls itself', async () => {
      const schema = {
        '~standard': {
          factor: 3,
          validate(value: unknown): StandardSchemaResult<number> {
            return { value: this.factor * Number(value) };
          },
        },
      };
      expect(await outcome(of(event('1')).pipe(json(schema)))).to.deep.equal([3]);
    });

    it('takes one of valibot', async () => {
      const schema = v.object({
        price: v.pipe(v.number(), v.minValue(0, 'too low')),
        note: v.optional(v.string(), ''),
      });
      const source = of(event('{"price":1,"more":2}'), event('{"price":-1}'));
      const [first, error] = await outcome(source.pipe(json(schema)));
      expect(first).to.deep.equal({ price: 1, note: '' });
      expect(error).to.be.instanceOf(SseDataError).with.nested.include({
        'cause.message': 'too low',
        'cause.issues[0].path[0].key': 'price',
      });
    });

    it('takes an asynchronous one of valibot', async () => {
      const isKnown = (value: string) => Promise.resolve(value !== 'c');
      const schema = v.pipeAsync(v.string(), v.checkAsync(isKnown, 'unknown'));
      const [a, b, error] = await outcome(of(...Object.values(texts)).pipe(json(schema)));
      expect([a, b]).to.deep.equal(['a', 'b']);
      expect(error).to.be.instanceOf(SseDataError).with.nested.property('cause.message', 'unknown');
    });
  });

  describe('with an errorObserver', () => {
    it('leaves the bad event out, and goes on', () => {
      const told: unknown[] = [];
      const errorObserver = (error: SseDataError) => told.push(error);
      run(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('   --a--x--b--c--d--|', { ...texts, x: event('no') });
        const subs = '          ^----------------!';
        const expected = '      --a-----b-----d--|';
        expectObservable(source.pipe(json(notC, { errorObserver }))).toBe(expected, values);
        expectSubscriptions(source.subscriptions).toBe(subs);
      });
      expect(told.map(error => error instanceof SseDataError && error.event.data)).to.deep.equal([
        'no',
        '"c"',
      ]);
      expect(told[1]).to.have.property('cause', mine);
    });

    it('goes on without a validator, too', async () => {
      const told: unknown[] = [];
      const errorObserver = (error: SseDataError) => told.push(error.event.data);
      const events$ = of(event('no'), event('1')).pipe(json(undefined, { errorObserver }));
      expect(await outcome(events$)).to.deep.equal([1]);
      expect(told).to.deep.equal(['no']);
    });

    it('tells an observer', async () => {
      const errorObserver = new Subject<SseDataError>();
      const told: unknown[] = [];
      errorObserver.subscribe(error => told.push(error.event.data));
      const events$ = of(event('1'), event('no'), event('2')).pipe(json(undefined, { errorObserver }));
      expect(await outcome(events$)).to.deep.equal([1, 2]);
      expect(told).to.deep.equal(['no']);
    });

    it('leaves out what an asynchronous answer finds bad, in its turn', async () => {
      const steps: unknown[] = [];
      const errorObserver = (error: SseDataError) => steps.push(error.cause);
      const events$ = of(...Object.values(texts)).pipe(
        json(async value => notC(await Promise.resolve(value)), { errorObserver }),
        tap(({ data }) => steps.push(data)),
      );
      expect(await outcome(events$)).to.deep.equal(['a', 'b', 'd']);
      expect(steps).to.deep.equal(['a', 'b', mine, 'd']);
    });

    it('is not told of an error of the source', async () => {
      const told: unknown[] = [];
      const errorObserver = (error: SseDataError) => told.push(error);
      expect(await outcome(throwError(() => mine).pipe(json(undefined, { errorObserver })))).to.deep.equal([
        mine,
      ]);
      expect(told).to.deep.equal([]);
    });

    it('goes on also if that throws, which is reported', async () => {
      const reported = uncaught();
      const events$ = of(event('no'), event('1')).pipe(json(undefined, { errorObserver: fail }));
      expect(await outcome(events$)).to.deep.equal([1]);
      expect(await reported).to.equal(mine);
    });
  });

  it('may be caught for each event', () => {
    run(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('   --a--x--b--|', { ...texts, x: event('no') });
      const subs = '          ^----------!';
      const expected = '      --a-----b--|';
      const events$ = source.pipe(
        concatMap(event =>
          of(event).pipe(
            json(),
            catchError(() => EMPTY),
          ),
        ),
      );
      expectObservable(events$).toBe(expected, values);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it('has types that come from the stream, or from what validates', () => {
    type Tick = { price: number };
    type Prices = { tick: Tick; halt: { reason: string }; note: string };
    // Compiled, never subscribed.
    const prices$ = fromSSE<Prices>('http://127.0.0.1/');
    const texts$ = fromSSE('http://127.0.0.1/');
    const number = (value: unknown) => Number(value);
    const toNumber = (text: string) => Promise.resolve(number(text));
    const price = v.object({ price: v.number() });

    const tick$ = prices$.pipe(ofType('tick'), json());
    const price$ = tick$.pipe(map(({ data }) => data.price));
    const all$ = prices$.pipe(json());
    const unknown$ = texts$.pipe(json());
    const note$ = prices$.pipe(ofType('note'), json());
    tick$ satisfies Observable<ReceivedSseEvent<'tick', Tick>>;
    price$ satisfies Observable<number>;
    all$ satisfies Observable<
      | ReceivedSseEvent<'tick', Tick>
      | ReceivedSseEvent<'halt', { reason: string }>
      | ReceivedSseEvent<'note', unknown>
    >;
    all$.pipe(map(event => (event.type === 'tick' ? event.data.price : 0))) satisfies Observable<number>;
    unknown$ satisfies Observable<ReceivedSseEvent<string, unknown>>;
    // @ts-expect-error nobody said what it is
    unknown$ satisfies Observable<ReceivedSseEvent<string, Tick>>;
    // @ts-expect-error a note is text, which may be JSON of anything
    note$ satisfies Observable<ReceivedSseEvent<'note'>>;
    // @ts-expect-error a tick has no reason
    tick$.pipe(map(({ data }) => data.reason));
    // @ts-expect-error only of a tick is it known that it has a price
    all$.pipe(map(({ data }) => data.price));

    const numbers$ = prices$.pipe(ofType('tick', 'halt'), json(number));
    const later$ = texts$.pipe(json(value => Promise.resolve(number(value))));
    const schema$ = prices$.pipe(ofType('tick'), json(price));
    const laterSchema$ = texts$.pipe(json(v.pipeAsync(v.string(), v.transformAsync(toNumber))));
    numbers$ satisfies Observable<ReceivedSseEvent<'tick' | 'halt', number>>;
    later$ satisfies Observable<ReceivedSseEvent<string, number>>;
    schema$ satisfies Observable<ReceivedSseEvent<'tick', Tick>>;
    laterSchema$ satisfies Observable<ReceivedSseEvent<string, number>>;
    const callable = Object.assign(() => 'called', v.number());
    const callable$ = texts$.pipe(json(callable));
    callable$ satisfies Observable<ReceivedSseEvent<string, number>>;
    // @ts-expect-error a number is no text
    numbers$ satisfies Observable<ReceivedSseEvent>;
    // @ts-expect-error the price is a number
    schema$ satisfies Observable<ReceivedSseEvent<'tick', { price: string }>>;
    // @ts-expect-error the promise is waited for
    later$ satisfies Observable<ReceivedSseEvent<string, Promise<number>>>;

    prices$.pipe(ofType('tick'), json()) satisfies Observable<ReceivedSseEvent<'tick', Tick>>;
    texts$.pipe(json(price)) satisfies Observable<ReceivedSseEvent<string, Tick>>;

    // @ts-expect-error a validator takes whatever comes
    texts$.pipe(json((value: string) => value));
    // @ts-expect-error a number validates nothing
    () => texts$.pipe(json(5));
    // @ts-expect-error numbers are no events
    of(1).pipe(json());
    // @ts-expect-error what is parsed already is no text
    tick$.pipe(json());

    1 satisfies ParsedSseEvent<ReceivedSseEvent<'tick', JsonText<number>>>['data'];
    // @ts-expect-error the text says that it is a number
    'a' satisfies ParsedSseEvent<ReceivedSseEvent<'tick', JsonText<number>>>['data'];
  });
});
