import { expect } from 'chai';
import { SseEventError } from '../../../src/index.js';
import { append, appendAtOnce, numbers, type LogStage } from './stage.js';

export function appending({ create, read }: LogStage): void {
  it('gives each event an id of its own: visible ASCII that any URL can hold', async () => {
    const ids = await appendAtOnce(await create(), numbers(300));
    expect(new Set(ids)).to.have.length(300);
    for (const id of ids)
      expect(id)
        .to.match(/^[!-~]{1,100}$/)
        .and.not.match(/[&=%]/);
  });

  it('gives the same ids to readers, in place of any that the events had', async () => {
    const log = await create();
    const [start] = await append(log, 'start');
    const id = await log.append({ type: 't', data: 'a', id: 'mine', retry: 5, comment: 'c' });
    const reading = read(log, start);
    await reading.until(1);
    expect(reading.events).to.deep.equal([{ type: 't', data: 'a', id, retry: 5, comment: 'c' }]);
  });

  it('gives readers whatever can be written', async () => {
    const log = await create();
    const events = [
      { data: '' },
      { data: 'é\n\n€ \u{1f600}' },
      { data: { a: [1, null, { b: '"' }] } },
      { data: null },
      { data: 0 },
      { type: 'only' },
      { data: 'x'.repeat(100_000) },
    ];
    const [start] = await append(log, 'start');
    const ids: string[] = [];
    for (const event of events) ids.push(await log.append(event));
    await append(log, 'end');
    const reading = read(log, start);
    await reading.until(7);
    expect(reading.events.slice(0, -1)).to.deep.equal(
      events.map((event, index) => ({ ...event, id: ids[index] })),
    );
  });

  it('leaves what is appended as it is', async () => {
    const log = await create();
    const event = Object.freeze({ data: 'a' });
    await log.append(event);
    expect(event).to.deep.equal({ data: 'a' });
  });

  it('keeps the order of appends that nobody waits for, whether somebody reads or not', async () => {
    const log = await create();
    const [start] = await append(log, 'start');
    await appendAtOnce(log, numbers(50));
    const reading = read(log, start);
    await appendAtOnce(log, numbers(50, 50));
    expect(await reading.until(100)).to.deep.equal(numbers(100));
  });

  it('refuses an event that cannot be written, and gives its readers the others', async () => {
    const log = await create();
    const [start] = await append(log, 'start');
    const reading = read(log, start);
    for (const event of [
      { type: 'a\nb' },
      { data: 1n },
      { retry: -1 },
      'text' as never,
      { price: 1 } as never,
    ]) {
      const error = await log.append(event).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(SseEventError);
    }
    await append(log, 'a');
    expect(await reading.until(1)).to.deep.equal(['a']);
  });
}
