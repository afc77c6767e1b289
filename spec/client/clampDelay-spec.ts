import { expect } from 'chai';
import { clampDelay } from '../../src/client/clampDelay.js';

describe('clampDelay', () => {
  it('leaves 100 ms to one hour as it is', () => {
    expect([100, 101.5, 1000, 3_600_000].map(clampDelay)).to.deep.equal([100, 101.5, 1000, 3_600_000]);
  });

  it('makes less than 100 ms 100 ms, and what is no number', () => {
    expect([99, 0, -1, -Infinity, NaN].map(clampDelay)).to.deep.equal([100, 100, 100, 100, 100]);
  });

  it('makes more than an hour an hour, also what a timer would take for 1 ms', () => {
    expect([3_600_001, 2 ** 31, 99_999_999_999, Infinity].map(clampDelay)).to.deep.equal(
      Array(4).fill(3_600_000),
    );
  });
});
