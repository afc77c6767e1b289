import { expect } from 'chai';
import { append, appendAtOnce, numbers, type LogStage } from './stage.js';

export function reading({ create, read }: LogStage): void {
  it('everything strictly after an id, in order, then what is appended', async () => {
    const log = await create();
    const [, second] = await append(log, 'a', 'b', 'c', 'd');
    const reader = read(log, second);
    await append(log, 'e', 'f');
    expect(await reader.until(4)).to.deep.equal(['c', 'd', 'e', 'f']);
  });

  it('what follows any event, to whoever comes back to it', async () => {
    const log = await create();
    const ids = await append(log, ...numbers(20));
    for (const [n, id] of ids.slice(0, -1).entries()) {
      expect(await read(log, id).until(19 - n)).to.deep.equal(numbers(19 - n, n + 1));
    }
  });

  it('nothing twice where they append as they read', async () => {
    const log = await create();
    const [start] = await append(log, 'start', 'a', 'b');
    log.after(start).subscribe(event => {
      if ('data' in event && String(event.data).length < 3)
        void log.append({ data: `${String(event.data)}+` });
    });
    const reader = read(log, start);
    expect(await reader.until(6)).to.have.members(['a', 'b', 'a+', 'b+', 'a++', 'b++']);
    expect(reader.data.slice(0, 3)).to.deep.equal(['a', 'b', 'a+']);
  });

  it('one event as one object', async () => {
    const log = await create();
    const [start] = await append(log, 'start', 'a');
    const readers = [read(log, start), read(log, start)];
    await append(log, 'b');
    for (const reader of readers) await reader.until(2);
    const [one, other] = readers;
    expect(one?.events).to.have.length(2);
    for (const [index, event] of one?.events.entries() ?? []) expect(event).to.equal(other?.events[index]);
  });

  it('the same, by one Observable', async () => {
    const log = await create();
    const [start] = await append(log, 'start', 'a');
    const events$ = log.after(start);
    const same = { ...log, after: () => events$ };
    const readers = [read(same), read(same)];
    await readers[0]?.until(1);
    readers.push(read(same));
    await append(log, 'b');
    for (const reader of readers) expect(await reader.until(2)).to.deep.equal(['a', 'b']);
  });

  it('nothing before they subscribe, and takes nothing of its engine', async () => {
    const log = await create();
    const statuses: string[] = [];
    log.status$.subscribe(status => statuses.push(status));
    const [start] = await append(log, 'start');
    log.after(start);
    log.after(undefined);
    await append(log, 'a');
    expect(statuses).to.deep.equal(['idle']);
  });

  it('nothing once they have left, be it in the middle of an event', async () => {
    const log = await create();
    const [start] = await append(log, 'start', ...numbers(10));
    const stays = read(log, start);
    const leaves = read(log, start);
    const seen: unknown[] = [];
    const leaving = log.after(start).subscribe(event => {
      if (!('data' in event)) return;
      seen.push(event.data);
      if (event.data === 12) leaving.unsubscribe();
    });
    await leaves.until(10);
    leaves.leave();
    await append(log, ...numbers(10, 10));
    await stays.until(20);
    expect(leaves.data).to.deep.equal(numbers(10));
    expect(seen).to.deep.equal(numbers(13));
  });

  it('together what has arrived together', async () => {
    const log = await create();
    const [start] = await append(log, 'start');
    await appendAtOnce(log, numbers(100));
    let count = 0;
    const countAfterTurn = await new Promise<number>(resolve => {
      const reader = log.after(start).subscribe(event => {
        if (!('data' in event) || count++ > 0) return;
        setImmediate(() => {
          reader.unsubscribe();
          resolve(count);
        });
      });
    });
    expect(countAfterTurn).to.equal(100);
  });

  it('thousands of events without keeping others from their turn', async () => {
    const log = await create();
    const [start] = await append(log, 'start');
    await appendAtOnce(log, numbers(5000));
    const turn = new Promise<void>(resolve => setImmediate(resolve));
    const reader = read(log, start);
    await turn;
    expect(reader.data.length).to.be.lessThan(5000);
    expect(await reader.until(5000)).to.deep.equal(numbers(5000));
  });
}
