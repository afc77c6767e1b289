import { expect } from 'chai';
import { Retention } from '../../src/log/Retention.js';
import { numbers } from '../contracts/log/stage.js';
import { growth } from '../support/growth.js';

describe('Retention', () => {
  const filled = (maxEvents: number, count: number) => {
    const kept = new Retention<number>({ maxEvents, maxBytes: Infinity, maxAge: Infinity });
    for (const n of numbers(count, 1)) kept.add(n, 1);
    return kept;
  };

  it('gives what is after a position, as many as asked for', () => {
    for (const count of numbers(40, 1)) {
      const kept = filled(7, count);
      const floor = Math.max(0, count - 7);
      expect([kept.tip, kept.floor]).to.deep.equal([count, floor]);
      for (const position of numbers(count - floor + 1, floor)) {
        for (const limit of [1, 3, 100]) {
          const due = numbers(Math.min(limit, count - position), position + 1);
          expect(kept.after(position, limit)).to.deep.equal(due);
        }
      }
    }
  });

  it('takes as long for each event, however many it keeps', () => {
    filled(1000, 5000);
    // Sixteen times as many, that is; 256 if each moved all of them.
    expect(
      growth(
        () => filled(1000, 3000),
        () => filled(16_000, 48_000),
      ),
    ).to.be.lessThan(128);
  });
});
