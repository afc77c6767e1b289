import { expect } from 'chai';
import { SseLogError } from '../../../src/event-stream/index.js';
import type { LogConfig } from '../../../src/log/index.js';
import { append, appendAtOnce, gap, numbers, type LogStage } from './stage.js';

export function gaps({ create, read, keepsExactly, laterThan }: LogStage): void {
  /** A log of a thousand numbers, of which it was to keep the last hundred. */
  const trimmed = async (config: LogConfig = {}) => {
    const log = await create({ maxEvents: 100, ...config });
    const ids = await appendAtOnce(log, numbers(1000));
    return { log, ids };
  };

  it('keeps as many events as it is told to', async () => {
    const { log } = await trimmed({ from: 'earliest' });
    const reader = read(log);
    await reader.until(100);
    while (reader.data.at(-1) !== 999) await reader.until(reader.data.length + 1);
    const kept = reader.data.length;
    expect(reader.data).to.deep.equal(numbers(kept, 1000 - kept));
    expect(kept).to.be.at.most(keepsExactly ? 100 : 200);
  });

  it('says that they were trimmed, and goes on from the earliest that is kept', async () => {
    const { log, ids } = await trimmed({ from: 'earliest' });
    const earliest = read(log);
    const [first] = await earliest.until(1);
    const reader = read(log, ids[0]);
    const [told, ...rest] = await reader.until(1001 - Number(first));
    expect(told).to.deep.equal(gap('trimmed'));
    expect(rest).to.deep.equal(numbers(1000 - Number(first), Number(first)));
    expect(reader.events[0]).to.deep.include({ type: 'gap' });
  });

  it('says nothing where none are', async () => {
    const { log, ids } = await trimmed();
    expect(await read(log, ids[900]).until(99)).to.deep.equal(numbers(99, 901));
  });

  it('loses nothing of what is kept, nor gives it twice, wherever a reader comes back to', async () => {
    const { log, ids } = await trimmed({ from: 'earliest' });
    const first = Number((await read(log).until(1))[0]);
    for (const n of numbers(20, first - 10)) {
      const hasLost = n + 1 < first;
      const due = hasLost ? numbers(1000 - first, first) : numbers(999 - n, n + 1);
      const reader = read(log, ids[n]);
      await reader.until(due.length);
      // The very first of them may be a place that cannot be proven any more.
      while (reader.data.at(-1) !== 999) await reader.until(reader.data.length + 1);
      const events = reader.data.filter(each => typeof each === 'number');
      expect(events).to.deep.equal(due);
      const told = reader.data.slice(0, reader.data.length - events.length);
      if (hasLost) expect(told).to.deep.equal([gap('trimmed')]);
      else if (n >= first) expect(told).to.deep.equal([]);
      else expect(told).to.be.deep.oneOf([[], [gap('trimmed')]]);
    }
  });

  it('says that the id is of another incarnation', async () => {
    const [id] = await append(await create(), 'a', 'b');
    const log = await create();
    await append(log, 'c');
    expect(await read(log, id).until(2)).to.deep.equal([gap('reset'), 'c']);
  });

  it('says that the id is of the future', async () => {
    const log = await create();
    const [id = ''] = await append(log, 'a');
    expect(await read(log, laterThan(id)).until(2)).to.deep.equal([gap('future'), 'a']);
  });

  for (const id of ['', 'x', '1', '-1', '9'.repeat(30), 'é', 'a.b.c', '../..', "'; --", '0-0\0', ' ']) {
    it(`says that ${JSON.stringify(id)} is no id of a log`, async () => {
      const log = await create();
      await append(log, 'a');
      expect(await read(log, id).until(2)).to.deep.equal([gap('invalid'), 'a']);
    });
  }

  it('says so of an id of its own that was cut or added to', async () => {
    const log = await create();
    const [id = ''] = await append(log, 'a');
    for (const forged of [`${id}x`, ` ${id}`, `${id} `, `x${id}`, id.slice(0, 3)]) {
      const reader = read(log, forged);
      expect(await reader.until(2)).to.deep.equal([gap('invalid'), 'a']);
      reader.leave();
    }
  });

  it('gives the gap an id to come back to, without another gap', async () => {
    const { log, ids } = await trimmed();
    const reader = read(log, ids[0]);
    await reader.until(10);
    const [told] = reader.events;
    const again = read(log, told?.id);
    await again.until(9);
    const [, ...rest] = reader.data.slice(0, 10);
    expect(again.data.slice(0, 9)).to.deep.equal(rest);
  });

  it('tells a reader in an empty log, too, and gives it what comes', async () => {
    const log = await create();
    const reader = read(log, 'x');
    expect(await reader.until(1)).to.deep.equal([gap('invalid')]);
    const again = read(log, reader.events[0]?.id);
    await append(log, 'a');
    expect(await reader.until(2)).to.deep.equal([gap('invalid'), 'a']);
    expect(await again.until(1)).to.deep.equal(['a']);
  });

  it('goes on with the next one, if told to, and the id of the gap leads there', async () => {
    const { log, ids } = await trimmed({ onGap: 'latest' });
    const reader = read(log, ids[0]);
    await reader.until(1);
    await append(log, 'next');
    expect(await reader.until(2)).to.deep.equal([gap('trimmed'), 'next']);
    expect(await read(log, reader.events[0]?.id).until(1)).to.deep.equal(['next']);
  });

  it('errors, if told to, in place of the gap', async () => {
    const { log, ids } = await trimmed({ onGap: 'error' });
    for (const [id, reason] of [
      [ids[0], 'trimmed'],
      ['x', 'invalid'],
    ] as const) {
      const reader = read(log, id);
      const error = await reader.over;
      expect(error).to.be.instanceOf(SseLogError);
      expect(error).to.include({ reason: 'gap', gap: reason });
      expect(reader.events).to.deep.equal([]);
    }
    expect(await read(log, ids[990]).until(9)).to.deep.equal(numbers(9, 991));
  });
}
