import { expect } from 'chai';
import { TimeoutQueue } from '../../src/server/TimeoutQueue.js';
import { virtualTime } from '../support/virtualTime.js';

describe('TimeoutQueue', () => {
  const { tick, pending } = virtualTime();
  const now = () => performance.now();
  let queue: TimeoutQueue;
  let calls: string[];

  beforeEach(() => {
    queue = new TimeoutQueue(100);
    calls = [];
  });

  /** A callback that says when it was called, and then acts. */
  const callback = (name: string, act?: () => void) => () => {
    calls.push(`${name} ${now()}`);
    act?.();
  };
  const touchEach = (...names: readonly string[]) => {
    for (const name of names) queue.touch(callback(name));
  };

  it('calls back once, an interval after the touch', () => {
    touchEach('a');
    tick(99);
    expect(calls).to.deep.equal([]);
    tick(1);
    expect(calls).to.deep.equal(['a 100']);
    tick(1000);
    expect(calls).to.deep.equal(['a 100']);
  });

  it('calls back an interval after the last touch', () => {
    const a = callback('a');
    queue.touch(a);
    tick(60);
    queue.touch(a);
    tick(1000);
    expect(calls).to.deep.equal(['a 160']);
  });

  it('calls back again if it is touched again', () => {
    const a = callback('a');
    queue.touch(a);
    tick(150);
    queue.touch(a);
    tick(1000);
    expect(calls).to.deep.equal(['a 100', 'a 250']);
  });

  it('calls back again and again what touches itself', () => {
    const a = callback('a', () => queue.touch(a));
    queue.touch(a);
    tick(350);
    expect(calls).to.deep.equal(['a 100', 'a 200', 'a 300']);
  });

  it('calls each back in its turn', () => {
    touchEach('a', 'b');
    tick(30);
    touchEach('c');
    tick(1000);
    expect(calls).to.deep.equal(['a 100', 'b 100', 'c 130']);
  });

  it('does not call back what is touched in time', () => {
    const busy = callback('busy');
    for (let n = 0; n < 10; n++) {
      queue.touch(busy);
      tick(99);
    }
    expect(calls).to.deep.equal([]);
  });

  it('calls back one although another is touched all the time', () => {
    const busy = callback('busy');
    queue.touch(busy);
    touchEach('silent');
    for (let n = 0; n < 20; n++) {
      queue.touch(busy);
      tick(10);
    }
    expect(calls).to.deep.equal(['silent 100']);
  });

  it('calls back one although new ones keep coming', () => {
    for (let n = 0; n < 12; n++) {
      touchEach(`${n}`);
      tick(10);
    }
    expect(calls).to.deep.equal(['0 100', '1 110', '2 120']);
  });

  it('does not call back what was removed', () => {
    const gone = callback('gone');
    queue.touch(gone);
    touchEach('a');
    queue.remove(gone);
    tick(1000);
    expect(calls).to.deep.equal(['a 100']);
  });

  it('does not call back what another one has removed in the same turn', () => {
    const gone = callback('gone');
    queue.touch(callback('a', () => queue.remove(gone)));
    queue.touch(gone);
    touchEach('b');
    tick(1000);
    expect(calls).to.deep.equal(['a 100', 'b 100']);
  });

  it('does not call back in the same turn what another one touches', () => {
    const later = callback('later');
    queue.touch(callback('a', () => queue.touch(later)));
    queue.touch(later);
    tick(1000);
    expect(calls).to.deep.equal(['a 100', 'later 200']);
  });

  it('begins anew after the last one was removed', () => {
    const a = callback('a');
    queue.touch(a);
    tick(50);
    queue.remove(a);
    touchEach('b');
    tick(1000);
    expect(calls).to.deep.equal(['b 150']);
  });

  it('does not mind the removal of what is not there', () => {
    touchEach('a');
    queue.remove(callback('stranger'));
    tick(100);
    expect(calls).to.deep.equal(['a 100']);
  });

  it('keeps to its interval, whatever it is', () => {
    queue = new TimeoutQueue(0.5);
    touchEach('a');
    tick(10);
    expect(calls).to.deep.equal(['a 0.5']);
  });

  it('looks again when a timer comes early', () => {
    const { setTimeout } = globalThis;
    // As Node's does, by up to a millisecond.
    Object.assign(globalThis, {
      setTimeout: (handler: () => void, delay: number) => setTimeout(handler, Math.max(delay - 0.9, 1)),
    });
    touchEach('a');
    tick(100);
    expect(calls).to.deep.equal([]);
    tick(1);
    expect(calls).to.deep.equal(['a 100.1']);
  });

  describe('has one timer', () => {
    it('however many wait', () => {
      for (let n = 0; n < 1000; n++) touchEach(`${n}`);
      expect(pending()).to.equal(1);
      tick(50);
      touchEach('late');
      expect(pending()).to.equal(1);
      tick(50);
      expect(calls).to.have.length(1000);
      expect(pending()).to.equal(1);
    });

    it('although one in the middle is removed', () => {
      const middle = callback('middle');
      touchEach('a');
      queue.touch(middle);
      touchEach('b');
      queue.remove(middle);
      expect(pending()).to.equal(1);
    });

    it('when the last one is removed and another one comes, also while they are called back', () => {
      const a = callback('a', () => {
        queue.remove(a);
        touchEach('b', 'c');
      });
      queue.touch(a);
      tick(100);
      expect(pending()).to.equal(1);
      tick(100);
      expect(calls).to.deep.equal(['a 100', 'b 200', 'c 200']);
      expect(pending()).to.equal(0);
    });

    it('when one that is called back touches itself', () => {
      const a = callback('a', () => queue.touch(a));
      queue.touch(a);
      tick(1000);
      expect(pending()).to.equal(1);
    });
  });

  describe('has no timer', () => {
    it('before the first touch', () => {
      expect(pending()).to.equal(0);
    });

    it('when all have been called back', () => {
      touchEach('a', 'b');
      tick(100);
      expect(pending()).to.equal(0);
    });

    it('when all have been removed', () => {
      const [a, b] = [callback('a'), callback('b')];
      queue.touch(a);
      queue.touch(b);
      queue.remove(a);
      queue.remove(b);
      expect(pending()).to.equal(0);
    });

    it('when the last one is removed while they are called back', () => {
      const gone = callback('gone');
      queue.touch(callback('a', () => queue.remove(gone)));
      queue.touch(gone);
      tick(100);
      expect(pending()).to.equal(0);
    });
  });
});

describe('TimeoutQueue in real time', () => {
  it('does not keep the process alive', () => {
    const timers = () => process.getActiveResourcesInfo().filter(name => name === 'Timeout').length;
    const before = timers();
    const queue = new TimeoutQueue(1000);
    const callback = () => undefined;
    queue.touch(callback);
    expect(timers()).to.equal(before);
    queue.remove(callback);
  });
});
