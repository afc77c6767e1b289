import { expect } from 'chai';
import { SseLogError } from '../../src/event-stream/index.js';
import { gap, numbers } from '../contracts/log/stage.js';
import { lastPage, page, scriptedStages } from '../support/scriptedLog.js';
import { settled } from '../support/virtualTime.js';

const ids = (count: number, from = 0) => numbers(count, from).map(n => `n${n}`);

describe('LogReader', () => {
  const { time, create, live } = scriptedStages();

  describe('at what is known', () => {
    it('costs the engine nothing', () => {
      const { engine, read } = live();
      engine.give('a', 'b', 'c');
      const readers = ['a', 'c', undefined].map(id => read(id));
      engine.give('d');
      expect(readers.map(({ data }) => data)).to.deep.equal([['b', 'c', 'd'], ['d'], ['d']]);
      expect(engine.asked).to.deep.equal(['tip', 'page o', 'tail o']);
    });

    it('costs nothing, either, where the tail has begun', () => {
      const { engine, read } = live();
      const readers = [read('o'), read('o')];
      engine.give('a');
      expect(readers.map(({ data }) => data)).to.deep.equal([['a'], ['a']]);
      expect(engine.asked).to.deep.equal(['tip', 'page o', 'tail o']);
    });

    it('begins after what its log has appended, though the tail has not come so far', async () => {
      const { engine, log, read } = live();
      for (const id of ['a', 'b']) {
        const appended = log.append({ data: id });
        engine.answer(`append ${id}`, id);
        await appended;
      }
      const reader = read();
      engine.answer('page b', lastPage());
      expect(reader.events).to.deep.equal([{ id: 'b' }]);
      engine.give('a');
      engine.give('b', 'c');
      engine.answerAny('page b', lastPage('c'));
      expect(reader.data).to.deep.equal(['c']);
      engine.give('d');
      expect(reader.data).to.deep.equal(['c', 'd']);
      expect(read().events).to.deep.equal([{ id: 'd' }]);
    });

    it('begins where the tail is, though what its log has appended was lost', async () => {
      const { engine, log, read } = live({ onGap: 'latest' });
      const appended = log.append({ data: 'a' });
      engine.answer('append a', 'a');
      await appended;
      engine.endTail();
      engine.answer('page o', { gap: 'reset' });
      engine.answer('tip', 'q');
      engine.answer('page q', lastPage());
      expect(read().events).to.deep.equal([{ id: 'q' }]);
    });

    it('begins where the tail is, though its log has appended while it opened', async () => {
      const { engine, log, read } = create();
      const appended = log.append({ data: 'a' });
      read();
      engine.answer('tip', 'a');
      engine.answer('append a', 'a');
      await appended;
      engine.answer('page a', lastPage());
      engine.give('b');
      expect(read().events).to.deep.equal([{ id: 'b' }]);
    });

    it('begins where the tail is, which was faster than the acknowledgement of what its log has appended', async () => {
      for (const maxRecent of [4096, 1, 0]) {
        const { engine, log, read } = live({ maxRecent });
        const appended = log.append({ data: 'a' });
        engine.give('a');
        engine.answer('append a', 'a');
        await appended;
        engine.give('b', 'c');
        expect(read().events, `maxRecent ${maxRecent}`).to.deep.equal([{ id: 'c' }]);
      }
    });

    it('is told its place once', () => {
      const { engine, read, first } = live();
      const reader = read();
      expect(reader.events).to.deep.equal([{ id: 'o' }]);
      engine.give();
      engine.give('a');
      expect(reader.events).to.deep.equal([{ id: 'o' }, { id: 'a', data: 'a' }]);
      expect(first.events).to.deep.equal(reader.events);
    });

    it('is told its place only if it gets nothing at once', () => {
      const { engine, read } = create({ from: 'earliest' });
      const reader = read();
      engine.answer('tip', 'b');
      engine.answer('page b', lastPage());
      engine.answer('origin', 'k');
      expect(reader.events).to.deep.equal([]);
      engine.answer('page k', lastPage('a', 'b'));
      expect(reader.events.map(({ id }) => id)).to.deep.equal(['a', 'b']);
      const empty = create({ from: 'earliest' });
      const none = empty.read();
      empty.engine.answer('tip', 'o');
      empty.engine.answer('page o', lastPage());
      empty.engine.answer('origin', 'o');
      expect(none.events).to.deep.equal([{ id: 'o' }]);
    });

    it('gets entries that are no events as places', () => {
      const { engine, first } = live();
      engine.give({ id: 'a' });
      expect(first.events).to.deep.equal([{ id: 'o' }, { id: 'a' }]);
    });
  });

  describe('behind the tail', () => {
    it('reads pages until it meets what is known', () => {
      const { engine, read } = live();
      engine.give('a', 'b');
      const reader = read('k');
      engine.answer('page k', page('l', 'm'));
      expect(reader.data).to.deep.equal(['l', 'm']);
      engine.answer('page m', page('o', 'a'));
      engine.give('c');
      expect(reader.data).to.deep.equal(['l', 'm', 'o', 'a', 'b', 'c']);
      expect(engine.open()).to.deep.equal(['tail o']);
    });

    it('reads on, if the tail has gone past its last page meanwhile', () => {
      const { engine, read } = live();
      const reader = read('k');
      engine.give('a');
      engine.answer('page k', lastPage('l', 'o'));
      engine.answer('page o', lastPage('a'));
      expect(reader.data).to.deep.equal(['l', 'o', 'a']);
      engine.give('b');
      expect(reader.data).to.deep.equal(['l', 'o', 'a', 'b']);
      expect(engine.open()).to.deep.equal(['tail o']);
    });

    it('gets each event once, whoever brings it first', () => {
      const { engine, read, first } = live();
      const reader = read('k');
      engine.give('a');
      engine.answer('page k', lastPage('o', 'a', 'b', 'c'));
      engine.give('b');
      engine.give('c', 'd');
      engine.answerAny('page c', lastPage('d'));
      expect(reader.data).to.deep.equal(['o', 'a', 'b', 'c', 'd']);
      expect(first.data).to.deep.equal(['a', 'b', 'c', 'd']);
    });

    it('gets the very same events as others', () => {
      const { engine, read, first } = live();
      const reader = read('k');
      engine.answer('page k', lastPage('o', 'a', 'b'));
      engine.give('a', 'b');
      expect(reader.events.at(-1)).to.equal(first.events.at(-1));
    });

    it('shares its pages with those at the same place, also with who comes meanwhile', () => {
      const { engine, read } = live();
      const readers = ids(100).map(() => read('k'));
      engine.answer('page k', page('l'));
      readers.push(read('k'), read('l'));
      expect(engine.count('page l')).to.equal(1);
      engine.answer('page l', lastPage('o'));
      engine.answerAny('page k', lastPage('l', 'o'));
      expect(readers.pop()?.data).to.deep.equal(['o']);
      for (const { data } of readers) expect(data).to.deep.equal(['l', 'o']);
      expect(engine.count('page k')).to.be.at.most(2);
    });

    it('gets what the tail brought before it joined who had asked already', () => {
      const { engine, read } = live();
      const readers = [read('k')];
      engine.give('a');
      readers.push(read('k'));
      engine.answer('page k', lastPage('o'));
      engine.answerAny('page o', lastPage('a'));
      for (const { data } of readers) expect(data).to.deep.equal(['o', 'a']);
    });

    it('asks anew once a page was answered', () => {
      const { engine, read } = live();
      read('k').leave();
      const reader = read('k');
      engine.answer('page k', { gap: 'trimmed' });
      engine.answer('origin', 'o');
      expect(reader.data).to.deep.equal([gap('trimmed')]);
      read('k');
      expect(engine.count('page k')).to.equal(3);
    });

    it('leaves its page as it leaves, and those who share it have it still', () => {
      const { engine, read } = live();
      const [one, other] = [read('k'), read('k')];
      one.leave();
      expect(engine.open()).to.deep.equal(['tail o', 'page k']);
      other.leave();
      expect(engine.open()).to.deep.equal(['tail o']);
      const third = read('k');
      engine.answer('page k', lastPage('o'));
      expect([one, other, third].map(({ data }) => data)).to.deep.equal([[], [], ['o']]);
    });
  });

  describe('ahead of the tail', () => {
    it('gets nothing of what the tail brings until it has come to its place', () => {
      const { engine, read } = live();
      const reader = read('p');
      engine.answer('page p', lastPage());
      for (const id of ['m', 'n', 'p', 'q', 'r']) {
        engine.give(id);
        const next = { p: ['q'], q: ['q'], r: ['r'] }[id] ?? [];
        for (const question of engine.open().filter(each => each.startsWith('page'))) {
          engine.answer(question, lastPage(...(id === 'p' ? [] : next)));
        }
      }
      expect(reader.data).to.deep.equal(['q', 'r']);
    });

    it('goes on, though the tail has moved while its page was under way', () => {
      const { engine, read } = live();
      const reader = read('p');
      engine.give('m');
      engine.answer('page p', lastPage());
      engine.give('n', 'p', 'q');
      engine.answerAny('page p', lastPage('q'));
      engine.give('r');
      expect(reader.data).to.deep.equal(['q', 'r']);
    });

    it('shares the page that it asks for once more', () => {
      const { engine, read } = live();
      const reader = read('p');
      engine.give('m');
      engine.answer('page p', lastPage());
      const second = read('p');
      expect(engine.count('page p')).to.equal(2);
      engine.answer('page p', lastPage('q'));
      expect([reader.data, second.data]).to.deep.equal([['q'], ['q']]);
    });

    it('is told, if what it was ahead by is lost, and the tail goes on elsewhere', () => {
      const { engine, read, first } = live();
      engine.give('a');
      const reader = read('k');
      engine.answer('page k', lastPage('o', 'a', 'p'));
      // Such as a follower that had not got `p`, and now is the leader.
      engine.give('q');
      engine.answerAny('page p', { gap: 'future' });
      engine.answerAny('origin', 'k');
      engine.answerAny('page k', lastPage('o', 'a', 'q'));
      engine.give('r');
      engine.answerAny('page q', lastPage('r'));
      expect(reader.data).to.deep.equal(['o', 'a', 'p', gap('future'), 'o', 'a', 'q', 'r']);
      // It may have been given `p`, but then it was told, too.
      expect(first.data).to.be.deep.oneOf([
        ['a', 'q', 'r'],
        ['a', 'p', gap('future'), 'o', 'a', 'q', 'r'],
      ]);
      const back = read('a');
      time.tick(0);
      engine.answerAny('page a', lastPage('q', 'r'));
      engine.answerAny('page q', lastPage('r'));
      engine.answerAny('page r', lastPage());
      expect(back.data).to.deep.equal(['q', 'r']);
    });

    it('goes on after a page that was empty, but not the last', () => {
      const { engine, read } = live();
      const reader = read('k');
      engine.answer('page k', page());
      engine.answer('page k', lastPage('o'));
      expect(reader.data).to.deep.equal(['o']);
    });

    it('has the tail pass what it has read already', () => {
      const { engine, read, first } = live();
      const reader = read('k');
      engine.answer('page k', lastPage('o', 'a', 'b', 'c'));
      expect(reader.data).to.deep.equal(['o', 'a', 'b', 'c']);
      engine.give('a', 'b');
      engine.give('c', 'd');
      engine.answerAny('page c', lastPage('d'));
      expect(reader.data).to.deep.equal(['o', 'a', 'b', 'c', 'd']);
      expect(first.data).to.deep.equal(['a', 'b', 'c', 'd']);
    });
  });

  describe('in turns', () => {
    it('gets at once what has come at once', () => {
      const { engine, read, first } = live();
      const second = read();
      engine.give(...ids(1024));
      expect([first, second].map(({ data }) => data)).to.deep.equal([ids(1024), ids(1024)]);
    });

    it('has others go on after 1024 events in a row', () => {
      const { engine, first } = live();
      engine.give(...ids(3000));
      expect(first.data).to.have.length(1024);
      engine.give(...ids(10, 3000));
      expect(first.data).to.have.length(1024);
      const seenByOthers: number[] = [];
      const look = () => {
        seenByOthers.push(first.data.length);
        if (first.data.length < 3010) setTimeout(look, 0);
      };
      setTimeout(look, 0);
      time.tick(0);
      expect(seenByOthers).to.deep.equal([2048, 3010]);
      expect(first.data).to.deep.equal(ids(3010));
    });

    it('asks for its next page in the next turn, if it is still there', () => {
      const { engine, read } = create({}, { page: place => pageOfMany(place, 100), tip: () => 'o' });
      const reader = read('n0');
      const leaves = read('n0');
      expect(reader.data).to.deep.equal(ids(100, 1));
      expect(engine.count('page n')).to.be.at.most(2);
      leaves.leave();
      time.tick(0);
      expect(reader.data).to.deep.equal(ids(9999, 1));
      expect(leaves.data).to.deep.equal(ids(100, 1));
    });

    it('gets nothing more once it has left, be it between two events or two turns', () => {
      const { engine, log, read, first } = live({ idleTimeout: 0 });
      const seen: unknown[] = [];
      const leaving = log.after(undefined).subscribe(event => {
        seen.push(event.id);
        if (event.id === 'n1') leaving.unsubscribe();
      });
      const late = read();
      engine.give(...ids(3000));
      expect(seen).to.deep.equal(['o', 'n0', 'n1']);
      late.leave();
      first.leave();
      expect(time.pending()).to.equal(0);
      expect(late.data).to.have.length(1024);
    });

    it('asks for no other page once it has left in the middle of one', () => {
      const { engine, log } = live();
      const leaving = log.after('k').subscribe(() => leaving.unsubscribe());
      engine.answer('page k', page('l', 'm'));
      expect(engine.open()).to.deep.equal(['tail o']);
    });

    it('that errors on an event disturbs no other', async () => {
      const { engine, log, first } = live();
      const subscriber = log.after(undefined).subscribe({
        next: () => subscriber.unsubscribe(),
        error: () => expect.fail('mine'),
      });
      engine.give('a');
      await settled();
      expect(first.data).to.deep.equal(['a']);
    });
  });

  describe('where events are missing', () => {
    it('costs a few questions, and shares them with those at the same place', () => {
      const { engine, read } = live();
      const readers = ids(50).map(() => read('x'));
      engine.answer('page x', { gap: 'invalid' });
      engine.answer('origin', 'k');
      engine.answer('page k', lastPage('l', 'o'));
      for (const { events } of readers) {
        expect(events).to.deep.equal([
          { type: 'gap', data: gap('invalid'), id: 'k' },
          { id: 'l', data: 'l' },
          { id: 'o', data: 'o' },
        ]);
      }
      expect(engine.asked.slice(3)).to.deep.equal(['page x', 'origin', 'page k']);
    });

    it('goes on at the tip, if told to', () => {
      const { engine, read } = live({ onGap: 'latest' });
      const reader = read('x');
      engine.answer('page x', { gap: 'trimmed' });
      engine.answer('tip', 'o');
      engine.give('a');
      engine.answerAny('page o', lastPage('a'));
      expect(reader.data).to.deep.equal([gap('trimmed'), 'a']);
      expect(reader.events[0]?.id).to.equal('o');
    });

    it('errors, if told to, and nobody else does', async () => {
      const { engine, read, first } = live({ onGap: 'error' });
      const reader = read('x');
      engine.answer('page x', { gap: 'reset' });
      if (engine.open().includes('origin')) engine.answer('origin', 'o');
      const error = await reader.over;
      expect(error).to.be.instanceOf(SseLogError).and.include({ reason: 'gap', gap: 'reset' });
      expect(reader.events).to.deep.equal([]);
      engine.give('a');
      expect(first.data).to.deep.equal(['a']);
    });

    it('is told again, if it is too slow for what is trimmed', () => {
      const { engine, read } = live();
      const reader = read('a');
      engine.answer('page a', { gap: 'trimmed' });
      engine.answer('origin', 'e');
      engine.answer('page e', { gap: 'trimmed' });
      engine.answer('origin', 'k');
      engine.answer('page k', lastPage('o'));
      expect(reader.data).to.deep.equal([gap('trimmed'), gap('trimmed'), 'o']);
    });

    it('gets what the tail brings meanwhile, and so does who was there already', () => {
      const { engine, read, first } = live();
      const reader = read('k');
      engine.answer('page k', page('o', 'p'));
      // It is ahead of the tail, and asks on, as the tail comes to the same place and the engine loses everything.
      engine.give('p');
      engine.answer('page p', { gap: 'reset' });
      engine.answer('origin', 'z');
      engine.give('q');
      engine.answerAny('page z', lastPage('q'));
      engine.give('r');
      expect(reader.data).to.deep.equal(['o', 'p', gap('reset'), 'q', 'r']);
      expect(first.data.filter(each => typeof each === 'string')).to.deep.equal(['p', 'q', 'r']);
    });
  });

  describe('with an engine that fails', () => {
    it('asks for its page again after 100 ms, then twice as long each time, up to 5 s', () => {
      const { engine, read, errors } = live();
      const reader = read('k');
      const failures: Error[] = [];
      for (const wait of [100, 200, 400, 800, 1600, 3200, 5000, 5000]) {
        failures.push(new Error(`before ${wait}`));
        engine.fail('page k', failures.at(-1));
        time.tick(wait - 1);
        expect(engine.open()).to.deep.equal(['tail o']);
        time.tick(1);
        expect(engine.open()).to.deep.equal(['tail o', 'page k']);
      }
      engine.answer('page k', page('l'));
      engine.fail('page l', new Error('once more'));
      time.tick(100);
      engine.answer('page l', lastPage('o'));
      expect(reader.data).to.deep.equal(['l', 'o']);
      expect(errors.slice(0, -1)).to.deep.equal(failures);
    });

    it('tells of a failure once, however many share the page', () => {
      const { engine, read, errors } = live();
      const readers = ids(10).map(() => read('k'));
      const failure = new Error('mine');
      engine.fail('page k', failure);
      expect(errors).to.deep.equal([failure]);
      time.tick(100);
      expect(engine.count('page k')).to.equal(2);
      engine.answer('page k', lastPage('o'));
      for (const { data } of readers) expect(data).to.deep.equal(['o']);
    });

    it('asks for its page again after ten seconds of silence', () => {
      const { engine, read, errors } = live();
      const reader = read('k');
      time.tick(9_999);
      expect(errors).to.deep.equal([]);
      time.tick(1);
      expect(engine.open()).to.deep.equal(['tail o']);
      expect(errors.map(error => (error as Error).name)).to.deep.equal(['TimeoutError']);
      time.tick(100);
      engine.answer('page k', { gap: 'trimmed' });
      time.tick(10_000);
      time.tick(200);
      engine.answer('page k', { gap: 'trimmed' });
      engine.answer('origin', 'o');
      expect(reader.data).to.deep.equal([gap('trimmed')]);
    });

    it('takes silence for something that an engine may get over, whatever it says of errors', () => {
      const { engine, read } = live({}, { isTransient: () => false });
      const reader = read('k');
      time.tick(10_000);
      time.tick(100);
      engine.answer('page k', lastPage('o'));
      expect(reader.data).to.deep.equal(['o']);
    });

    it('asks where it begins again', () => {
      const { engine, read } = create({ from: 'earliest' });
      const reader = read();
      engine.answer('tip', 'o');
      engine.answer('page o', lastPage());
      engine.fail('origin', new Error('mine'));
      time.tick(100);
      time.tick(10_000);
      time.tick(200);
      engine.answer('origin', 'o');
      expect(reader.events).to.deep.equal([{ id: 'o' }]);
    });

    it('waits for the tail to be there again, then asks', () => {
      const { engine, read } = live();
      engine.endTail(new Error('mine'));
      const reader = read('k');
      time.tick(99);
      expect(engine.open()).to.deep.equal([]);
      time.tick(1);
      engine.answer('page o', lastPage());
      engine.answer('page k', lastPage('o'));
      expect(reader.data).to.deep.equal(['o']);
    });

    it('errors, if the engine will never do it, and nobody else does', async () => {
      const { engine, read, first } = live(
        {},
        { isTransient: error => (error as Error).message !== 'final' },
      );
      const reader = read('k');
      const cause = new Error('final');
      engine.fail('page k', cause);
      const error = await reader.over;
      expect(error).to.be.instanceOf(SseLogError).and.include({ reason: 'refused', cause });
      engine.give('a');
      expect(first.data).to.deep.equal(['a']);
    });
  });
});

/** Of a log that has ten thousand events, and whose tail begins at `o`. */
function pageOfMany(place: string, limit: number) {
  const from = Number(place.slice(1)) + 1;
  if (place === 'o') return lastPage();
  return from + limit < 10_000 ? page(...ids(limit, from)) : lastPage(...ids(10_000 - from, from));
}
