import { expect } from 'chai';
import { createHook } from 'node:async_hooks';
import { NEVER, Subject } from 'rxjs';
import type { SseEvent } from '../src/index.js';
import {
  serve,
  type Exchange,
  type ExchangeListener,
  type SseSource,
  type ToSseConfig,
} from '../src/server/index.js';
import { memoryInUse } from './support/memoryInUse.js';

describe('many streams at once', () => {
  let exchanges: ScriptedExchange[];
  beforeEach(() => (exchanges = []));
  afterEach(leaveAll);

  const open = (count: number, source: SseSource, hasRoom = true) => {
    const opened = Array.from({ length: count }, () => new ScriptedExchange(hasRoom));
    exchanges.push(...opened);
    opened.forEach(serve(() => source, { ...everyTimeout, random: inTurn() }));
  };
  const turn = () => new Promise(setImmediate);

  function leaveAll() {
    for (const exchange of exchanges) exchange.leave();
    exchanges = [];
  }

  describe('that are idle', () => {
    for (const [readers, hasRoom] of [
      ['keep up', true],
      ['have no room', false],
    ] as const) {
      it(`share their timers, where the readers ${readers}`, async () => {
        const few = timersMadeBy(() => open(100, NEVER, hasRoom));
        const many = timersMadeBy(() => open(10_000, NEVER, hasRoom));
        expect(many.left()).to.equal(few.left()).and.to.be.greaterThan(0);
        leaveAll();
        await turn();
        expect([few.left(), many.left()]).to.deep.equal([0, 0]);
      });
    }

    it('do not keep the process alive', () => {
      const count = () => process.getActiveResourcesInfo().filter(type => type === 'Timeout').length;
      const before = count();
      open(1000, NEVER);
      expect(count()).to.equal(before);
    });

    it('take less than 8 kB of memory each, and give it back', async () => {
      const source = new Subject<SseEvent>();
      // What is made once, however many there are.
      open(1000, source);
      leaveAll();

      const before = await memoryInUse();
      open(10_000, source);
      const taken = (await memoryInUse()) - before;
      expect(taken / 10_000).to.be.lessThan(8000);

      leaveAll();
      const left = (await memoryInUse()) - before;
      expect(left / 10_000).to.be.lessThan(200);
    }).timeout(30_000);
  });

  describe('of one source', () => {
    it('are written once a turn each', async () => {
      const events$ = new Subject<SseEvent>();
      open(1000, events$);
      for (const exchange of exchanges) exchange.writes.length = 0;

      for (const n of [1, 2, 3]) events$.next({ data: n });
      await turn();
      const text = 'data: 1\n\ndata: 2\n\ndata: 3\n\n';
      for (const { writes } of exchanges) expect(writes.map(textOf)).to.deep.equal([text]);
    });

    it('get the bytes of an event that is encoded once for all of them, frozen or not', async () => {
      let encodings = 0;
      const events$ = new Subject<SseEvent>();
      open(1000, events$);
      for (const exchange of exchanges) exchange.writes.length = 0;

      const data = Object.freeze({ toJSON: () => `encoding ${++encodings}` });
      events$.next(Object.freeze({ type: 'tick', id: '1', data }));
      await turn();
      const [first] = exchanges;
      expect(first?.writes.map(textOf)).to.deep.equal(['event: tick\nid: 1\ndata: "encoding 1"\n\n']);
      const [bytes] = first?.writes ?? [];
      for (const { writes } of exchanges) expect(writes.length === 1 && writes[0] === bytes).to.equal(true);
    });
  });
});

/** An exchange that keeps what is written, and takes it or not. */
class ScriptedExchange implements Exchange {
  readonly request = 'the request';
  readonly response = 'the response';
  readonly isHead = false;
  readonly lastEventId = undefined;
  isGone = false;
  writes: Uint8Array[] = [];
  readonly #hasRoom: boolean;
  #listener: ExchangeListener | undefined;

  constructor(hasRoom: boolean) {
    this.#hasRoom = hasRoom;
  }
  listen(listener: ExchangeListener) {
    this.#listener = listener;
  }
  open() {
    return;
  }
  write(bytes: Uint8Array) {
    this.writes.push(bytes);
    return this.#hasRoom;
  }
  end() {
    return;
  }
  cut() {
    return;
  }
  abort() {
    return;
  }
  respond() {
    return;
  }
  leave() {
    this.isGone = true;
    this.#listener?.gone(false);
    this.#listener = undefined;
  }
}

const everyTimeout: ToSseConfig = { keepAlive: 60_000, stallTimeout: 60_000, maxDuration: 60_000 };

/** Numbers from 0 up to 1, so that a hundred streams have every lifetime that there is. */
function inTurn(): () => number {
  let count = 0;
  return () => (count++ % 100) / 100;
}

/** The timers that are made while it acts, and not cleared, whether they keep the process alive or not. */
function timersMadeBy(act: () => void) {
  const timers = new Set<number>();
  let isActing = true;
  const hook = createHook({
    init: (id, type) => isActing && type === 'Timeout' && timers.add(id),
    destroy: id => timers.delete(id),
  }).enable();
  act();
  isActing = false;
  return {
    left: () => {
      if (timers.size === 0) hook.disable();
      return timers.size;
    },
  };
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
