import { expect } from 'chai';
import { BehaviorSubject, NEVER, observable, of, Subject, type Observable } from 'rxjs';
import type { SseEvent } from '../../src/event-stream/index.js';
import { readByRoom, type SseSource } from '../../src/server/readByRoom.js';

describe('readByRoom', () => {
  const a: SseEvent = { id: 'a' };

  const read = (source: SseSource, hasRoom = true) => {
    const log: unknown[] = [];
    const reader = {
      lastEventId: '7',
      hasRoom$: new BehaviorSubject(hasRoom),
      reportLate: (error: unknown) => log.push(error),
    };
    readByRoom(source, reader).subscribe({
      next: event => log.push(event),
      complete: () => log.push('complete'),
    });
    return log;
  };
  const withMembers = (source$: Observable<SseEvent>, members: object) => Object.assign(source$, members);

  it('reads what can be read from a place from there', () => {
    expect(read({ after: id => of({ id: `${id} a` }) })).to.deep.equal([{ id: '7 a' }, 'complete']);
  });

  it('reads an Observable that can be read from a place from there', () => {
    const source = withMembers(of(a), { after: () => of({ id: 'after' }) });
    expect(read(source)).to.deep.equal([{ id: 'after' }, 'complete']);
  });

  it('reads an iterable that can be read from a place from there', () => {
    const source = Object.assign([a], { after: () => of({ id: 'after' }) });
    expect(read(source)).to.deep.equal([{ id: 'after' }, 'complete']);
  });

  it('reads an iterable while there is room', () => {
    expect(read([a])).to.deep.equal([a, 'complete']);
    expect(read([a], false)).to.deep.equal([]);
  });

  it('reads an Observable whether there is room or not', () => {
    expect(read(of(a), false)).to.deep.equal([a, 'complete']);
  });

  it('subscribes to an Observable that can be iterated over, too', () => {
    const source = withMembers(of(a), { [Symbol.asyncIterator]: () => expect.fail('iterated') });
    expect(read(source, false)).to.deep.equal([a, 'complete']);
  });

  it('takes an `after` that is no function for none', () => {
    expect(read(withMembers(of(a), { after: 'noon' }))).to.deep.equal([a, 'complete']);
  });

  it('subscribes to the Observables of other libraries', () => {
    expect(read({ [observable]: () => of(a) } as never)).to.deep.equal([a, 'complete']);
  });

  it('gives a Subject back as it is, without one more subscriber', () => {
    const events$ = new Subject<SseEvent>();
    const reader = { lastEventId: undefined, hasRoom$: new BehaviorSubject(true), reportLate: () => NEVER };
    expect(readByRoom(events$, reader)).to.equal(events$);
  });
});
