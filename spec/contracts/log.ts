import { expect } from 'chai';
import { filter, firstValueFrom, lastValueFrom, map, Subject, take, takeUntil, toArray } from 'rxjs';
import { SseEventError, type SseEvent } from '../../src/index.js';
import type { EventLog } from '../../src/log/index.js';

/** What an event log promises, wherever it keeps its events. Each log that is made is new, and keeps the last `maxEvents`. */
export function logContract(create: (maxEvents: number) => EventLog): void {
  const log = () => create(100);
  const append = async (to: EventLog, ...data: readonly string[]) => {
    const ids: string[] = [];
    for (const each of data) ids.push(await to.append({ data: each }));
    return ids;
  };
  /** The next `count` events that have data, as data. */
  const read = (from: EventLog, lastEventId: string | undefined, count: number) =>
    lastValueFrom(
      from.after(lastEventId).pipe(
        filter((event): event is SseEvent & { id: string } => 'data' in event),
        map(({ data }) => data),
        take(count),
        toArray(),
      ),
    );
  const gap = (reason: string) => ({ reason });

  it('gives each event an id of its own: visible ASCII', async () => {
    const ids = await append(log(), 'a', 'b', 'c');
    expect(new Set(ids)).to.have.length(3);
    for (const id of ids) expect(id).to.match(/^[!-~]{1,100}$/);
  });

  it('gives the same ids to readers, in place of any that the events had', async () => {
    const events = log();
    const [start = ''] = await append(events, 'start');
    const id = await events.append({ type: 't', data: 'a', id: 'mine', retry: 5, comment: 'c' });
    expect(await firstValueFrom(events.after(start))).to.deep.equal({
      type: 't',
      data: 'a',
      id,
      retry: 5,
      comment: 'c',
    });
  });

  it('leaves what is appended as it is', async () => {
    const event = Object.freeze({ data: 'a' });
    await log().append(event);
    expect(event).to.deep.equal({ data: 'a' });
  });

  it('refuses an event that cannot be written, and gives its readers the others', async () => {
    const events = log();
    const [start] = await append(events, 'start');
    for (const event of [
      { type: 'a\nb' },
      { data: 1n },
      { retry: -1 },
      'text' as never,
      { price: 1 } as never,
    ]) {
      const error = await events.append(event).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(SseEventError);
    }
    await append(events, 'a');
    expect(await read(events, start, 1)).to.deep.equal(['a']);
  });

  it('gives everything strictly after an id, in order, then what is appended', async () => {
    const events = log();
    const [, second] = await append(events, 'a', 'b', 'c', 'd');
    const reading = read(events, second, 4);
    await append(events, 'e', 'f');
    expect(await reading).to.deep.equal(['c', 'd', 'e', 'f']);
  });

  it('gives what is appended from now on to a reader without an id', async () => {
    const events = log();
    await append(events, 'a');
    const reading = read(events, undefined, 2);
    await append(events, 'b', 'c');
    expect(await reading).to.deep.equal(['b', 'c']);
  });

  it('gives a place at once to a reader without one, to which it can come back', async () => {
    const events = log();
    await append(events, 'a');
    const place = await firstValueFrom(events.after(undefined));
    expect(Object.keys(place)).to.deep.equal(['id']);
    await append(events, 'b');
    expect(await read(events, place.id, 1)).to.deep.equal(['b']);
  });

  it('lets any reader go on from any event, without loss or repetition', async () => {
    const events = log();
    const data = Array.from({ length: 20 }, (_, n) => `${n}`);
    const ids = await append(events, ...data);
    for (const [n, id] of ids.entries()) {
      if (n === 19) continue;
      expect(await read(events, id, 19 - n)).to.deep.equal(data.slice(n + 1));
    }
  });

  it('loses and repeats nothing at the seam, where readers append as they read', async () => {
    const events = log();
    const [start = ''] = await append(events, 'start');
    await append(events, 'a', 'b');
    const seen: unknown[] = [];
    const done = new Subject<void>();
    const finished = firstValueFrom(done);
    events
      .after(start)
      .pipe(takeUntil(done))
      .subscribe(event => {
        if (!('data' in event)) return;
        seen.push(event.data);
        if (seen.length <= 3) void events.append({ data: `${String(event.data)}+` });
        if (seen.length === 5) done.next();
      });
    await finished;
    expect(seen).to.deep.equal(['a', 'b', 'a+', 'b+', 'a++']);
  });

  it('gives one event to all its readers as one object', async () => {
    const events = log();
    const [start = ''] = await append(events, 'start', 'a');
    const [one, other] = await Promise.all([
      firstValueFrom(events.after(start)),
      firstValueFrom(events.after(start)),
    ]);
    expect(one).to.equal(other);
  });

  it('keeps no reader that has left', async () => {
    const events = log();
    const seen: unknown[] = [];
    const subscription = events.after(undefined).subscribe(event => seen.push(event));
    subscription.unsubscribe();
    await append(events, 'a');
    expect(seen).to.have.length(1);
  });

  describe('where events are missing', () => {
    it('says that they were trimmed, and goes on from the earliest that is kept', async () => {
      const events = create(2);
      const [first] = await append(events, 'a', 'b', 'c', 'd', 'e');
      expect(await read(events, first, 3)).to.deep.equal([gap('trimmed'), 'd', 'e']);
    });

    it('says nothing where none are: the reader has seen all that was trimmed', async () => {
      const events = create(2);
      const [, , third] = await append(events, 'a', 'b', 'c', 'd', 'e');
      expect(await read(events, third, 2)).to.deep.equal(['d', 'e']);
    });

    it('says that the id is of another incarnation', async () => {
      const [id] = await append(log(), 'a', 'b');
      const events = log();
      await append(events, 'c');
      expect(await read(events, id, 2)).to.deep.equal([gap('reset'), 'c']);
    });

    it('says that the id is of the future', async () => {
      const events = log();
      const [id = ''] = await append(events, 'a');
      const future = id.replace(/\d+$/, '999999');
      expect(await read(events, future, 2)).to.deep.equal([gap('future'), 'a']);
    });

    for (const id of ['', 'x', '1', '-1', '9'.repeat(30), 'é', 'a.b.c', '../..', "'; --"]) {
      it(`says that ${JSON.stringify(id)} is no id of a log`, async () => {
        const events = log();
        await append(events, 'a');
        expect(await read(events, id, 2)).to.deep.equal([gap('invalid'), 'a']);
      });
    }

    it('gives the gap an id to come back to', async () => {
      const events = create(2);
      const [first] = await append(events, 'a', 'b', 'c', 'd', 'e');
      const event = await firstValueFrom(events.after(first));
      expect(event).to.deep.include({ type: 'gap', data: { reason: 'trimmed' } });
      expect(await read(events, event.id, 2)).to.deep.equal(['d', 'e']);
    });
  });
}
