import { expect } from 'chai';
import { Subject } from 'rxjs';
import { tell } from '../../src/event-stream/index.js';
import { uncaught } from '../support/uncaught.js';

describe('tell', () => {
  it('tells a function', () => {
    const told: number[] = [];
    tell(value => told.push(value), 1);
    expect(told).to.deep.equal([1]);
  });

  it('tells an observer, as its method', () => {
    const told$ = new Subject<number>();
    const told: number[] = [];
    told$.subscribe(value => told.push(value));
    tell(told$, 1);
    expect(told).to.deep.equal([1]);
  });

  it('does without anyone to tell', () => {
    expect(() => tell(undefined, 1)).not.to.throw();
  });

  it('reports what the listener throws as uncaught, later', async () => {
    const mine = new Error('mine');
    const error = uncaught();
    tell(() => {
      throw mine;
    }, 1);
    expect(await error).to.equal(mine);
  });
});
