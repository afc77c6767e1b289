import { expect } from 'chai';
import { from, of, Subject } from 'rxjs';
import { SseOverflowError, type SseEvent } from '../../../src/index.js';
import type { ToSseConfig } from '../../../src/server/index.js';
import type { Outcome } from '../../support/connection.js';
import { bytes, decode } from '../../support/decode.js';
import { settled } from '../../support/virtualTime.js';
import { begun, wholeBody, type Stage } from './stage.js';

export function lagging({ serve, read, closing }: Stage): void {
  const large = 'x'.repeat(100_000);

  /** A reader that does not read, of a source that nothing slows. */
  const lag = async (config: ToSseConfig) => {
    const events$ = new Subject<SseEvent>();
    await serve(() => events$, config);
    const lagger = read();
    await lagger.until(begun);
    lagger.pause();
    return { events$, lagger };
  };
  /** Emits, an event in each turn, until nobody wants them any more, and gives their number. */
  const emitAll = async (events$: Subject<SseEvent>) => {
    let emitted = 0;
    while (events$.observed) {
      events$.next({ data: large, id: String(emitted++) });
      await settled();
    }
    return emitted;
  };
  const idsOf = (body: string) => decode([bytes(body)]).events.map(({ lastEventId }) => Number(lastEventId));
  const upTo = (last: number) => Array.from({ length: last }, (_, n) => n + 1);

  it('is cut off once more than the limit waits for it, and told of', async () => {
    const { events$ } = await lag({ bufferLimit: 250_000 });
    const closed = closing();
    const emitted = await emitAll(events$);
    const { reason, error, events, bytes } = await closed;
    expect(reason).to.equal('overflow');
    expect(error).to.be.instanceOf(SseOverflowError).and.include({ bufferLimit: 250_000 });
    // Two wait, and the one that was too much came after them.
    expect(events).to.equal(emitted - 3);
    expect(bytes).to.be.within(events * large.length, events * (large.length + 100) + 100);
  });

  it('has 1 MiB of room unless said otherwise', async () => {
    const { events$ } = await lag({});
    const closed = closing();
    const emitted = await emitAll(events$);
    const { error, events } = await closed;
    expect(error).to.include({ bufferLimit: 1_048_576 });
    expect(emitted - events).to.equal(11);
  });

  it('is no burden to the others', async () => {
    const { events$ } = await lag({ bufferLimit: 250_000 });
    const other = read();
    await other.until(begun);
    const closed = closing();
    const over = closed.then(() => true);
    for (let n = 0; !(await Promise.race([over, Promise.resolve(false)])); n++) {
      events$.next({ data: large, id: `<${n}>` });
      await other.until(`id: <${n}>\n`);
    }
    expect(await closed).to.include({ reason: 'overflow' });
    expect(events$.observed).to.equal(true);
  });

  it('gets a single event that is larger than the limit, if it reads', async () => {
    await serve(() => of({ data: large }, { data: 'a' }), { bufferLimit: 1000 });
    expect(await wholeBody(read())).to.equal(`${begun}data: ${large}\n\ndata: a\n\n`);
  });

  it('has what was handed over when it is cut off within a turn, so that it gets on', async () => {
    const events = upTo(50).map(id => ({ data: large, id: String(id) }));
    await serve((_, { lastEventId = '0' }) => from(events.slice(Number(lastEventId))), {
      bufferLimit: 1_000_000,
    });
    const ids: number[] = [];
    for (let outcome: Outcome = 'cut'; outcome === 'cut';) {
      const { over, body } = read({ headers: { 'Last-Event-ID': String(ids.length) } });
      outcome = await over();
      const more = idsOf(body());
      expect(more).not.to.deep.equal([]);
      ids.push(...more);
    }
    expect(ids).to.deep.equal(upTo(50));
  });

  it('is cut off when it takes nothing for too long', async () => {
    const { events$, lagger } = await lag({ bufferLimit: Infinity, stallTimeout: 50 });
    const closed = closing();
    // More than the buffers of both ends hold.
    for (let n = 0; n < 100; n++) events$.next({ data: large });
    expect(await closed).to.include({ reason: 'stalled' });
    expect(events$.observed).to.equal(false);
    lagger.resume();
    expect(await lagger.over()).to.equal('cut');
  });

  it('is cut off also when all is written and it does not take the rest', async () => {
    const { events$, lagger } = await lag({ bufferLimit: Infinity, stallTimeout: 50 });
    const closed = closing();
    events$.next({ data: large.repeat(100) });
    await settled();
    events$.complete();
    expect(await closed).to.include({ reason: 'stalled' });
    lagger.resume();
    expect(await lagger.over()).to.equal('cut');
  });

  it('gets everything once it reads again, though the source has completed', async () => {
    const { events$, lagger } = await lag({ bufferLimit: Infinity, stallTimeout: Infinity });
    const closed = closing();
    for (const id of upTo(100)) {
      events$.next({ data: large, id: String(id) });
      if (id % 10 === 0) await settled();
    }
    events$.complete();
    lagger.resume();
    expect(idsOf(await wholeBody(lagger))).to.deep.equal(upTo(100));
    expect(await closed).to.include({ reason: 'complete', events: 100 });
  });
}
