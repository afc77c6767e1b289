import { expect } from 'chai';
import { TestScheduler } from 'rxjs/testing';

/** Runs a spec of marbles in virtual time. */
export const run: TestScheduler['run'] = test =>
  new TestScheduler((actual, expected) => void expect(actual).to.deep.equal(expected)).run(test);
