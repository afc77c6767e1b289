import { expect } from 'chai';
import { concat, EMPTY, NEVER, of, Subject, throwError } from 'rxjs';
import type { SseEvent } from '../../src/index.js';
import {
  serve,
  type Exchange,
  type SseProject,
  type SseStreamClosing,
  type ToSseConfig,
} from '../../src/server/index.js';
import { virtualTime } from '../support/virtualTime.js';

/** An exchange that writes down what it is asked, and has room while it is told so. */
class ScriptedExchange implements Exchange {
  readonly request = 'the request';
  readonly response = 'the response';
  readonly isHead = false;
  readonly lastEventId = undefined;
  isGone = false;
  hasRoom = true;
  readonly log: string[] = [];
  #listener: Parameters<Exchange['listen']>[0] | undefined;

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
  fail(error: unknown) {
    this.log.push(`fail ${String(error)}`);
  }
  drain() {
    this.#listener?.drain();
  }
  gone() {
    this.isGone = true;
    this.#listener?.gone(this.log.includes('end'));
  }
}

describe('serve', () => {
  let exchange: ScriptedExchange;
  let events$: Subject<SseEvent>;
  let closings: SseStreamClosing[];
  let errors: unknown[];

  beforeEach(() => {
    exchange = new ScriptedExchange();
    events$ = new Subject();
    closings = [];
    errors = [];
  });
  // Keep-alives that a failed spec left behind.
  afterEach(() => exchange.gone());

  const start = (config: ToSseConfig = {}, project: SseProject<unknown> = () => events$) =>
    serve(project, {
      errorObserver: error => errors.push(error),
      closeObserver: closing => closings.push(closing),
      ...config,
    })(exchange);
  const emit = (...data: readonly unknown[]) => {
    for (const each of data) events$.next({ data: each });
  };
  const turn = () => new Promise(setImmediate);
  const facts = () => closings.map(({ reason, events }) => ({ reason, events }));
  const begun = ['open', ': keep-alive 15000␊␊'];

  it('announces a keep-alive only if there is one', () => {
    start({ keepAlive: false });
    expect(exchange.log).to.deep.equal(['open', ': event stream␊␊']);
  });

  it('answers a project that is undecided with nothing', async () => {
    start({}, () => new Promise(() => undefined));
    await turn();
    expect(exchange.log).to.deep.equal([]);
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
      expect(closings).to.have.length(log[0] === 'open' ? 1 : 0);
    });
  }

  it('ends the response once, although events of the same turn were still to be written', async () => {
    start();
    emit(1);
    events$.complete();
    await turn();
    exchange.drain();
    expect(exchange.log).to.deep.equal([...begun, 'data: 1␊␊', 'end']);
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
      await turn();
      exchange.drain();
      expect(exchange.log).to.deep.equal([...begun, 'cut']);
    });
  });

  describe('to a reader without room', () => {
    /** What it had no room for any more is the beginning of the stream. */
    const startFull = (config?: ToSseConfig) => {
      exchange.hasRoom = false;
      start(config);
      exchange.log.length = 0;
    };

    it('writes nothing, and all that waits at once as soon as there is room', async () => {
      startFull();
      emit(1, 2);
      await turn();
      emit(3);
      await turn();
      expect(exchange.log).to.deep.equal([]);

      exchange.hasRoom = true;
      exchange.drain();
      emit(4);
      await turn();
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
      exchange.drain();
      expect(exchange.log).to.deep.equal(['cut']);
    });

    it('counts only what waits', () => {
      startFull({ bufferLimit: 22 });
      for (let n = 0; n < 10; n++) {
        emit(1, 2);
        exchange.drain();
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

    it('sends no keep-alive', async () => {
      startFull({ keepAlive: 5 });
      await silence();
      expect(exchange.log).to.deep.equal([]);
    });
  });

  describe('keeps alive', () => {
    it('a stream whose source is silent', async () => {
      start({ keepAlive: 5 });
      await silence();
      expect(exchange.log.slice(2, 4)).to.deep.equal([':␊␊', ':␊␊']);
    });

    it('no stream that is ending, and none whose reader has gone', async () => {
      start({ keepAlive: 5 });
      events$.complete();
      await silence();
      expect(exchange.log.slice(2)).to.deep.equal(['end']);
      exchange.gone();
      await silence();
      expect(exchange.log.slice(2)).to.deep.equal(['end']);
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
      await new Promise(setImmediate);
      global.gc?.();
      expect(forgotten.deref()).to.equal(undefined);
      answer(exchange);
    });
  });

  describe('with a stallTimeout', () => {
    const { tick } = virtualTime();
    const run = (test: (wait: (milliseconds: number) => void) => void) => test(tick);

    it('gives up a reader that has had no room for so long', () => {
      run(wait => {
        exchange.hasRoom = false;
        start({ stallTimeout: 100 });
        wait(99);
        expect(exchange.log).to.deep.equal(begun);
        wait(1);
        expect(exchange.log).to.deep.equal([...begun, 'abort']);
        expect(facts()).to.deep.equal([{ reason: 'stalled', events: 0 }]);
        expect(events$.observed).to.equal(false);
      });
    });

    it('counts anew when there was room', () => {
      run(wait => {
        exchange.hasRoom = false;
        start({ stallTimeout: 100 });
        wait(99);
        exchange.hasRoom = true;
        exchange.drain();
        wait(1000);
        expect(exchange.log).to.deep.equal(begun);
      });
    });

    it('gives up a reader that does not take the end', () => {
      run(wait => {
        start({ stallTimeout: 100 });
        events$.complete();
        wait(100);
        expect(exchange.log).to.deep.equal([...begun, 'end', 'abort']);
        expect(facts()).to.deep.equal([{ reason: 'stalled', events: 0 }]);
      });
    });

    it('gives up a reader that had room after the end, and then takes nothing', () => {
      run(wait => {
        start({ stallTimeout: 100 });
        events$.error('mine');
        exchange.drain();
        wait(100);
        expect(exchange.log).to.deep.equal([...begun, 'cut', 'abort']);
      });
    });

    it('gives up a reader that overflowed, if it does not take what it was handed', () => {
      for (const isTaken of [false, true]) {
        run(wait => {
          exchange = new ScriptedExchange();
          exchange.hasRoom = false;
          start({ stallTimeout: 100, bufferLimit: 0 });
          emit(1, 2);
          exchange.drain();
          if (isTaken) exchange.gone();
          wait(100);
          expect(exchange.log).to.deep.equal(isTaken ? [...begun, 'cut'] : [...begun, 'cut', 'abort']);
        });
      }
      expect(facts()).to.deep.equal([
        { reason: 'overflow', events: 0 },
        { reason: 'overflow', events: 0 },
      ]);
    });

    it('forgets a reader that has gone', () => {
      run(wait => {
        exchange.hasRoom = false;
        start({ stallTimeout: 100 });
        exchange.gone();
        wait(1000);
        expect(exchange.log).to.deep.equal(begun);
        expect(facts()).to.deep.equal([{ reason: 'gone', events: 0 }]);
      });
    });

    it('of Infinity waits for ever', () => {
      run(wait => {
        exchange.hasRoom = false;
        start({ stallTimeout: Infinity });
        wait(1e9);
        expect(exchange.log).to.deep.equal(begun);
      });
    });

    it('waits 30 s unless said otherwise', () => {
      run(wait => {
        exchange.hasRoom = false;
        start();
        wait(29_999);
        expect(exchange.log).to.deep.equal(begun);
        wait(1);
        expect(exchange.log).to.deep.equal([...begun, 'abort']);
      });
    });
  });

  /** Long enough for the keep-alive of another stream, begun just now, to have come twice. */
  function silence(): Promise<void> {
    const other = new ScriptedExchange();
    return new Promise(resolve => {
      other.write = () => {
        if (other.log.push('write') === 3) resolve(other.gone());
        return true;
      };
      other.open = () => undefined;
      serve(() => NEVER, { keepAlive: 5 })(other);
    });
  }
});
