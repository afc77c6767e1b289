import { expect } from 'chai';
import { map, Subject } from 'rxjs';
import type { SseEvent } from '../../../src/index.js';
import { unhandledRejections } from '../../support/uncaught.js';
import { settled } from '../../support/virtualTime.js';
import { begun, wholeBody, type Stage } from './stage.js';

export function survival({ serve, connect, read, errors, closings, closing }: Stage): void {
  it('a reader that breaks off, one whose source fails and one that does not read: 300 others get everything', async () => {
    const events$ = new Subject<SseEvent>();
    const failing$ = events$.pipe(map(event => (event.id === '100' ? expect.fail('mine') : event)));
    await serve((_, { lastEventId }) => (lastEventId === 'failing' ? failing$ : events$));

    const [broken, slow] = [connect(), connect().ask()];
    const readers = [broken.ask(), slow, read({ headers: { 'Last-Event-ID': 'failing' } })];
    const [, , failing] = readers;
    const healthy = Array.from({ length: 300 }, () => read());
    await Promise.all([...readers, ...healthy].map(({ until }) => until(begun)));
    slow.pause();

    const rejections = await unhandledRejections(async () => {
      for (let id = 0; id < 400; id++) {
        if (id === 50) broken.reset();
        events$.next({ data: { value: 'x'.repeat(100) }, id: String(id) });
        if (id % 10 === 0) await settled();
      }
      expect(await failing?.over()).to.equal('cut');
    });
    expect(rejections).to.deep.equal([]);
    expect(errors.map(String)).to.deep.equal(['AssertionError: mine']);
    while (closings.length < 2) await closing();
    expect(closings.map(({ reason }) => reason)).to.have.members(['gone', 'error']);

    events$.complete();
    slow.resume();
    const all = Array.from({ length: 400 }, (_, id) => `id: ${id}\ndata: {"value":"${'x'.repeat(100)}"}\n\n`);
    for (const body of await Promise.all([slow, ...healthy].map(wholeBody))) {
      expect(body === begun + all.join('')).to.equal(true);
    }
  });
}
