import { expect } from 'chai';
import { Subject } from 'rxjs';
import type { SseEvent } from '../../../src/index.js';
import type { Stage } from './stage.js';

export function silence({ serve, read, closing }: Stage): void {
  const begun = ': keep-alive 20\n\n';

  it('sends a comment each time, until the source completes', async () => {
    const events$ = new Subject<SseEvent>();
    await serve(() => events$, { keepAlive: 20 });
    const { until, writes, over } = read();
    await until(`${begun}:\n\n:\n\n`);
    expect(writes().slice(0, 3)).to.deep.equal([begun, ':\n\n', ':\n\n']);
    events$.complete();
    expect(await over()).to.equal('ended');
  });

  it('does not count that as an event', async () => {
    const events$ = new Subject<SseEvent>();
    await serve(() => events$, { keepAlive: 20 });
    const { until } = read();
    await until(`${begun}:\n\n`);
    const closed = closing();
    events$.complete();
    const { events, bytes, duration } = await closed;
    expect(events).to.equal(0);
    expect(bytes).to.be.greaterThan(begun.length);
    expect(duration).to.be.greaterThan(0);
  });
}
