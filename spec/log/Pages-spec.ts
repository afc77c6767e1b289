import { expect } from 'chai';
import { NEVER } from 'rxjs';
import { numbers } from '../contracts/log/stage.js';
import { memoryInUse } from '../support/memoryInUse.js';
import { lastPage, scriptedStages } from '../support/scriptedLog.js';

describe('Pages', () => {
  const { create } = scriptedStages();

  /** How many events it asks for, once it knows some, each given as how many there are of a length. */
  const limitAfter = (...known: readonly (readonly [count: number, length: number])[]): number => {
    let asked = 0;
    const { engine, read } = create(
      {},
      {
        tip: () => 'o',
        page: (_, limit) => {
          asked = limit;
          return lastPage();
        },
      },
    );
    read();
    let id = 0;
    for (const [count, length] of known) {
      engine.give(...numbers(count).map(() => ({ id: `n${id++}`, data: 'x'.repeat(length) })));
    }
    read('k');
    return asked;
  };

  it('asks for 256 events, as long as it knows none', () => {
    expect(limitAfter()).to.equal(256);
  });

  it('asks for about a megabyte, as far as it knows', () => {
    expect(limitAfter([100, 10_000])).to.be.within(100, 105);
    expect(limitAfter([100, 2_000])).to.be.within(500, 525);
  });

  it('asks for 1024 events at most', () => {
    expect(limitAfter([100, 10])).to.equal(1024);
  });

  it('asks for 16 at least', () => {
    expect(limitAfter([100, 100_000])).to.equal(16);
    expect(limitAfter([1, 1_000_000])).to.equal(16);
  });

  it('goes by the last 8 MB of those that it knows', () => {
    expect(limitAfter([1000, 10], [900, 10_000])).to.be.within(100, 105);
  });

  it('keeps nothing of what nobody waits for any more', async () => {
    const { log } = create({}, { tip: () => 'o', page: place => (place === 'o' ? lastPage() : NEVER) });
    log.after(undefined).subscribe();
    const visit = (from: number) => {
      for (const n of numbers(3000, from)) log.after(`${n}`).subscribe().unsubscribe();
    };
    visit(0);
    const before = await memoryInUse();
    visit(3000);
    // That is what the script notes of them, and a little more.
    expect((await memoryInUse()) - before).to.be.lessThan(1_500_000);
  }).timeout(30_000);
});
