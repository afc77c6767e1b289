import { expect } from 'chai';
import { Readable } from 'node:stream';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { concat, EMPTY, finalize, map, NEVER, Observable, of, Subject, throwError, timer } from 'rxjs';
import { SseEventError, SseOverflowError, type SseEvent } from '../../src/event-stream/index.js';
import {
  serve,
  type Exchange,
  type SseContext,
  type SseProject,
  type SseStreamClosing,
  type SseStreamOpening,
  type ToSseConfig,
} from '../../src/server/index.js';
import { settled, virtualTime } from '../support/virtualTime.js';

interface Script {
  readonly isHead?: boolean;
  readonly lastEventId?: string;
  /** Whether there is somebody who answers errors. */
  readonly canFail?: boolean;
}

/** An exchange that writes down what it is asked, and has room while it is told so. */
class ScriptedExchange implements Exchange {
  readonly request = 'the request';
  readonly response = 'the response';
  readonly isHead: boolean;
  readonly lastEventId: string | undefined;
  readonly fail: Exchange['fail'];
  isGone = false;
  hasRoom = true;
  readonly log: string[] = [];
  #listener: Parameters<Exchange['listen']>[0] | undefined;

  constructor({ isHead = false, lastEventId, canFail = true }: Script = {}) {
    this.isHead = isHead;
    this.lastEventId = lastEventId;
    if (canFail) this.fail = error => this.log.push(`fail ${String(error)}`);
  }

  listen(listener: Parameters<Exchange['listen']>[0]) {
    this.#listener = listener;
  }
  open() {
    this.log.push('open');
  }
  write(bytes: Uint8Array) {
    this.log.push(new TextDecoder().decode(bytes).replace(/\n/g, '␊'));
    return this.hasRoom;
  }
  end() {
    this.log.push('end');
  }
  cut() {
    this.log.push('cut');
  }
  abort() {
    this.log.push('abort');
  }
  respond(status: number, headers = {}) {
    this.log.push([status, ...Object.entries(headers).flat()].join(' '));
  }
  /** There is room, for a write after which there is more, or none. */
  drain(hasRoom = true) {
    this.hasRoom = hasRoom;
    this.#listener?.drain();
  }
  gone(isTaken = this.log.includes('end')) {
    this.isGone = true;
    this.#listener?.gone(isTaken);
  }
}

describe('serve', () => {
  const { tick, pending } = virtualTime();
  let exchange: ScriptedExchange;
  let events$: Subject<SseEvent>;
  let openings: SseStreamOpening[];
  let closings: SseStreamClosing[];
  let errors: unknown[];

  beforeEach(() => {
    exchange = new ScriptedExchange();
    events$ = new Subject();
    openings = [];
    closings = [];
    errors = [];
  });

  const answerer = (config: ToSseConfig = {}, project: SseProject<unknown> = () => events$) =>
    serve(project, {
      errorObserver: error => errors.push(error),
      openObserver: opening => openings.push(opening),
      closeObserver: closing => closings.push(closing),
      ...config,
    });
  const start = (config?: ToSseConfig, project?: SseProject<unknown>) => answerer(config, project)(exchange);
  /** What it had no room for any more is the beginning of the stream. */
  const startFull = (config?: ToSseConfig, project?: SseProject<unknown>) => {
    exchange.hasRoom = false;
    start(config, project);
    exchange.log.length = 0;
  };
  const emit = (...data: readonly unknown[]) => {
    for (const each of data) events$.next({ data: each });
  };
  const facts = () => closings.map(({ reason, events }) => ({ reason, events }));
  const begun = ['open', ': keep-alive 15000␊␊'];
  /** What a project returns in JavaScript, whatever the types say. */
  const untyped =
    (value: unknown): SseProject<unknown> =>
    () =>
      value as never;

  it('announces a keep-alive only if there is one', () => {
    start({ keepAlive: false });
    expect(exchange.log).to.deep.equal(['open', ': event stream␊␊']);
  });

  it('answers a project that is undecided with nothing', async () => {
    start({}, () => new Promise(() => undefined));
    await settled();
    expect(exchange.log).to.deep.equal([]);
  });

  describe('asks no project', () => {
    const isAsked = () => {
      let isAsked = false;
      start({}, () => {
        isAsked = true;
        return NEVER;
      });
      return isAsked;
    };

    it('for a reader who has gone before, and answers nobody', () => {
      exchange.isGone = true;
      expect(isAsked()).to.equal(false);
      expect(exchange.log).to.deep.equal([]);
    });

    it('for the head alone, and answers with that', () => {
      exchange = new ScriptedExchange({ isHead: true });
      expect(isAsked()).to.equal(false);
      expect(exchange.log).to.deep.equal(['open', 'end']);
      expect(openings).to.deep.equal([]);
    });
  });

  for (const [name, source, log] of [
    ['an empty source without a stream', EMPTY, ['204']],
    ['a failed source without a stream', throwError(() => 'mine'), ['fail mine']],
    ['a quiet source with a stream', NEVER, begun],
    [
      'a source that gives and completes in one go',
      of({ data: 1 }),
      ['open', ': keep-alive 15000␊␊data: 1␊␊', 'end'],
    ],
    [
      'a source that gives and fails in one go',
      concat(
        of({ data: 1 }),
        throwError(() => 'mine'),
      ),
      ['open', ': keep-alive 15000␊␊data: 1␊␊', 'cut'],
    ],
  ] as const) {
    it(`answers ${name}`, () => {
      start({}, () => source);
      expect(exchange.log).to.deep.equal(log);
      exchange.gone();
      const streams = log[0] === 'open' ? 1 : 0;
      expect(openings).to.have.length(streams);
      expect(closings).to.have.length(streams);
    });
  }

  for (const [value, got] of [
    [undefined, 'got undefined'],
    [null, 'got null'],
    ['text', 'got text'],
    [7, 'got 7'],
    [{}, ''],
  ] as const) {
    it(`fails at a project that gives ${JSON.stringify(value)}, at once or as a promise`, async () => {
      for (const given of [value, Promise.resolve(value)]) {
        exchange = new ScriptedExchange();
        start({}, untyped(given));
        await settled();
        expect(exchange.log).to.have.length(1);
        expect(exchange.log[0])
          .to.match(/^fail TypeError: /)
          .and.include(got);
      }
      expect(openings).to.deep.equal([]);
      expect(errors).to.deep.equal([]);
    });
  }

  it('answers 500 where nobody answers errors, and tells of the error', () => {
    exchange = new ScriptedExchange({ canFail: false });
    start({}, () => throwError(() => 'mine'));
    expect(exchange.log).to.deep.equal(['500']);
    expect(errors).to.deep.equal(['mine']);
  });

  it('prints an error by default, to whatever the console is then, and also if it cannot be printed', () => {
    const { error: original } = console;
    const printed: unknown[][] = [];
    const hostile = {
      get stack() {
        throw new Error('mine');
      },
    };
    exchange = new ScriptedExchange({ canFail: false });
    const answer = serve(() => throwError(() => hostile));
    console.error = (...what: unknown[]) => {
      if (what[0] === hostile) throw new Error('mine');
      printed.push(what);
    };
    try {
      answer(exchange);
    } finally {
      console.error = original;
    }
    expect(printed).to.have.length(1);
    expect(printed[0]?.join(' ')).to.match(/^An error that cannot be printed.* mine$/);
    expect(exchange.log).to.deep.equal(['500']);
  });

  it('ends the response once, although events of the same turn were still to be written', async () => {
    start();
    emit(1);
    events$.complete();
    await settled();
    exchange.drain();
    expect(exchange.log).to.deep.equal([...begun, 'data: 1␊␊', 'end']);
  });

  it('writes what is much within a turn as it comes, 64 KiB at once', async () => {
    start();
    emit(...Array.from('abcdefg', letter => letter.repeat(30_000)));
    const sizes = exchange.log.slice(2).map(written => written.length);
    expect(sizes).to.deep.equal([60_016, 30_008, 60_016, 30_008]);
    await settled();
    expect(exchange.log.at(-1)).to.match(/^data: g+␊␊$/);
    expect(exchange.log).to.have.length(7);
  });

  describe('takes no', () => {
    const outOfRange: Readonly<Record<string, readonly unknown[]>> = {
      keepAlive: [0, 0.5, -1, NaN, Infinity, 2 ** 31, '5', true],
      stallTimeout: [0, 0.5, -1, NaN, 2 ** 31],
      maxDuration: [0, 0.5, -1, NaN, 2 ** 31],
      maxConnections: [0, -1, 1.5, NaN],
      bufferLimit: [-1, NaN],
      padding: [-1, NaN, 65_537, Infinity],
      head: ['', 'lazy'],
      overflow: ['', 'drop', null],
      takeUntil: [NEVER, null],
      random: [0.5],
      openObserver: ['', {}, null],
      closeObserver: ['', {}],
      errorObserver: [{ next: 1 }],
    };
    for (const [option, values] of Object.entries(outOfRange)) {
      it(`${option} out of its range`, () => {
        for (const value of values) {
          expect(() => serve(() => NEVER, { [option]: value }))
            .to.throw(RangeError, `Expected ${option} to be `)
            .with.property('message')
            .that.includes(`, got ${String(value)}`);
        }
      });
    }

    it('retry that cannot be written', () => {
      for (const retry of [-1, 1.5, NaN, Infinity]) {
        expect(() => serve(() => NEVER, { retry })).to.throw(SseEventError, 'retry');
      }
    });

    it('project that is no function', () => {
      for (const project of [undefined, NEVER, 'text']) {
        expect(() => serve(project as never)).to.throw(TypeError, `got ${typeof project}`);
      }
    });
  });

  it('takes the bounds of each range', () => {
    const most = 2 ** 31 - 1;
    const bounds: readonly ToSseConfig[] = [
      { keepAlive: 1, stallTimeout: 1, maxDuration: 1, maxConnections: 1, bufferLimit: 0, padding: 0 },
      { keepAlive: most, stallTimeout: most, maxDuration: most, padding: 65_536 },
      { keepAlive: false, stallTimeout: Infinity, maxDuration: Infinity, maxConnections: Infinity },
      { bufferLimit: Infinity, head: 'eager', overflow: 'disconnect' },
      { head: 'first-event', overflow: { latestBy: () => undefined } },
      { overflow: 'drop-oldest' },
      { overflow: 'drop-newest' },
    ];
    for (const config of bounds) serve(() => NEVER, config);
  });

  describe("with the head at the 'first-event'", () => {
    const head = 'first-event';

    it('sends nothing before', async () => {
      start({ head, keepAlive: 100 });
      await settled();
      tick(1000);
      expect(exchange.log).to.deep.equal([]);
      expect(openings).to.deep.equal([]);
      expect(pending()).to.equal(0);
    });

    it('sends the events of that turn together with it', async () => {
      start({ head });
      emit(1, 2);
      expect(exchange.log).to.deep.equal([]);
      await settled();
      expect(exchange.log).to.deep.equal(['open', ': keep-alive 15000␊␊data: 1␊␊data: 2␊␊']);
      expect(openings).to.have.length(1);
      emit(3);
      await settled();
      expect(exchange.log.slice(2)).to.deep.equal(['data: 3␊␊']);
    });

    it('sends it within the turn if there is much', () => {
      start({ head });
      emit('x'.repeat(70_000));
      expect(exchange.log.slice(0, 2)).to.deep.equal(begun);
      expect(exchange.log).to.have.length(4);
    });

    it('keeps alive from then on', async () => {
      start({ head, keepAlive: 100 });
      tick(1000);
      emit(1);
      await settled();
      tick(99);
      expect(exchange.log.slice(2)).to.deep.equal([]);
      tick(1);
      expect(exchange.log.slice(2)).to.deep.equal([':␊␊']);
    });

    it('answers 204 if the source completes before, however late', async () => {
      start({ head });
      await settled();
      events$.complete();
      expect(exchange.log).to.deep.equal(['204']);
      expect(closings).to.deep.equal([]);
    });

    it('fails if the source fails before, however late', async () => {
      start({ head });
      await settled();
      events$.error('mine');
      expect(exchange.log).to.deep.equal(['fail mine']);
      expect(errors).to.deep.equal([]);
      expect(closings).to.deep.equal([]);
    });

    it('fails at a first event that cannot be written', async () => {
      start({ head });
      emit(1n);
      await settled();
      expect(exchange.log).to.have.length(1);
      expect(exchange.log[0]).to.match(/^fail SseEventError: /);
      expect(events$.observed).to.equal(false);
    });

    it('ends a stream whose source completes in the turn of the first event', async () => {
      start({ head });
      emit(1);
      events$.complete();
      await settled();
      expect(exchange.log).to.deep.equal(['open', ': keep-alive 15000␊␊data: 1␊␊', 'end']);
      expect(openings).to.have.length(1);
    });

    it('cuts off a stream whose source fails in the turn of the first event', async () => {
      start({ head });
      emit(1);
      events$.error('mine');
      await settled();
      expect(exchange.log).to.deep.equal(['open', ': keep-alive 15000␊␊data: 1␊␊', 'cut']);
      expect(errors).to.deep.equal(['mine']);
    });

    for (const [name, act] of [
      ['before', () => undefined],
      ['in the turn of it', () => emit(1)],
    ] as const) {
      it(`sends nothing to a reader that leaves ${name}`, async () => {
        start({ head });
        act();
        exchange.gone();
        await settled();
        expect(exchange.log).to.deep.equal([]);
        expect(events$.observed).to.equal(false);
        expect(openings).to.deep.equal([]);
        expect(closings).to.deep.equal([]);
      });
    }
  });

  describe('with padding', () => {
    for (const [name, config, bytes] of [
      ['begins with so many bytes of comment, after the announcement', {}, ': keep-alive 15000␊:      ␊␊'],
      ['does so without a keep-alive', { keepAlive: false }, ': event stream␊:      ␊␊'],
      ['does so before the reconnection time', { retry: 7 }, ': keep-alive 15000␊:      ␊retry: 7␊␊'],
    ] as const) {
      it(name, () => {
        start({ padding: 5, ...config });
        expect(exchange.log).to.deep.equal(['open', bytes]);
      });
    }

    it('has as many as it is asked for', () => {
      start({ padding: 65_536 });
      expect(exchange.log.slice(1).join('')).to.have.length(65_536 + ': keep-alive 15000␊: ␊␊'.length);
    });
  });

  describe('with maxConnections', () => {
    const another = () => new ScriptedExchange();
    /** Whether there is room for one more. */
    const isFull = (answer: (exchange: Exchange) => void) => {
      const other = another();
      answer(other);
      return other.log[0] === '503 Retry-After 5';
    };

    it('answers 503 to those beyond, and asks no project', () => {
      let asked = 0;
      const answer = answerer({ maxConnections: 2 }, () => {
        asked++;
        return NEVER;
      });
      const exchanges = [another(), another(), another()];
      exchanges.forEach(answer);
      expect(exchanges.map(({ log }) => log[0])).to.deep.equal(['open', 'open', '503 Retry-After 5']);
      expect(asked).to.equal(2);
      expect(openings).to.have.length(2);
    });

    for (const [retry, seconds] of [
      [0, 1],
      [1, 1],
      [1000, 1],
      [1001, 2],
    ] as const) {
      it(`asks for ${seconds} s where the reconnection time is ${retry} ms`, () => {
        const answer = answerer({ maxConnections: 1, retry });
        const exchanges = [another(), another()];
        exchanges.forEach(answer);
        expect(exchanges[1]?.log).to.deep.equal([`503 Retry-After ${seconds}`]);
      });
    }

    const ways: Readonly<Record<string, readonly [project: SseProject<unknown>, act?: () => void]>> = {
      'when its reader leaves': [() => events$, () => exchange.gone()],
      'when it has been ended, and taken': [
        () => events$,
        () => {
          events$.complete();
          exchange.gone();
        },
      ],
      'when it was cut off': [
        () => events$,
        () => {
          events$.error('mine');
          exchange.gone();
        },
      ],
      'when its reader takes nothing': [
        () => {
          exchange.hasRoom = false;
          return events$;
        },
        () => tick(30_000),
      ],
      'when it is answered 204': [() => EMPTY],
      'when the source fails': [() => throwError(() => 'mine')],
      'when the project throws': [
        () => {
          throw new Error('mine');
        },
      ],
      'when the promise of the project is rejected': [() => Promise.reject(new Error('mine'))],
      'when there is no source': [untyped(undefined)],
      'when someone else has answered while the project decides': [
        () => settled().then(() => events$),
        () => {
          exchange.isGone = true;
        },
      ],
      'when its reader leaves while the project decides': [
        () => new Promise(() => undefined),
        () => exchange.gone(),
      ],
    };
    for (const [name, [project, act]] of Object.entries(ways)) {
      it(`gives back the place of one ${name}, once`, async () => {
        const projects = [project];
        const answer = answerer({ maxConnections: 1 }, (...args) =>
          (projects.pop() ?? (() => NEVER))(...args),
        );
        answer(exchange);
        act?.();
        await settled();
        await settled();
        expect(isFull(answer)).to.equal(false);
        expect(isFull(answer)).to.equal(true);
      });
    }

    it('counts one whose project decides', () => {
      const answer = answerer({ maxConnections: 1 }, () => new Promise(() => undefined));
      answer(exchange);
      expect(isFull(answer)).to.equal(true);
    });

    it('counts one that has been ended, until it is taken', () => {
      const answer = answerer({ maxConnections: 1 });
      answer(exchange);
      events$.complete();
      expect(isFull(answer)).to.equal(true);
      exchange.gone();
      expect(isFull(answer)).to.equal(false);
    });

    it('does not count who asks for the head, and answers it', () => {
      const answer = answerer({ maxConnections: 1 });
      for (let n = 0; n < 3; n++) {
        const head = new ScriptedExchange({ isHead: true });
        answer(head);
        expect(head.log).to.deep.equal(['open', 'end']);
      }
      expect(isFull(answer)).to.equal(false);
    });
  });

  describe('with a large event', () => {
    const large = 'x'.repeat(150_000);
    const sizes = () => exchange.log.slice(2).map(written => written.length);

    it('goes on as long as its reader takes a piece in time', () => {
      start({ stallTimeout: 100 });
      exchange.hasRoom = false;
      emit(large);
      for (let pieces = 1; pieces < 3; pieces++) {
        tick(99);
        exchange.drain(false);
      }
      expect(sizes()).to.deep.equal([65_536, 65_536, 18_936]);
      tick(99);
      expect(exchange.log).not.to.include('abort');
      tick(1);
      expect(exchange.log.at(-1)).to.equal('abort');
    });

    it('hands over what it has begun, when too much waits after it', () => {
      start({ bufferLimit: 10 });
      exchange.hasRoom = false;
      emit(large);
      emit(1, 2);
      expect(exchange.log.slice(2).join('')).to.equal(`data: ${large}␊␊cut`);
      expect(facts()).to.deep.equal([{ reason: 'overflow', events: 1 }]);
    });

    it('gives its reader no more time for what it hands over then', () => {
      start({ bufferLimit: 10, stallTimeout: 100 });
      exchange.hasRoom = false;
      emit(large);
      tick(60);
      emit(1, 2);
      tick(40);
      expect(exchange.log.at(-1)).to.equal('abort');
    });

    it('gives the rest of it up with a reader that leaves', () => {
      start();
      exchange.hasRoom = false;
      emit(large);
      exchange.gone();
      exchange.drain();
      expect(sizes()).to.deep.equal([65_536]);
    });
  });

  describe('where the head cannot be sent', () => {
    const mine = new Error('mine');
    for (const [name, source] of [
      ['of a quiet source', () => NEVER],
      ['of one that gives at once', () => of({ data: 1 })],
      ['of one that gives much at once', () => of({ data: 'x'.repeat(70_000) })],
      ['of one that gives later', () => timer(10).pipe(map(() => ({ data: 1 })))],
    ] as const) {
      for (const head of ['eager', 'first-event'] as const) {
        it(`leaves it to the framework: ${name}, ${head}`, async () => {
          exchange.open = () => {
            throw mine;
          };
          start({ head }, source);
          tick(10);
          await settled();
          const isQuiet = head === 'first-event' && source() === NEVER;
          expect(exchange.log).to.deep.equal(isQuiet ? [] : ['fail Error: mine']);
          expect([...openings, ...closings, ...errors]).to.deep.equal([]);
        });
      }
    }

    it('aborts where it is a write that fails, and tells of it', () => {
      exchange.write = () => {
        throw mine;
      };
      start();
      expect(exchange.log).to.deep.equal(['open', 'abort']);
      expect(errors).to.deep.equal([mine]);
      expect(facts()).to.deep.equal([{ reason: 'error', events: 0 }]);
      expect(events$.observed).to.equal(false);
    });
  });

  describe('with takeUntil', () => {
    let end$: Subject<unknown>;
    beforeEach(() => {
      end$ = new Subject();
    });
    const startToEnd = (config?: ToSseConfig, project?: SseProject<unknown>) =>
      start({ takeUntil: () => end$, ...config }, project);

    it('ends properly when it emits, after all that the source gave, and listens no more', () => {
      startToEnd();
      emit(1);
      end$.next('now');
      expect(exchange.log).to.deep.equal([...begun, 'data: 1␊␊', 'end']);
      expect(events$.observed).to.equal(false);
      expect(end$.observed).to.equal(false);
      exchange.gone();
      expect(facts()).to.deep.equal([{ reason: 'complete', events: 1 }]);
    });

    it('sends an event that it emits last', () => {
      startToEnd();
      end$.next({ retry: 5000 });
      expect(exchange.log).to.deep.equal([...begun, 'retry: 5000␊␊', 'end']);
    });

    it('sends no event of the DOM', () => {
      startToEnd();
      end$.next(new Event('abort'));
      expect(exchange.log).to.deep.equal([...begun, 'end']);
    });

    it('cuts off at a last event that cannot be written', () => {
      startToEnd();
      end$.next({ retry: -1 });
      expect(exchange.log).to.deep.equal([...begun, 'cut']);
      expect(errors).to.have.length(1);
    });

    it('goes on when it completes', () => {
      startToEnd();
      end$.complete();
      expect(events$.observed).to.equal(true);
    });

    it('cuts off when it fails', () => {
      startToEnd();
      end$.error('mine');
      expect(exchange.log).to.deep.equal([...begun, 'cut']);
      expect(errors).to.deep.equal(['mine']);
      expect(events$.observed).to.equal(false);
    });

    it('is asked for each reader, and left with it', () => {
      const asked: unknown[] = [];
      exchange = new ScriptedExchange({ lastEventId: '7' });
      start({
        takeUntil: (request, { lastEventId }) => {
          asked.push(request, lastEventId);
          return end$;
        },
      });
      expect(asked).to.deep.equal(['the request', '7']);
      exchange.gone();
      expect(end$.observed).to.equal(false);
    });

    it('ends also a source that has been left, since its reader has no room', () => {
      startFull({ takeUntil: () => end$ }, () => ({ after: () => concat(of({ id: '1' }), NEVER) }));
      end$.next(undefined);
      exchange.drain();
      expect(exchange.log.at(-1)).to.equal('end');
    });

    for (const [when, project] of [
      ['when the project still decides', () => new Promise<never>(() => undefined)],
      ['before the first event that the head waits for', () => NEVER],
    ] as const) {
      it(`answers 503 ${when}`, () => {
        startToEnd({ head: 'first-event', retry: 2500 }, project);
        end$.next('now');
        expect(exchange.log).to.deep.equal(['503 Retry-After 3']);
        expect(openings).to.deep.equal([]);
      });
    }

    it('reads nothing that the project gives after it', async () => {
      const asked: string[] = [];
      const late$ = new Observable<SseEvent>(() => void asked.push('subscribed'));
      startToEnd({}, () => settled().then(() => late$));
      end$.next('now');
      await settled();
      await settled();
      expect(asked).to.deep.equal([]);
      expect(exchange.log).to.deep.equal(['503 Retry-After 5']);
    });

    it('asks no project once it has emitted', () => {
      const asked: string[] = [];
      startToEnd({ takeUntil: () => ['now'] }, () => {
        asked.push('project');
        return events$;
      });
      expect(exchange.log).to.deep.equal(['503 Retry-After 5']);
      expect(asked).to.deep.equal([]);
    });

    it('fails where it throws', () => {
      start({
        takeUntil: () => {
          throw new Error('mine');
        },
      });
      expect(exchange.log).to.deep.equal(['fail Error: mine']);
    });
  });

  describe('with maxDuration', () => {
    const quiet = { keepAlive: false, stallTimeout: Infinity } as const;

    for (const [random, duration] of [
      [0, 800],
      [0.5, 900],
      [0.999, 1000],
    ] as const) {
      it(`ends a stream after ${duration / 10} % of it where the random number is ${random}`, () => {
        start({ ...quiet, maxDuration: 1000, random: () => random });
        tick(duration - 1);
        expect(exchange.log).to.deep.equal(['open', ': event stream␊␊']);
        tick(1);
        expect(exchange.log.slice(2)).to.deep.equal(['end']);
        expect(events$.observed).to.equal(false);
        exchange.gone();
        expect(facts()).to.deep.equal([{ reason: 'expired', events: 0 }]);
      });
    }

    it('ends them at many different times, at random, if not told how', () => {
      const answer = answerer({ ...quiet, maxDuration: 1000 });
      const exchanges = Array.from({ length: 200 }, () => new ScriptedExchange());
      exchanges.forEach(answer);
      tick(799);
      expect(exchanges.filter(({ log }) => log.includes('end'))).to.have.length(0);
      tick(101);
      expect(exchanges.filter(({ log }) => log.includes('end'))).to.have.length.within(50, 150);
      tick(100);
      expect(exchanges.filter(({ log }) => log.includes('end'))).to.have.length(200);
    });

    it('writes what waits first', () => {
      startFull({ ...quiet, maxDuration: 1000, random: () => 0 });
      emit(1, 2);
      tick(800);
      expect(events$.observed).to.equal(false);
      expect(exchange.log).to.deep.equal([]);
      exchange.drain();
      expect(exchange.log).to.deep.equal(['data: 1␊␊data: 2␊␊', 'end']);
    });

    it('counts from the head on', async () => {
      start({ ...quiet, maxDuration: 1000, random: () => 0, head: 'first-event' });
      tick(5000);
      emit(1);
      await settled();
      tick(799);
      expect(exchange.log).not.to.include('end');
      tick(1);
      expect(exchange.log).to.include('end');
    });

    it('calls a reader gone that leaves before it has taken the end', () => {
      start({ ...quiet, maxDuration: 1000, random: () => 0 });
      tick(800);
      exchange.gone(false);
      expect(facts()).to.deep.equal([{ reason: 'gone', events: 0 }]);
    });

    it('has few timers, for however many streams, and none when they are over', () => {
      const answer = answerer({ ...quiet, maxDuration: 1000 });
      const exchanges = Array.from({ length: 1000 }, () => new ScriptedExchange());
      exchanges.forEach(answer);
      expect(pending()).to.be.at.most(21);
      for (const each of exchanges) each.gone();
      expect(pending()).to.equal(0);
    });

    it('does nothing to a stream that is over', () => {
      start({ ...quiet, maxDuration: 1000 });
      events$.complete();
      tick(1000);
      expect(exchange.log.slice(2)).to.deep.equal(['end']);
      exchange.gone();
      expect(facts()).to.deep.equal([{ reason: 'complete', events: 0 }]);
    });

    it('of Infinity lets it go on for ever', () => {
      start(quiet);
      expect(pending()).to.equal(0);
    });
  });

  describe('tells', () => {
    it('the openObserver of the reader, after the head', () => {
      exchange = new ScriptedExchange({ lastEventId: '7' });
      start({ openObserver: opening => exchange.log.push(JSON.stringify(opening)) });
      expect(exchange.log).to.deep.equal([
        'open',
        '{"request":"the request","lastEventId":"7"}',
        ': keep-alive 15000␊␊',
      ]);
    });

    it('the closeObserver all that there is to know', () => {
      exchange = new ScriptedExchange({ lastEventId: '7' });
      tick(50);
      startFull({ overflow: 'drop-newest', bufferLimit: 22 });
      tick(100);
      emit(1, 2, 3);
      exchange.drain();
      emit(4, 5, 6, 7);
      exchange.hasRoom = false;
      tick(150);
      exchange.gone();
      expect(closings).to.deep.equal([
        {
          request: 'the request',
          lastEventId: '7',
          reason: 'gone',
          events: 2,
          dropped: 1,
          bytes: ': keep-alive 15000␊␊data: 1␊␊data: 2␊␊event: gap␊data: {"dropped":1}␊␊'.length,
          highWaterMark: 36,
          duration: 250,
        },
      ]);
    });

    it('the closeObserver of the error that cut it off', () => {
      start();
      events$.error('mine');
      exchange.gone();
      expect(closings).to.have.length(1);
      expect(closings[0]).to.include({ reason: 'error', error: 'mine', lastEventId: undefined });
    });

    it('that a reader is gone that leaves before it has all that came before an error', () => {
      startFull();
      emit(1);
      events$.error('mine');
      exchange.gone();
      expect(facts()).to.deep.equal([{ reason: 'gone', events: 0 }]);
      expect(errors).to.deep.equal(['mine']);
    });

    it('the closeObserver of no error where there is none', () => {
      start();
      exchange.gone();
      expect(closings).to.have.length(1);
      expect(closings[0]).not.to.have.property('error');
    });

    for (const [isTaken, reason] of [
      [true, 'complete'],
      [false, 'gone'],
    ] as const) {
      it(`that the stream is ${reason} if its end was ${isTaken ? 'taken' : 'still under way'}`, () => {
        start();
        emit(1);
        events$.complete();
        expect(closings).to.deep.equal([]);
        exchange.gone(isTaken);
        exchange.gone(isTaken);
        expect(facts()).to.deep.equal([{ reason, events: 1 }]);
      });
    }

    it('observers that are objects', () => {
      const told: string[] = [];
      const observer = (name: string) => ({ next: () => void told.push(name) });
      start({
        openObserver: observer('open'),
        errorObserver: observer('error'),
        closeObserver: observer('close'),
      });
      events$.error('mine');
      exchange.gone();
      expect(told).to.deep.equal(['open', 'error', 'close']);
    });

    it('the end of a stream once, though the openObserver sends its reader away', () => {
      start({ openObserver: () => exchange.gone() }, () => of({ data: 1 }));
      tick(100_000);
      expect(facts()).to.deep.equal([{ reason: 'gone', events: 0 }]);
      expect(exchange.log).to.deep.equal(['open']);
    });

    it('the end of a stream once, though the errorObserver sends its reader away', () => {
      start({ errorObserver: () => exchange.gone() });
      events$.error('mine');
      tick(100_000);
      exchange.gone();
      expect(facts()).to.deep.equal([{ reason: 'error', events: 0 }]);
      expect(exchange.log).to.deep.equal([...begun, 'cut']);
    });

    for (const [name, end, answer] of [
      ['as it completes', (source: Subject<SseEvent>) => source.complete(), '204'],
      ['as it fails', (source: Subject<SseEvent>) => source.error('mine'), 'fail mine'],
    ] as const) {
      it(`of a source that failed to clean up ${name}, at once or later`, () => {
        const failing$ = new Observable<SseEvent>(subscriber => {
          events$.subscribe(subscriber);
          return () => {
            throw new Error('teardown');
          };
        });
        start({}, () => failing$);
        end(events$);
        exchange = new ScriptedExchange();
        start({}, () => failing$);
        expect(errors.map(String).filter(error => error.includes('teardown'))).to.have.length(2);
        expect(exchange.log).to.deep.equal([answer]);
      });
    }
  });

  describe('tells the project', () => {
    let context: SseContext;
    let writable: (boolean | 'complete')[];

    const startWatched = (config?: ToSseConfig) =>
      start(config, (_, its) => {
        context = its;
        watch();
        return events$;
      });
    const watch = () => {
      writable = [];
      context.writable$.subscribe({
        next: isWritable => writable.push(isWritable),
        complete: () => writable.push('complete'),
      });
    };

    it('who asks, where from, and what will be the response', () => {
      exchange = new ScriptedExchange({ lastEventId: '7' });
      start({}, (request, { lastEventId, response }) => {
        exchange.log.push(String(request), String(lastEventId), String(response));
        return EMPTY;
      });
      expect(exchange.log).to.deep.equal(['the request', '7', 'the response', '204']);
    });

    it('that the reader keeps up', () => {
      startWatched();
      expect(writable).to.deep.equal([true]);
    });

    it('each time that it does not any more, and that it does again, once', async () => {
      startWatched();
      exchange.hasRoom = false;
      emit(1);
      await settled();
      expect(writable).to.deep.equal([true, false]);
      emit(2);
      await settled();
      exchange.drain();
      emit(3);
      await settled();
      exchange.drain();
      expect(writable).to.deep.equal([true, false, true]);
    });

    it('nothing new if what waited leaves no room', () => {
      exchange.hasRoom = false;
      startWatched();
      emit(1);
      expect(writable).to.deep.equal([true, false]);
      exchange.drain(false);
      expect(writable).to.deep.equal([true, false]);
    });

    it('how it is now, when it asks later', () => {
      exchange.hasRoom = false;
      startWatched();
      watch();
      expect(writable).to.deep.equal([false]);
    });

    it('that the stream is over, when it is', () => {
      startWatched();
      events$.complete();
      expect(writable).to.deep.equal([true]);
      exchange.gone();
      expect(writable).to.deep.equal([true, 'complete']);
    });

    it('that there will be no stream', () => {
      startWatched({ head: 'first-event' });
      events$.complete();
      expect(writable).to.deep.equal([true, 'complete']);
    });

    it('no way to write into it', () => {
      startWatched();
      expect(context.writable$).not.to.have.property('next');
    });

    for (const [name, act] of [
      ['its reader leaves', () => exchange.gone()],
      ['the source completes', () => events$.complete()],
      ['the source fails', () => events$.error('mine')],
      ['an event cannot be written', () => emit(1n)],
    ] as const) {
      it(`by its signal that ${name}`, () => {
        startWatched();
        expect(context.signal.aborted).to.equal(false);
        act();
        expect(context.signal.aborted).to.equal(true);
      });
    }
  });

  describe('publishes on a channel', () => {
    const published: Record<string, unknown[]> = { open: [], close: [], error: [], refuse: [] };
    const listeners = Object.entries(published).map(
      ([name, messages]) => [`rxjs-sse:${name}`, (message: unknown) => messages.push(message)] as const,
    );
    const opening = { request: 'the request', lastEventId: '7' };

    beforeEach(() => {
      exchange = new ScriptedExchange({ lastEventId: '7' });
      for (const messages of Object.values(published)) messages.length = 0;
      for (const listener of listeners) subscribe(...listener);
    });
    afterEach(() => {
      for (const listener of listeners) unsubscribe(...listener);
    });

    it('each stream that opens and closes', () => {
      start();
      expect(published).to.deep.equal({ open: [opening], close: [], error: [], refuse: [] });
      exchange.gone();
      expect(published).to.deep.equal({ open: [opening], close: closings, error: [], refuse: [] });
      expect(closings).to.have.length(1);
    });

    it('each error', () => {
      start();
      events$.error('mine');
      expect(published).to.deep.include({ error: [{ ...opening, error: 'mine' }] });
    });

    it('each reader that there is no place for', () => {
      const answer = answerer({ maxConnections: 1 });
      answer(new ScriptedExchange());
      answer(exchange);
      expect(published).to.deep.include({ refuse: [opening], close: [] });
    });

    it('no answer that is no stream', () => {
      start({}, () => EMPTY);
      exchange = new ScriptedExchange();
      start({}, () => throwError(() => 'mine'));
      exchange = new ScriptedExchange({ isHead: true });
      start();
      expect(published).to.deep.equal({ open: [], close: [], error: [], refuse: [] });
    });
  });

  describe('with a source that follows its signal', () => {
    const obedient =
      (obey: (subscriber: Subject<SseEvent>) => void): SseProject<unknown> =>
      (_, { signal }) => {
        signal.addEventListener('abort', () => obey(events$));
        return events$;
      };

    it('cuts off at an event that cannot be written, though the source then completes', () => {
      start(
        {},
        obedient(source => source.complete()),
      );
      emit(1n);
      exchange.gone();
      expect(exchange.log).to.deep.equal([...begun, 'cut']);
      expect(facts()).to.deep.equal([{ reason: 'error', events: 0 }]);
    });

    it('reports nothing of it when its reader leaves, though the source then fails', () => {
      start(
        {},
        obedient(source => source.error('aborted')),
      );
      exchange.gone();
      expect(facts()).to.deep.equal([{ reason: 'gone', events: 0 }]);
      expect(errors).to.deep.equal([]);
    });

    it('writes nothing that the source gives then', async () => {
      start(
        {},
        obedient(source => source.next({ data: 'late' })),
      );
      emit(1n);
      await settled();
      exchange.drain();
      expect(exchange.log).to.deep.equal([...begun, 'cut']);
    });
  });

  describe('with a promise that comes after its reader has gone', () => {
    let asked: string[];

    beforeEach(() => {
      asked = [];
    });
    const startLate = async (source: () => unknown) => {
      start({}, () => settled().then(() => source() as never));
      exchange.gone();
      await settled();
      await settled();
      expect(exchange.log).to.deep.equal([]);
      expect(openings).to.deep.equal([]);
    };

    it('subscribes to no Observable', async () => {
      await startLate(() => new Observable(() => void asked.push('subscribed')));
      expect(asked).to.deep.equal([]);
      expect(errors).to.deep.equal([]);
    });

    it('reads from no place', async () => {
      await startLate(() => ({ after: () => asked.push('after') }));
      expect(asked).to.deep.equal([]);
      expect(errors).to.deep.equal([]);
    });

    it('cancels a ReadableStream', async () => {
      await startLate(
        () => new ReadableStream({ cancel: () => void asked.push('cancel') }, { highWaterMark: 0 }),
      );
      expect(asked).to.deep.equal(['cancel']);
      expect(errors).to.deep.equal([]);
    });

    it('closes a generator that it does not start', async () => {
      const generator = (async function* () {
        asked.push('started');
        yield await Promise.resolve({});
      })();
      await startLate(() => generator);
      expect(asked).to.deep.equal([]);
      expect(await generator.next()).to.deep.equal({ done: true, value: undefined });
      expect(errors).to.deep.equal([]);
    });

    it('tells of nothing where there is nothing', async () => {
      await startLate(() => undefined);
      expect(errors).to.deep.equal([]);
    });

    it('tells of what it fails with to leave it', async () => {
      await startLate(() => new ReadableStream({ cancel: () => Promise.reject(new Error('mine')) }));
      expect(errors.map(String)).to.deep.equal(['Error: mine']);
    });

    it('tells of what it is rejected with', async () => {
      await startLate(() => Promise.reject(new Error('mine')));
      expect(errors.map(String)).to.deep.equal(['Error: mine']);
    });

    it('tells of no rejection that says it was aborted', async () => {
      await startLate(() => Promise.reject(new DOMException('aborted', 'AbortError')));
      expect(errors).to.deep.equal([]);
    });
  });

  it('tells of no Readable of Node that it leaves while there is nothing to read', async () => {
    const source = new Readable({ objectMode: true, read: () => undefined });
    start({}, () => source);
    await settled();
    exchange.gone();
    await settled();
    expect(source.destroyed).to.equal(true);
    expect(errors).to.deep.equal([]);
  });

  describe('leaves', () => {
    const kinds: Readonly<Record<string, (told: () => void) => ReturnType<SseProject<unknown>>>> = {
      'an Observable': told => NEVER.pipe(finalize(told)),
      'something that can be read from a place': told => ({ after: () => NEVER.pipe(finalize(told)) }),
      'a ReadableStream': told => new ReadableStream({ cancel: told }),
      'an iterable': told => {
        exchange.hasRoom = false;
        return (function* () {
          try {
            for (;;) yield { data: 'x'.repeat(1000) };
          } finally {
            told();
          }
        })();
      },
    };
    for (const [name, source] of Object.entries(kinds)) {
      for (const [when, act] of [
        ['its reader leaves', () => exchange.gone()],
        ['it has been open for long enough', () => tick(1000)],
      ] as const) {
        it(`${name} when ${when}, once`, async () => {
          let times = 0;
          start({ maxDuration: 1000, stallTimeout: Infinity }, () => source(() => (times += 1)));
          await settled();
          expect(times).to.equal(0);
          act();
          await settled();
          exchange.gone();
          await settled();
          expect(times).to.equal(1);
        });
      }
    }
  });

  describe('to a reader without room', () => {
    it('writes nothing, and all that waits at once as soon as there is room', async () => {
      startFull();
      emit(1, 2);
      await settled();
      emit(3);
      await settled();
      expect(exchange.log).to.deep.equal([]);

      exchange.drain();
      emit(4);
      await settled();
      expect(exchange.log).to.deep.equal(['data: 1␊␊data: 2␊␊data: 3␊␊', 'data: 4␊␊']);
    });

    it('writes what waits before it ends the response', () => {
      startFull();
      emit(1);
      events$.complete();
      expect(exchange.log).to.deep.equal([]);
      exchange.drain();
      expect(exchange.log).to.deep.equal(['data: 1␊␊', 'end']);
    });

    it('writes what waits before it cuts the response off', () => {
      startFull();
      emit(1);
      events$.error('mine');
      exchange.drain();
      expect(exchange.log).to.deep.equal(['data: 1␊␊', 'cut']);
      expect(errors).to.deep.equal(['mine']);
    });

    it('leaves the source at an event that cannot be written, without waiting for room', () => {
      startFull();
      emit(1, 2n);
      expect(events$.observed).to.equal(false);
      expect(exchange.log).to.deep.equal([]);
      exchange.drain();
      expect(exchange.log).to.deep.equal(['data: 1␊␊', 'cut']);
    });

    it('cuts the response off once too much waits, and gives that up', () => {
      startFull({ bufferLimit: 22 });
      emit(1, 2);
      expect(exchange.log).to.deep.equal([]);
      emit(3);
      expect(exchange.log).to.deep.equal(['cut']);
      expect(events$.observed).to.equal(false);
      expect(facts()).to.deep.equal([{ reason: 'overflow', events: 0 }]);
      expect(closings[0]?.error).to.be.instanceOf(SseOverflowError).and.include({ bufferLimit: 22 });
      exchange.drain();
      expect(exchange.log).to.deep.equal(['cut']);
    });

    it('counts only what waits', () => {
      startFull({ bufferLimit: 22 });
      for (let n = 0; n < 10; n++) {
        emit(1, 2);
        exchange.drain(false);
      }
      expect(exchange.log).to.have.length(10);
    });

    it('tells how many events it handed over', () => {
      startFull();
      emit(1, 2);
      exchange.drain();
      emit(3);
      exchange.gone();
      expect(facts()).to.deep.equal([{ reason: 'gone', events: 2 }]);
    });

    it('sends no keep-alive before there is some', () => {
      startFull({ keepAlive: 100, stallTimeout: Infinity });
      tick(250);
      expect(exchange.log).to.deep.equal([]);
      exchange.drain();
      tick(50);
      expect(exchange.log).to.deep.equal([':␊␊']);
    });
  });

  describe('with an overflow', () => {
    const counts = () =>
      closings.map(({ events, dropped, highWaterMark }) => [events, dropped, highWaterMark]);
    const about = ({ data }: SseEvent) => String(data).charAt(0);

    for (const [name, overflow, written, handedOver] of [
      [
        "of 'drop-oldest' writes a gap, then the newest",
        'drop-oldest',
        'event: gap␊data: {"dropped":2}␊␊data: 3␊␊data: 4␊␊',
        2,
      ],
      [
        "of 'drop-newest' writes the oldest, then a gap",
        'drop-newest',
        'data: 1␊␊data: 2␊␊event: gap␊data: {"dropped":2}␊␊',
        2,
      ],
    ] as const) {
      it(name, () => {
        startFull({ overflow, bufferLimit: 22 });
        emit(1, 2, 3, 4);
        exchange.drain();
        expect(exchange.log).to.deep.equal([written]);
        exchange.gone();
        expect(counts()).to.deep.equal([[handedOver, 2, 18]]);
      });

      it(`${name}, also before the end`, () => {
        startFull({ overflow, bufferLimit: 22 });
        emit(1, 2, 3, 4);
        events$.complete();
        exchange.drain();
        expect(exchange.log).to.deep.equal([written, 'end']);
        exchange.gone();
        expect(facts()).to.deep.equal([{ reason: 'complete', events: 2 }]);
      });
    }

    it('of latestBy writes the newest of each', () => {
      startFull({ overflow: { latestBy: about }, bufferLimit: 22 });
      emit('a1', 'b1', 'a2', 'b2', 'a3');
      exchange.drain();
      expect(exchange.log).to.deep.equal(['data: b2␊␊data: a3␊␊']);
      exchange.gone();
      expect(counts()).to.deep.equal([[2, 3, 20]]);
    });

    it('of latestBy cuts off a reader that this does not help', () => {
      startFull({ overflow: { latestBy: about }, bufferLimit: 22 });
      emit('a1', 'a2', 'b1', 'c1');
      expect(exchange.log).to.deep.equal(['cut']);
      expect(facts()).to.deep.equal([{ reason: 'overflow', events: 0 }]);
    });

    it('of latestBy cuts off at an event that it throws at', () => {
      start({
        overflow: {
          latestBy: () => {
            throw new Error('mine');
          },
        },
      });
      emit('a1');
      expect(exchange.log.at(-1)).to.equal('cut');
      expect(errors.map(String)).to.deep.equal(['Error: mine']);
    });

    it('leaves out nothing of a turn while there is room', async () => {
      start({ overflow: 'drop-oldest', bufferLimit: 0 });
      emit(1, 2, 3);
      await settled();
      expect(exchange.log.slice(2)).to.deep.equal(['data: 1␊␊data: 2␊␊data: 3␊␊']);
      exchange.gone();
      expect(counts()).to.deep.equal([[3, 0, 27]]);
    });
  });

  describe('keeps alive', () => {
    it('a stream whose source is silent, again and again', () => {
      start({ keepAlive: 100 });
      tick(99);
      expect(exchange.log.slice(2)).to.deep.equal([]);
      tick(1);
      expect(exchange.log.slice(2)).to.deep.equal([':␊␊']);
      tick(100);
      expect(exchange.log.slice(2)).to.deep.equal([':␊␊', ':␊␊']);
    });

    it('a stream from its last event on', async () => {
      start({ keepAlive: 100 });
      tick(60);
      emit(1);
      await settled();
      tick(99);
      expect(exchange.log.slice(2)).to.deep.equal(['data: 1␊␊']);
      tick(1);
      expect(exchange.log.slice(2)).to.deep.equal(['data: 1␊␊', ':␊␊']);
    });

    it('no stream that is ending, and none whose reader has gone', () => {
      startFull({ keepAlive: 100, stallTimeout: Infinity });
      emit(1);
      events$.complete();
      tick(1000);
      expect(exchange.log).to.deep.equal([]);
      exchange.drain();
      tick(1000);
      expect(exchange.log).to.deep.equal(['data: 1␊␊', 'end']);
      exchange.gone();
      expect(pending()).to.equal(0);
    });

    it('many streams by one timer', () => {
      const answer = answerer({ keepAlive: 100, stallTimeout: Infinity });
      const exchanges = Array.from({ length: 100 }, () => new ScriptedExchange());
      exchanges.forEach(answer);
      tick(1000);
      expect(pending()).to.equal(1);
      for (const { log } of exchanges) expect(log).to.have.length(12);
    });

    it('no stream whose reader has gone, and remembers nothing of it', async () => {
      const answer = serve(() => NEVER);
      const goneExchange = () => {
        const other = new ScriptedExchange();
        answer(other);
        other.gone();
        return new WeakRef(other);
      };
      const forgotten = goneExchange();
      await settled();
      global.gc?.();
      expect(forgotten.deref()).to.equal(undefined);
      answer(exchange);
    });
  });

  describe('with a stallTimeout', () => {
    it('gives up a reader that has had no room for so long', () => {
      exchange.hasRoom = false;
      start({ stallTimeout: 100 });
      tick(99);
      expect(exchange.log).to.deep.equal(begun);
      tick(1);
      expect(exchange.log).to.deep.equal([...begun, 'abort']);
      expect(facts()).to.deep.equal([{ reason: 'stalled', events: 0 }]);
      expect(events$.observed).to.equal(false);
    });

    it('counts anew when there was room', () => {
      exchange.hasRoom = false;
      start({ stallTimeout: 100 });
      tick(99);
      exchange.drain();
      tick(1000);
      expect(exchange.log).to.deep.equal(begun);
    });

    it('gives up a reader that does not take the end', () => {
      start({ stallTimeout: 100 });
      events$.complete();
      tick(100);
      expect(exchange.log).to.deep.equal([...begun, 'end', 'abort']);
      expect(facts()).to.deep.equal([{ reason: 'stalled', events: 0 }]);
    });

    it('gives up a reader that had room after the end, and then takes nothing', () => {
      start({ stallTimeout: 100 });
      events$.error('mine');
      exchange.drain();
      tick(100);
      expect(exchange.log).to.deep.equal([...begun, 'cut', 'abort']);
    });

    for (const isTaken of [false, true]) {
      it(`${isTaken ? 'leaves alone' : 'gives up'} a reader that overflowed, if it ${isTaken ? 'takes' : 'does not take'} what it was handed`, () => {
        exchange.hasRoom = false;
        start({ stallTimeout: 100, bufferLimit: 0 });
        emit(1, 2);
        exchange.drain();
        if (isTaken) exchange.gone();
        tick(100);
        expect(exchange.log).to.deep.equal(isTaken ? [...begun, 'cut'] : [...begun, 'cut', 'abort']);
        expect(facts()).to.deep.equal([{ reason: 'overflow', events: 0 }]);
      });
    }

    for (const [name, act] of [
      ['completed', () => events$.complete()],
      ['failed', () => events$.error('mine')],
      ['given too much', () => emit(1, 2)],
    ] as const) {
      it(`counts from when there was no room, though the source has ${name} meanwhile`, () => {
        exchange.hasRoom = false;
        start({ stallTimeout: 100, bufferLimit: 0 });
        tick(60);
        act();
        tick(39);
        expect(exchange.log).not.to.include('abort');
        tick(1);
        expect(exchange.log.at(-1)).to.equal('abort');
      });
    }

    it('of Infinity gives a reader that overflowed 30 s to take what it was handed', () => {
      exchange.hasRoom = false;
      start({ stallTimeout: Infinity, bufferLimit: 0 });
      tick(60_000);
      emit(1, 2);
      tick(29_999);
      expect(exchange.log.at(-1)).to.equal('cut');
      tick(1);
      expect(exchange.log.at(-1)).to.equal('abort');
    });

    it('of Infinity leaves alone one that has taken it', () => {
      exchange.hasRoom = false;
      start({ stallTimeout: Infinity, bufferLimit: 0 });
      emit(1, 2);
      exchange.gone();
      tick(60_000);
      expect(exchange.log.at(-1)).to.equal('cut');
      expect(pending()).to.equal(0);
    });

    it('forgets a reader that has gone', () => {
      exchange.hasRoom = false;
      start({ stallTimeout: 100 });
      exchange.gone();
      tick(1000);
      expect(exchange.log).to.deep.equal(begun);
      expect(facts()).to.deep.equal([{ reason: 'gone', events: 0 }]);
    });

    it('of Infinity waits for ever', () => {
      exchange.hasRoom = false;
      start({ stallTimeout: Infinity, keepAlive: false });
      expect(pending()).to.equal(0);
      tick(1e6);
      expect(exchange.log).to.deep.equal(['open', ': event stream␊␊']);
    });

    it('waits 30 s unless said otherwise', () => {
      exchange.hasRoom = false;
      start();
      tick(29_999);
      expect(exchange.log).to.deep.equal(begun);
      tick(1);
      expect(exchange.log).to.deep.equal([...begun, 'abort']);
    });
  });
});
