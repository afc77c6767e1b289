import { expect } from 'chai';
import { Readable } from 'node:stream';
import { BehaviorSubject, take, tap, type Observable, type Subscription } from 'rxjs';
import { pullByRoom, type Pullable } from '../../src/server/pullByRoom.js';
import { unhandledRejections } from '../support/uncaught.js';
import { settled } from '../support/virtualTime.js';

/** What a source is made to do each time that it is asked: to give the next number, or else. */
interface Script {
  /** How many it gives before it is done, or fails. */
  readonly count?: number;
  readonly error?: Error;
  readonly leave?: () => unknown;
}

interface Scripted {
  readonly source: Pullable<number>;
  /** What was asked of it. */
  readonly log: readonly string[];
}

describe('pullByRoom', () => {
  let hasRoom$: BehaviorSubject<boolean>;
  let log: unknown[];
  let late: unknown[];
  let subscription: Subscription;

  beforeEach(() => {
    hasRoom$ = new BehaviorSubject(true);
    log = [];
    late = [];
  });
  afterEach(() => subscription.unsubscribe());

  const pull = <T>(source: Pullable<T>, operate = (events$: Observable<T>): Observable<T> => events$) => {
    subscription = operate(pullByRoom(source, hasRoom$, error => late.push(error))).subscribe({
      next: value => log.push(value),
      error: error => log.push(String(error)),
      complete: () => log.push('complete'),
    });
  };

  const kinds: Readonly<Record<string, (script?: Script) => Scripted>> = {
    'an iterable': iterable,
    'an async iterable': asyncIterable,
    'a ReadableStream': readableStream,
  };
  for (const [name, scripted] of Object.entries(kinds)) {
    describe(`from ${name}`, () => {
      it('gives all that there is, then completes', async () => {
        const { source, log: asked } = scripted({ count: 3 });
        pull(source);
        await settled();
        expect(log).to.deep.equal([0, 1, 2, 'complete']);
        expect(asked).to.deep.equal(['next', 'next', 'next', 'next']);
      });

      it('completes where there is nothing', async () => {
        pull(scripted({ count: 0 }).source);
        await settled();
        expect(log).to.deep.equal(['complete']);
      });

      it('asks for nothing while there is no room', async () => {
        const { source, log: asked } = scripted();
        hasRoom$.next(false);
        pull(source);
        await settled();
        expect(asked).to.deep.equal([]);
      });

      it('asks for no more once there is no room, and again when there is', async () => {
        const { source, log: asked } = scripted({ count: 4 });
        pull(source, events$ => events$.pipe(fillAt(1)));
        await settled();
        expect(log).to.deep.equal([0, 1]);
        expect(asked).to.deep.equal(['next', 'next']);
        hasRoom$.next(true);
        await settled();
        expect(log).to.deep.equal([0, 1, 2, 3, 'complete']);
      });

      it('does not take it for room when it is told again that there is none', async () => {
        const { source, log: asked } = scripted();
        hasRoom$.next(false);
        pull(source);
        await settled();
        hasRoom$.next(false);
        await settled();
        expect(asked).to.deep.equal([]);
      });

      it('asks for nothing if room that there was is gone again a moment later', async () => {
        const { source, log: asked } = scripted();
        hasRoom$.next(false);
        pull(source);
        await settled();
        hasRoom$.next(true);
        hasRoom$.next(false);
        await settled();
        expect(asked).to.deep.equal([]);
      });

      it('asks for nothing if there is no room left when others have had their turn', async () => {
        const { source, log: asked } = scripted();
        let askedInTime = 0;
        setImmediate(() => {
          hasRoom$.next(false);
          askedInTime = asked.length;
        });
        pull(source);
        await settled();
        await settled();
        expect(askedInTime).to.be.greaterThan(0);
        expect(asked).to.have.length(askedInTime);
      });

      for (const count of [0, 2]) {
        it(`errors when it fails ${count === 0 ? 'at first' : 'later'}`, async () => {
          const { source, log: asked } = scripted({ count, error: new Error('mine') });
          pull(source);
          await settled();
          expect(log.at(-1)).to.equal('Error: mine');
          expect(asked).not.to.include('leave');
          expect(late).to.deep.equal([]);
        });
      }

      it('leaves it once, and asks no more, when it is unsubscribed from', async () => {
        const { source, log: asked } = scripted({ count: 5 });
        pull(source, events$ => events$.pipe(fillAt(0)));
        await settled();
        subscription.unsubscribe();
        subscription.unsubscribe();
        await settled();
        hasRoom$.next(true);
        await settled();
        expect(asked).to.deep.equal(['next', 'leave']);
        expect(log).to.deep.equal([0]);
      });

      it('leaves it while it waits for room', async () => {
        const { source, log: asked } = scripted();
        hasRoom$.next(false);
        pull(source);
        await settled();
        subscription.unsubscribe();
        hasRoom$.complete();
        await settled();
        expect(asked).to.deep.equal(['leave']);
        expect(late).to.deep.equal([]);
      });

      it('leaves it when no more are wanted', async () => {
        const { source, log: asked } = scripted();
        pull(source, events$ => events$.pipe(take(2)));
        await settled();
        expect(log).to.deep.equal([0, 1, 'complete']);
        expect(asked).to.deep.equal(['next', 'next', 'leave']);
      });

      it('does not leave what is done', async () => {
        const { source, log: asked } = scripted({ count: 1 });
        pull(source);
        await settled();
        subscription.unsubscribe();
        await settled();
        expect(asked).not.to.include('leave');
      });

      it('leaves what is unsubscribed from before it is read', async () => {
        const { source, log: asked } = scripted();
        pull(source, events$ => events$.pipe(take(0)));
        await settled();
        expect(asked).not.to.include('next');
      });

      it('tells of a failure to leave, and nobody else', async () => {
        const mine = new Error('mine');
        const { source } = scripted({
          leave: () => {
            throw mine;
          },
        });
        const rejections = await unhandledRejections(async () => {
          pull(source, events$ => events$.pipe(take(1)));
          await settled();
        });
        expect(rejections).to.deep.equal([]);
        expect(late).to.deep.equal([mine]);
        expect(log).to.deep.equal([0, 'complete']);
      });

      it('lets others have their turn, although it always has something', async () => {
        pull(scripted().source);
        await settled();
        subscription.unsubscribe();
        expect(log.length).to.be.greaterThan(100);
      });
    });
  }

  describe('from an iterable', () => {
    it('gives all within the call of subscribe', () => {
      pull([0, 1, 2]);
      expect(log).to.deep.equal([0, 1, 2, 'complete']);
    });

    it('completes within the call of subscribe, if it is empty', () => {
      pull([]);
      expect(log).to.deep.equal(['complete']);
    });

    it('errors within the call of subscribe', () => {
      pull(iterable({ count: 1, error: new Error('mine') }).source);
      expect(log).to.deep.equal([0, 'Error: mine']);
    });

    it('stops within the call of subscribe', () => {
      const { source, log: asked } = iterable();
      pull(source, events$ => events$.pipe(take(3)));
      expect(log).to.deep.equal([0, 1, 2, 'complete']);
      expect(asked).to.deep.equal(['next', 'next', 'next', 'leave']);
    });

    it('errors if it cannot be iterated over', () => {
      pull<number>({
        [Symbol.iterator]: () => {
          throw new Error('mine');
        },
      });
      expect(log).to.deep.equal(['Error: mine']);
    });

    it('needs no `return` to leave it by', () => {
      pull<number>({ [Symbol.iterator]: () => ({ next: () => ({ done: false, value: 0 }) }) }, events$ =>
        events$.pipe(take(1)),
      );
      expect(log).to.deep.equal([0, 'complete']);
      expect(late).to.deep.equal([]);
    });
  });

  describe('from a generator', () => {
    let finalized: string[];

    beforeEach(() => {
      finalized = [];
    });

    const numbers = function* () {
      try {
        for (let n = 0; ; n++) yield n;
      } finally {
        finalized.push('finally');
      }
    };
    const asyncNumbers = async function* (wait: () => Promise<unknown>) {
      try {
        for (let n = 0; ; n++) {
          await wait();
          yield n;
        }
      } finally {
        finalized.push('finally');
      }
    };

    it('runs its `finally` when it is left', () => {
      pull(numbers(), events$ => events$.pipe(take(2)));
      expect(finalized).to.deep.equal(['finally']);
    });

    it('runs its `finally` when it is left while it waits for room', async () => {
      pull(asyncNumbers(settled), events$ => events$.pipe(fillAt(0)));
      await settled();
      await settled();
      expect(log).to.deep.equal([0]);
      subscription.unsubscribe();
      await settled();
      expect(finalized).to.deep.equal(['finally']);
    });

    it('runs its `finally` when what it waits for comes, after it was left', async () => {
      let goOn: () => void = () => undefined;
      pull(asyncNumbers(() => new Promise<void>(resolve => (goOn = resolve))));
      subscription.unsubscribe();
      await settled();
      expect(finalized).to.deep.equal([]);
      goOn();
      await settled();
      expect(finalized).to.deep.equal(['finally']);
      expect(log).to.deep.equal([]);
    });

    it('tells of what it fails with once it was left', async () => {
      const mine = new Error('mine');
      let fail: (error: Error) => void = () => undefined;
      pull(asyncNumbers(() => new Promise((_, reject) => (fail = reject))));
      subscription.unsubscribe();
      const rejections = await unhandledRejections(async () => {
        fail(mine);
        await settled();
      });
      expect(late).to.deep.equal([mine]);
      expect(rejections).to.deep.equal([]);
      expect(log).to.deep.equal([]);
    });

    it('tells of what its `finally` fails with', async () => {
      const mine = new Error('mine');
      const failing = async function* () {
        try {
          yield await Promise.resolve(0);
        } finally {
          await Promise.reject(mine);
        }
      };
      pull(failing(), events$ => events$.pipe(take(1)));
      await settled();
      expect(late).to.deep.equal([mine]);
    });
  });

  describe('from a ReadableStream', () => {
    it('cancels it at once, also while it is being read', async () => {
      const asked: string[] = [];
      pull(new ReadableStream<number>({ cancel: () => void asked.push('cancel') }, { highWaterMark: 0 }));
      await settled();
      subscription.unsubscribe();
      expect(asked).to.deep.equal(['cancel']);
      await settled();
      expect(log).to.deep.equal([]);
      expect(late).to.deep.equal([]);
    });

    it('errors if somebody else reads it', () => {
      const stream = new ReadableStream<number>();
      stream.getReader();
      pull(stream);
      expect(log).to.have.length(1);
      expect(log[0]).to.match(/^TypeError.*locked/);
    });

    it('errors when the stream does while there is no room, as soon as it is read', async () => {
      let controller: ReadableStreamDefaultController<number> | undefined;
      hasRoom$.next(false);
      pull(new ReadableStream<number>({ start: own => void (controller = own) }));
      controller?.error(new Error('mine'));
      await settled();
      expect(log).to.deep.equal([]);
      hasRoom$.next(true);
      await settled();
      expect(log).to.deep.equal(['Error: mine']);
    });
  });

  describe('from a Readable of Node', () => {
    const readable = (count: number) => {
      let read = 0;
      return new Readable({
        objectMode: true,
        highWaterMark: 1,
        read() {
          this.push(read < count ? { n: read++ } : null);
        },
      });
    };

    it('gives all that there is, then completes', async () => {
      pull<unknown>(readable(3));
      for (let n = 0; n < 5; n++) await settled();
      expect(log).to.deep.equal([{ n: 0 }, { n: 1 }, { n: 2 }, 'complete']);
    });

    it('lets it wait while there is no room', async () => {
      hasRoom$.next(false);
      const source = readable(100);
      pull<unknown>(source);
      for (let n = 0; n < 5; n++) await settled();
      expect(log).to.deep.equal([]);
      hasRoom$.next(true);
      for (let n = 0; n < 5; n++) await settled();
      expect(log).to.have.length.greaterThan(0);
    });

    it('errors when it does', async () => {
      const source = readable(0);
      source.destroy(new Error('mine'));
      source.on('error', () => undefined);
      pull<unknown>(source);
      await settled();
      expect(log).to.deep.equal(['Error: mine']);
    });

    it('destroys it when it is left', async () => {
      const source = readable(Infinity);
      pull<unknown>(source, events$ => events$.pipe(take(1)));
      await settled();
      await settled();
      expect(source.destroyed).to.equal(true);
      expect(late).to.deep.equal([]);
    });

    it('destroys it when it is left while there is nothing to read', async () => {
      const source = new Readable({ objectMode: true, read: () => undefined });
      pull<unknown>(source);
      await settled();
      subscription.unsubscribe();
      await settled();
      expect(source.destroyed).to.equal(true);
    });
  });

  it('leaves a generator that is running when it is left, as soon as it gives back', async () => {
    const log: string[] = [];
    const generator = (function* () {
      try {
        yield 1;
        subscription.unsubscribe();
        log.push('left');
        yield 2;
        log.push('asked again');
      } finally {
        log.push('finally');
      }
    })();
    hasRoom$.next(false);
    pull<unknown>(generator);
    hasRoom$.next(true);
    await settled();
    expect(log).to.deep.equal(['left', 'finally']);
    expect(late).to.deep.equal([]);
  });

  /** Has no more room from that value on. */
  function fillAt(value: number) {
    return (events$: Observable<number>) =>
      events$.pipe(tap(given => given === value && hasRoom$.next(false)));
  }
});

/** Numbers from 0 on, as the script says, and what is asked of them. */
function stepper({ count = Infinity, error }: Script) {
  const log: string[] = [];
  let value = 0;
  return {
    log,
    step: (): IteratorResult<number, undefined> => {
      log.push('next');
      if (value < count) return { done: false, value: value++ };
      if (error) throw error;
      return { done: true, value: undefined };
    },
  };
}

function iterable(script: Script = {}): Scripted {
  const { log, step } = stepper(script);
  const leave = () => {
    log.push('leave');
    script.leave?.();
    return { done: true, value: undefined } as const;
  };
  return { log, source: { [Symbol.iterator]: () => ({ next: step, return: leave }) } };
}

function asyncIterable(script: Script = {}): Scripted {
  const { log, step } = stepper(script);
  const later = <T>(act: () => T) => Promise.resolve().then(act);
  const leave = () => {
    log.push('leave');
    return later(() => {
      script.leave?.();
      return { done: true, value: undefined } as const;
    });
  };
  return { log, source: { [Symbol.asyncIterator]: () => ({ next: () => later(step), return: leave }) } };
}

function readableStream(script: Script = {}): Scripted {
  const { log, step } = stepper(script);
  const source = new ReadableStream<number>(
    {
      pull(controller) {
        const result = step();
        if (result.done) controller.close();
        else controller.enqueue(result.value);
      },
      cancel() {
        log.push('leave');
        script.leave?.();
      },
    },
    { highWaterMark: 0 },
  );
  return { log, source };
}
