import { expect } from 'chai';
import { SseLogError } from '../../../src/event-stream/index.js';
import { append, type LogStage } from './stage.js';

export function closing({ create, read }: LogStage): void {
  it('its readers, who have got what was appended before', async () => {
    const log = await create();
    const [start] = await append(log, 'start', 'a');
    const readers = [read(log, start), read(log)];
    await readers[0]?.until(1);
    await readers[1]?.placed();
    await log.close();
    for (const reader of readers) expect(await reader.over).to.equal('complete');
    expect(readers[0]?.data).to.deep.equal(['a']);
  });

  it('also those for whom it has only begun to open', async () => {
    const log = await create();
    const reader = read(log);
    await log.close();
    expect(await reader.over).to.equal('complete');
  });

  it('for good: it takes no event and no reader any more', async () => {
    const log = await create();
    await append(log, 'a');
    await log.close();
    const error = await log.append({ data: 'b' }).catch((reason: unknown) => reason);
    const tipError = await log.tip().catch((reason: unknown) => reason);
    const readerError = await read(log).over;
    for (const each of [error, tipError, readerError]) {
      expect(each).to.be.instanceOf(SseLogError);
      expect(each).to.include({ reason: 'closed' });
    }
  });

  it('twice as once, also before anybody has come', async () => {
    const log = await create();
    await log.close();
    await log.close();
  });

  it('after it was idle, opening and live', async () => {
    const log = await create();
    const statuses: string[] = [];
    let isComplete = false;
    log.status$.subscribe({
      next: status => statuses.push(status),
      complete: () => (isComplete = true),
    });
    const reader = read(log);
    await reader.placed();
    expect(statuses).to.deep.equal(['idle', 'opening', 'live']);
    await log.close();
    expect(statuses).to.deep.equal(['idle', 'opening', 'live', 'closed']);
    expect(isComplete).to.equal(true);
  });

  it('and says so to whoever asks later', async () => {
    const log = await create();
    await log.close();
    const statuses: string[] = [];
    log.status$.subscribe({
      next: status => statuses.push(status),
      complete: () => statuses.push('complete'),
    });
    expect(statuses).to.deep.equal(['closed', 'complete']);
  });
}
