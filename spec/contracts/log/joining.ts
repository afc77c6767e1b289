import { expect } from 'chai';
import { append, numbers, type LogStage } from './stage.js';

export function joining({ create, read }: LogStage): void {
  it('with what is appended from now on, if it has no id', async () => {
    const log = await create();
    await append(log, 'a');
    const reader = read(log);
    await append(log, 'b', 'c');
    expect(await reader.until(2)).to.deep.equal(['b', 'c']);
  });

  it('with an event that only carries an id, to which it can come back', async () => {
    const log = await create();
    await append(log, 'a');
    const place = await read(log).placed();
    const visitor = read(log);
    await visitor.placed();
    expect(visitor.events).to.deep.equal([{ id: place }]);
    await append(log, 'b');
    expect(await read(log, place).until(1)).to.deep.equal(['b']);
  });

  it('at a place also while the log is empty', async () => {
    const log = await create({ from: 'earliest' });
    const place = await read(log).placed();
    await append(log, 'a', 'b');
    expect(await read(log, place).until(2)).to.deep.equal(['a', 'b']);
  });

  it('with the earliest event, if the log begins there', async () => {
    const log = await create({ from: 'earliest' });
    await append(log, ...numbers(3));
    const reader = read(log);
    await reader.until(3);
    await append(log, 3);
    expect(await reader.until(4)).to.deep.equal(numbers(4));
    expect(reader.events).to.have.length(4);
  });

  it('after all that the log has acknowledged, though readers have not got it yet', async () => {
    const log = await create();
    const first = read(log);
    await first.placed();
    for (const n of numbers(20)) {
      await append(log, `before ${n}`);
      const reader = read(log);
      await append(log, `after ${n}`);
      expect(await reader.until(1)).to.deep.equal([`after ${n}`]);
      reader.leave();
    }
  });

  it('while it opens: gets what is appended from then on', async () => {
    for (const n of numbers(20)) {
      const log = await create();
      const reader = read(log);
      const appended = append(log, n);
      expect(await reader.until(1)).to.deep.equal([n]);
      await appended;
    }
  });

  it('at its tip, if it asks for the id first', async () => {
    const log = await create();
    const empty = await log.tip();
    await append(log, 'a');
    const tip = await log.tip();
    await append(log, 'b');
    expect(await read(log, tip).until(1)).to.deep.equal(['b']);
    expect(await read(log, empty).until(2)).to.deep.equal(['a', 'b']);
  });
}
