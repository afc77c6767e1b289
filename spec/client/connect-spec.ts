import { expect } from 'chai';
import { Subject, type Subscription } from 'rxjs';
import {
  fromSSE,
  SseConnectionError,
  SseResponseError,
  type FromSseConfig,
  type ResumePoint,
} from '../../src/index.js';
import { eventStream, scriptedFetch } from '../support/scriptedFetch.js';
import { settled, virtualTime } from '../support/virtualTime.js';

describe('a connection', () => {
  const time = virtualTime();
  let subscription: Subscription | undefined;
  afterEach(() => subscription?.unsubscribe());

  /** Subscribes, and keeps what it is told. */
  const told = (config: FromSseConfig) => {
    const log: unknown[] = [];
    const errors: unknown[] = [];
    subscription = fromSSE('/relative', {
      reconnect: { delay: 100 },
      openObserver: ({ attempt }) => log.push(`open ${attempt}`),
      closeObserver: ({ reason, retryIn, error }) => {
        log.push(`${reason} ${retryIn ?? 'for good'}`);
        errors.push(error);
      },
      ...config,
    }).subscribe({ next: ({ data }) => log.push(data), error: error => log.push(error) });
    return { log, errors };
  };

  describe('that is silent', () => {
    it('counts as broken after idleTimeout, and is made again', async () => {
      const stream = eventStream();
      const { fetch, requests } = scriptedFetch(stream.response, eventStream().response);
      const { log, errors } = told({ fetch, idleTimeout: 1000 });
      await time.pass(999);
      expect(log).to.deep.equal(['open 1']);

      await time.pass(1);
      expect(log).to.deep.equal(['open 1', 'idle 100']);
      expect(errors[0]).to.be.instanceOf(SseConnectionError).and.include({ reason: 'idle', openFor: 1000 });
      expect(requests[0]?.signal?.aborted).to.equal(true);
      expect(stream.isCancelled()).to.equal(true);

      await time.pass(100);
      expect(log).to.deep.equal(['open 1', 'idle 100', 'open 2']);
    });

    it('is not, as long as anything comes, were it part of a comment', async () => {
      const stream = eventStream();
      const { log } = told({ fetch: scriptedFetch(stream.response).fetch, idleTimeout: 1000 });
      for (const text of ['data: a\n\n', ': b\n', ':', ' c']) {
        await time.pass(999);
        stream.write(text);
      }
      await time.pass(999);
      expect(log).to.deep.equal(['open 1', 'a']);
      await time.pass(1);
      expect(log).to.deep.equal(['open 1', 'a', 'idle 100']);
    });

    it('counts as broken after two and a half keep-alives, if the server announces those first', async () => {
      const stream = eventStream();
      const { log } = told({ fetch: scriptedFetch(stream.response).fetch });
      await time.pass(0);
      stream.write(': keep-alive 1000\n\n: keep-alive 5\n\n');
      await time.pass(2499);
      expect(log).to.deep.equal(['open 1']);
      await time.pass(1);
      expect(log).to.deep.equal(['open 1', 'idle 100']);
    });

    for (const [name, text, idleTimeout] of [
      ['nothing was announced', ': hello\n\n', undefined],
      ['it was announced too late', ': hello\n: keep-alive 1000\n\n', 'auto'],
      ['a keep-alive of nothing was announced', ': keep-alive 0\n\n', undefined],
      ['it looks like an announcement', ': keep-alive 1000 or so\n\n', undefined],
      ['idleTimeout is false', ': keep-alive 1000\n\n', false],
      ['idleTimeout is Infinity', ': keep-alive 1000\n\n', Infinity],
      ['idleTimeout is more than a timer can hold', '', 2 ** 31],
    ] as const) {
      it(`is left alone where ${name}`, async () => {
        const stream = eventStream();
        const { log } = told({ fetch: scriptedFetch(stream.response).fetch, idleTimeout });
        await time.pass(0);
        stream.write(text);
        await time.pass(86_400_000);
        expect(log).to.deep.equal(['open 1']);
      });
    }

    it('is of no interest once it is unsubscribed', async () => {
      let looks = 0;
      const resumePoint: ResumePoint = {
        get lastEventId() {
          looks++;
          return '';
        },
        reconnectionTime: undefined,
      };
      const never = new Promise<never>(() => undefined);
      const { log } = told({ connectTimeout: 1000, headers: () => never, resumePoint });
      await settled();
      subscription?.unsubscribe();
      looks = 0;
      await time.pass(1000);
      expect(log).to.deep.equal(['unsubscribed for good']);
      expect(looks).to.equal(0);
    });
  });

  describe('that has no answer', () => {
    it('counts as refused after connectTimeout, and is made again', async () => {
      const { fetch, requests } = scriptedFetch();
      const { log, errors } = told({ fetch, connectTimeout: 1000 });
      await time.pass(999);
      expect(log).to.deep.equal([]);
      await time.pass(1);
      expect(log).to.deep.equal(['refused 100']);
      expect(errors[0]).to.be.instanceOf(SseConnectionError).and.include({ reason: 'refused', openFor: 0 });
      expect(requests[0]?.signal?.aborted).to.equal(true);
      await time.pass(100);
      expect(requests).to.have.length(2);
    });

    it('counts as refused also while its headers are made', async () => {
      const { fetch, requests } = scriptedFetch();
      const { log } = told({ fetch, connectTimeout: 1000, headers: () => new Promise(() => undefined) });
      await time.pass(1000);
      expect(log).to.deep.equal(['refused 100']);
      expect(requests).to.have.length(0);
    });

    it('is left alone once the head is in', async () => {
      const { log } = told({ fetch: scriptedFetch(eventStream().response).fetch, connectTimeout: 1000 });
      await time.pass(86_400_000);
      expect(log).to.deep.equal(['open 1']);
    });

    it('is waited for as long as the platform does, by default', async () => {
      const { log } = told({ fetch: scriptedFetch().fetch });
      await time.pass(86_400_000);
      expect(log).to.deep.equal([]);
    });

    it('is of no interest any more once it was given up', async () => {
      const late = eventStream();
      let answer: ((response: Response) => void) | undefined;
      const { fetch } = scriptedFetch(new Promise(resolve => (answer = resolve)));
      const { log } = told({ fetch, connectTimeout: 1000 });
      await time.pass(1000);
      answer?.(late.response);
      late.write('data: a\n\n');
      await settled();
      expect(log).to.deep.equal(['refused 100']);
      expect(late.isCancelled()).to.equal(true);
    });
  });

  describe('whose headers are refused', () => {
    for (const status of [401, 403]) {
      it(`asks for them once more after ${status}, and goes on`, async () => {
        const [refused, stream] = [eventStream(status), eventStream()];
        const { fetch, requests } = scriptedFetch(refused.response, stream.response);
        const asked: unknown[] = [];
        const { log } = told({
          fetch,
          lastEventId: '7',
          headers: attempt => {
            asked.push(attempt);
            return { Authorization: `token ${asked.length}` };
          },
        });
        await settled();
        stream.write('data: a\n\n');
        await settled();
        expect(asked).to.deep.equal([
          { attempt: 1, lastEventId: '7' },
          { attempt: 1, lastEventId: '7', refusedWith: status },
        ]);
        expect(requests.map(({ headers }) => new Headers(headers).get('authorization'))).to.deep.equal([
          'token 1',
          'token 2',
        ]);
        expect(log).to.deep.equal(['open 1', 'a']);
        expect(refused.isCancelled()).to.equal(true);
      });
    }

    it('fails if they are refused again', async () => {
      const { fetch, requests } = scriptedFetch(
        new Response('no', { status: 401 }),
        new Response('never', { status: 403 }),
      );
      const { log } = told({ fetch, headers: () => Promise.resolve({}) });
      await settled();
      expect(requests).to.have.length(2);
      expect(log[0]).to.equal('refused for good');
      expect(log[1]).to.be.instanceOf(SseResponseError).and.include({ status: 403, body: 'never' });
    });

    it('may ask once more each time it is made', async () => {
      const [first, second] = [eventStream(), eventStream()];
      const unauthorized = () => new Response('no', { status: 401 });
      const { fetch, requests } = scriptedFetch(
        unauthorized(),
        first.response,
        unauthorized(),
        second.response,
      );
      const { log } = told({ fetch, headers: () => ({}) });
      await settled();
      first.end();
      await time.pass(100);
      expect(log).to.deep.equal(['open 1', 'end 100', 'open 2']);
      expect(requests).to.have.length(4);
    });

    it('makes the body anew, too, and repeats no other method than it was given', async () => {
      const bodies = ['first', 'second'];
      const { fetch, requests } = scriptedFetch(new Response('no', { status: 401 }), eventStream().response);
      told({ fetch, method: 'PUT', headers: () => ({}), body: () => bodies.shift() });
      await settled();
      expect(requests.map(({ method, body }) => [method, body])).to.deep.equal([
        ['PUT', 'first'],
        ['PUT', 'second'],
      ]);
    });

    for (const [name, status, config] of [
      ['they were a value', 401, { headers: { Authorization: 'token' } }],
      ['there were none', 401, {}],
      ['it was another status', 404, { headers: () => ({}) }],
      ['the body is a stream, which is gone', 401, { headers: () => ({}), body: new Blob(['a']).stream() }],
    ] as const) {
      it(`fails at once where ${name}`, async () => {
        const { fetch, requests } = scriptedFetch(new Response('no', { status }));
        const { log } = told({ fetch, ...config });
        await settled();
        expect(requests).to.have.length(1);
        expect(log[0]).to.equal('refused for good');
      });
    }

    it('asks for nothing once it is unsubscribed, also while it asks', async () => {
      const asked: string[] = [];
      const ask = (name: string) => () => {
        asked.push(name);
        subscription?.unsubscribe();
        return {};
      };
      const { fetch, requests } = scriptedFetch();
      told({ fetch, headers: ask('headers'), body: ask('body') as never });
      await settled();
      expect(asked).to.deep.equal(['headers']);
      told({ fetch, headers: ask('headers again') });
      subscription?.unsubscribe();
      await settled();
      expect(asked).to.deep.equal(['headers']);
      expect(requests).to.have.length(0);
    });

    it('asks nobody if it was unsubscribed meanwhile', async () => {
      let answer: ((response: Response) => void) | undefined;
      const { fetch, requests } = scriptedFetch(new Promise(resolve => (answer = resolve)));
      let calls = 0;
      told({ fetch, headers: () => ({ call: String(++calls) }) });
      await settled();
      subscription?.unsubscribe();
      answer?.(new Response('no', { status: 401 }));
      await settled();
      expect([calls, requests.length]).to.deep.equal([1, 1]);
    });
  });

  it('tells of no opening once it is unsubscribed, whenever that is', async () => {
    for (let microtasks = 0; microtasks < 20; microtasks++) {
      const { log } = told({ fetch: scriptedFetch(eventStream().response).fetch });
      for (let n = 0; n < microtasks; n++) await Promise.resolve();
      subscription?.unsubscribe();
      const before = [...log];
      await settled();
      expect(log).to.deep.equal(before);
      expect(log.at(-1)).to.equal('unsubscribed for good');
    }
  });

  describe('that meets a mistake of yours', () => {
    it('fails with it, rather than to be made again and again, where the resume point cannot be written to', async () => {
      const stream = eventStream();
      const resumePoint = Object.freeze({ lastEventId: '', reconnectionTime: undefined });
      const { log } = told({ fetch: scriptedFetch(stream.response).fetch, resumePoint });
      await settled();
      stream.write('id: 7\ndata: a\n\n');
      await settled();
      expect(log[2]).to.be.instanceOf(TypeError);
    });

    it('fails with it where the body was read by an injected fetch', async () => {
      const { response } = eventStream();
      await response.body?.cancel();
      response.body?.getReader();
      const { log } = told({ fetch: scriptedFetch(response).fetch });
      await settled();
      expect(log[2]).to.be.instanceOf(TypeError);
    });
  });

  describe('that is refused', () => {
    it('tells no body where an injected fetch has read it, and is made again if that is worth it', async () => {
      const { response } = eventStream(503);
      response.body?.getReader();
      const { log, errors } = told({ fetch: scriptedFetch(response).fetch });
      await settled();
      expect(log).to.deep.equal(['refused 100']);
      expect(errors[0]).to.include({ status: 503, body: '' });
    });

    const bodyOf = async (...chunks: string[]) => {
      const refused = eventStream(404, { 'Content-Type': 'text/plain' });
      const { errors } = told({ fetch: scriptedFetch(refused.response).fetch });
      for (const chunk of chunks) refused.write(chunk);
      await settled();
      return { refused, errors };
    };

    it('tells the first KiB of the body, in however many pieces that comes, and reads no further', async () => {
      const { errors, refused } = await bodyOf('a'.repeat(800), 'b'.repeat(800));
      expect(errors[0]).to.include({ body: 'a'.repeat(800) + 'b'.repeat(224) });
      expect(refused.isCancelled()).to.equal(true);
      expect(time.pending()).to.equal(0);
    });

    it('tells no half of a character', async () => {
      const { errors } = await bodyOf(`${'x'.repeat(1023)}é`);
      expect(errors[0]).to.include({ body: 'x'.repeat(1023) });
    });

    it('tells what there is of the body after a second', async () => {
      const { errors, refused } = await bodyOf('slo', 'w');
      await time.pass(999);
      expect(errors).to.deep.equal([]);
      await time.pass(1);
      expect(errors[0]).to.include({ body: 'slow' });
      expect(refused.isCancelled()).to.equal(true);
    });

    it('tells what came of a body that breaks', async () => {
      const { errors, refused } = await bodyOf('half');
      refused.cut();
      await settled();
      expect(errors[0]).to.include({ status: 404, body: 'half' });
      expect(time.pending()).to.equal(0);
    });
  });

  describe('that is to be made anew now', () => {
    it('is dropped, and made at once, from the last event', async () => {
      const now = new Subject<void>();
      const [first, second] = [eventStream(), eventStream()];
      const { fetch, requests } = scriptedFetch(first.response, second.response);
      const { log } = told({ fetch, reconnect: { now } });
      await settled();
      first.write('id: 7\ndata: a\n\n');
      await settled();

      first.write('data: b\n\n');
      now.next();
      await settled();
      expect(log).to.deep.equal(['open 1', 'a', 'unsubscribed 0', 'open 2']);
      expect(first.isCancelled()).to.equal(true);
      expect(new Headers(requests[1]?.headers).get('last-event-id')).to.equal('7');
    });

    it('is made at once though it was being waited for', async () => {
      const now = new Subject<void>();
      const first = eventStream();
      const { fetch, requests } = scriptedFetch(first.response, eventStream().response);
      const { log } = told({ fetch, reconnect: { now, delay: 60_000 } });
      await settled();
      first.cut();
      await settled();
      expect(requests).to.have.length(1);

      now.next();
      await settled();
      expect(log).to.deep.equal(['open 1', 'cut 60000', 'open 2']);
    });

    it('is made once, though it is asked for again while the one before is dropped', async () => {
      const now = new Subject<void>();
      const { fetch, requests } = scriptedFetch(eventStream().response, eventStream().response);
      const { log } = told({
        fetch,
        reconnect: { now },
        closeObserver: ({ retryIn }) => {
          if (retryIn === 0) now.next();
        },
      });
      await settled();
      now.next();
      await settled();
      expect(log).to.deep.equal(['open 1', 'open 2']);
      expect(requests).to.have.length(2);
      now.next();
      await settled();
      expect(requests).to.have.length(3);
    });

    it('is told to be over for good when it is left after that', async () => {
      const now = new Subject<void>();
      const { fetch } = scriptedFetch(eventStream().response, eventStream().response);
      const { log } = told({ fetch, reconnect: { now } });
      await settled();
      now.next();
      await settled();
      subscription?.unsubscribe();
      expect(log).to.deep.equal(['open 1', 'unsubscribed 0', 'open 2', 'unsubscribed for good']);
    });
  });
});
