import { expect } from 'chai';
import {
  SseConnectionError,
  SseDataError,
  SseError,
  SseEventError,
  SseOverflowError,
  SseResponseError,
  SseSizeError,
} from '../../src/event-stream/index.js';

describe('the errors', () => {
  const event = { type: 'tick', data: '{', lastEventId: '7', origin: '' };
  const refusal = new SseResponseError({
    status: 404,
    url: 'https://example.com/',
    headers: new Headers({ 'content-type': 'text/html' }),
    lastEventId: '7',
  });
  const rows: readonly [error: SseError, name: string, message: string][] = [
    [
      new SseConnectionError('refused'),
      'SseConnectionError',
      'Expected an event stream that goes on, got: refused',
    ],
    [new SseConnectionError('cut'), 'SseConnectionError', 'Expected an event stream that goes on, got: cut'],
    [new SseConnectionError('end'), 'SseConnectionError', 'Expected an event stream that goes on, got: end'],
    [
      new SseConnectionError('idle'),
      'SseConnectionError',
      'Expected an event stream that goes on, got: idle',
    ],
    [refusal, 'SseResponseError', 'Expected 200 and text/event-stream, got 404 and text/html'],
    [new SseSizeError(10), 'SseSizeError', 'Expected an event of at most 10 bytes, got more'],
    [new SseEventError('id', 'a\n', 'one line'), 'SseEventError', 'Expected id to be one line, got "a\\n"'],
    [
      new SseOverflowError(10),
      'SseOverflowError',
      'Expected the reader to keep up, but more than 10 bytes are waiting for it',
    ],
    [
      new SseDataError(event),
      'SseDataError',
      'Expected the data of a tick event to be readable, but it is not',
    ],
    [
      new SseDataError(event, { cause: new SyntaxError('no JSON') }),
      'SseDataError',
      'Expected the data of a tick event to be readable, but it is not: no JSON',
    ],
  ];
  for (const [error, name, message] of rows) {
    it(`say what was expected and what came: ${message}`, () => {
      expect(error).to.be.instanceOf(SseError).and.instanceOf(Error);
      expect(error).to.include({ name, message });
    });
  }

  it('know of a connection that it was never open and never used, unless they are told', () => {
    for (const error of [
      new SseConnectionError('cut'),
      new SseConnectionError('cut', { openFor: undefined }),
    ]) {
      expect(error).to.include({ openFor: 0, isUsed: false });
    }
  });

  it('have a cause only where there is one', () => {
    expect(new SseConnectionError('end', { cause: undefined })).not.to.have.own.property('cause');
    expect(new SseConnectionError('cut', { cause: null })).to.have.own.property('cause', null);
  });

  it('carry the place and the cause', () => {
    const cause = new Error('socket');
    const error = new SseConnectionError('cut', {
      cause,
      lastEventId: '7',
      reconnectionTime: 5,
      openFor: 9,
      isUsed: true,
    });
    expect(error).to.include({
      cause,
      lastEventId: '7',
      reconnectionTime: 5,
      openFor: 9,
      isUsed: true,
      reason: 'cut',
    });
    expect(new SseDataError(event, { cause })).to.include({ cause, event, lastEventId: '7' });
    expect(refusal).to.include({
      status: 404,
      contentType: 'text/html',
      url: 'https://example.com/',
      body: '',
      lastEventId: '7',
    });
  });

  it('say so if a response has no content type', () => {
    expect(new SseResponseError({ status: 500, url: '', headers: new Headers() }))
      .to.include({ contentType: undefined })
      .and.property('message')
      .to.match(/got 500 and no content type$/);
  });
});
