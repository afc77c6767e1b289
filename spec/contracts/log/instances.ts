import { expect } from 'chai';
import { append, appendAtOnce, gap, numbers, type EngineStage } from './stage.js';
import { mingle } from './throng.js';

export function instances({ create, another, read, wipe }: EngineStage): void {
  it('all readers see one order, in which the appends of each are in theirs', async () => {
    const one = await create();
    const other = await another(one);
    const [start] = await append(one, 'start');
    const readers = [read(one, start), read(other, start), read(one, start)];
    await Promise.all([
      appendAtOnce(one, numbers(100)),
      append(other, ...numbers(100, 1000)),
      appendAtOnce(other, numbers(100, 2000)),
    ]);
    readers.push(read(other, start));
    const [first, ...rest] = readers;
    const order = [...((await first?.until(300)) ?? [])];
    for (const from of [0, 1000, 2000]) {
      expect(order.filter(n => Number(n) >= from && Number(n) < from + 100)).to.deep.equal(
        numbers(100, from),
      );
    }
    for (const reader of rest) expect(await reader.until(300)).to.deep.equal(order);
  });

  it('an id of one leads to the same place on the other', async () => {
    const one = await create();
    const other = await another(one);
    const ids = await append(one, ...numbers(10));
    ids.push(...(await append(other, ...numbers(10, 10))));
    for (const n of [0, 5, 9, 10, 15, 18]) {
      for (const log of [one, other, await another(one)]) {
        expect(await read(log, ids[n]).until(19 - n)).to.deep.equal(numbers(19 - n, n + 1));
      }
    }
  });

  it('a place where nothing came yet leads to the same place on the other', async () => {
    const one = await create();
    const other = await another(one);
    await append(one, 'a');
    const place = await read(one).placed();
    await append(one, 'b');
    expect(await read(other, place).until(1)).to.deep.equal(['b']);
  });

  it('many readers, who leave one for the other, get just what comes after their places', async function () {
    this.timeout(20_000);
    const one = await create();
    await mingle(
      { read },
      [one, await another(one), await another(one)],
      Math.floor(Math.random() * 2 ** 32),
    );
  });

  it('closing one leaves the other open', async () => {
    const one = await create();
    const other = await another(one);
    const reader = read(other);
    await reader.placed();
    await one.close();
    await append(other, 'a');
    expect(await reader.until(1)).to.deep.equal(['a']);
  });

  it('a reader who comes back after the engine has lost everything is told', async () => {
    const one = await create();
    const [id] = await append(one, 'a', 'b');
    await wipe(one);
    const other = await another(one);
    await append(other, 'c', 'd');
    expect(await read(other, id).until(3)).to.deep.equal([gap('reset'), 'c', 'd']);
  });

  it('a reader who comes back while there is nothing is told, and gets what comes', async () => {
    const one = await create();
    const [id] = await append(one, 'a', 'b');
    await wipe(one);
    const other = await another(one);
    const reader = read(other, id);
    const [told] = await reader.until(1);
    expect(told).to.be.deep.oneOf([gap('reset'), gap('future')]);
    await append(other, 'c');
    expect(await reader.until(2)).to.deep.equal([told, 'c']);
  });

  it('a reader who stays while the engine loses everything gets what comes', async () => {
    const one = await create();
    const [start] = await append(one, 'start');
    const readers = [read(one, start), read(one, start)];
    await append(one, 'a', 'b');
    for (const reader of readers) await reader.until(2);
    await wipe(one);
    await append(await another(one), 'c', 'd');
    for (const reader of readers) {
      while (reader.data.at(-1) !== 'd') await reader.until(reader.data.length + 1);
      // It had everything, so that it need not be told.
      expect(reader.data.filter(each => typeof each === 'string')).to.deep.equal(['a', 'b', 'c', 'd']);
    }
  });
}
