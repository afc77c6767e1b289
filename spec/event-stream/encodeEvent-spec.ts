import { expect } from 'chai';
import { encodeEvent, SseEventError, type SseEvent } from '../../src/event-stream/index.js';

describe('encodeEvent', () => {
  const rows: readonly [claim: string, event: SseEvent, text: string][] = [
    [
      'writes a space after each colon, so that a leading one of the payload survives',
      { data: ' a' },
      'data:  a\n\n',
    ],
    [
      'writes all fields',
      { comment: 'c', retry: 5, type: 't', id: '1', data: 'd' },
      ': c\nretry: 5\nevent: t\nid: 1\ndata: d\n\n',
    ],
    [
      'starts a data line at LF, CR and CRLF',
      { data: 'a\nb\rc\r\nd\n\re' },
      'data: a\ndata: b\ndata: c\ndata: d\ndata: \ndata: e\n\n',
    ],
    ['keeps a trailing line break', { data: 'a\n' }, 'data: a\ndata: \n\n'],
    ['writes empty data', { data: '' }, 'data: \n\n'],
    ['writes no data field for undefined', { type: 't', data: undefined }, 'event: t\n\n'],
    ['writes null as JSON', { data: null }, 'data: null\n\n'],
    [
      'writes numbers, booleans, arrays and objects as JSON',
      { data: [1, true, { a: 'b\n' }] },
      'data: [1,true,{"a":"b\\n"}]\n\n',
    ],
    ['writes an empty id, which clears', { id: '' }, 'id: \n\n'],
    ['writes 0 as an id', { id: '0' }, 'id: 0\n\n'],
    ['writes a retry of 0', { retry: 0 }, 'retry: 0\n\n'],
    ['writes no type that is the default', { type: 'message', data: 'a' }, 'data: a\n\n'],
    ['writes no type that is empty', { type: '', data: 'a' }, 'data: a\n\n'],
    ['starts a comment line at each line break', { comment: 'a\r\nb\rc\nd' }, ': a\n: b\n: c\n: d\n\n'],
    ['invents nothing', {}, '\n'],
    ['writes UTF-8', { data: 'é豆腐😀' }, 'data: é豆腐😀\n\n'],
    [
      'starts a data line at a lone CR at the start and at CRLF at the end',
      { data: '\ra\r\n' },
      'data: \ndata: a\ndata: \n\n',
    ],
    ['cannot be made to write another field', { data: 'a\rid: 7' }, 'data: a\ndata: id: 7\n\n'],
    ['breaks no line at other separators', { data: 'a\u2028b\u0085c\f' }, 'data: a\u2028b\u0085c\f\n\n'],
    [
      'writes a lone surrogate in type or data as U+FFFD',
      { type: 'a\ud83d', data: '\udc00' },
      'event: a\uFFFD\ndata: \uFFFD\n\n',
    ],
    ['escapes a lone surrogate in JSON', { data: ['\ud83d'] }, 'data: ["\\ud83d"]\n\n'],
    ['asks toJSON', { data: new Date(0) }, 'data: "1970-01-01T00:00:00.000Z"\n\n'],
    ['writes an id that is not ASCII', { id: '…😀' }, 'id: …😀\n\n'],
    ['writes the largest safe retry', { retry: Number.MAX_SAFE_INTEGER }, 'retry: 9007199254740991\n\n'],
    ['writes -0 as a retry of 0', { retry: -0 }, 'retry: 0\n\n'],
    ['writes a type that only looks like the default', { type: 'Message' }, 'event: Message\n\n'],
    ['writes an empty comment', { comment: '' }, ': \n\n'],
    ['ends a comment that ends in a line break with an empty one', { comment: 'a\r' }, ': a\n: \n\n'],
    ['keeps NUL in data and type', { type: 'a\0', data: '\0' }, 'event: a\0\ndata: \0\n\n'],
  ];
  for (const [claim, event, text] of rows) {
    it(claim, () => expect(new TextDecoder().decode(encodeEvent(event))).to.equal(text));
  }

  const cycle: { self?: object } = {};
  cycle.self = cycle;
  const throwing = {
    toJSON() {
      throw new Error('no');
    },
  };
  const refused: readonly [field: SseEventError['field'], value: unknown, cause?: typeof Error][] = [
    ['type', 'a\r\nb'],
    ['type', null],
    ['id', null],
    ['id', '\0'],
    ['id', 'a\udc00b'],
    ['retry', 2 ** 53],
    ['retry', 5n],
    ['retry', null],
    ['comment', null],
    ['data', [{ deep: 10n }], TypeError],
    ['data', { toJSON: () => undefined }],
    ['type', 'a\nb'],
    ['type', 'a\rdata: forged'],
    ['type', 5],
    ['id', 'a\nb'],
    ['id', 'a\r'],
    ['id', 'a\0'],
    ['id', '\ud83d'],
    ['id', 7],
    ['retry', -1],
    ['retry', 1.5],
    ['retry', NaN],
    ['retry', Infinity],
    ['retry', 1e21],
    ['retry', '5'],
    ['comment', 5],
    ['data', 10n, TypeError],
    ['data', cycle, TypeError],
    ['data', throwing, Error],
    ['data', () => 1],
    ['data', Symbol('a')],
  ];
  for (const [field, value, cause] of refused) {
    const shown = typeof value === 'string' ? JSON.stringify(value) : typeof value;
    it(`refuses ${shown} as ${field}${cause ? `, because of a ${cause.name}` : ''}`, () => {
      const error = errorOf({ [field]: value });
      expect(error).to.be.instanceOf(SseEventError).and.include({ name: 'SseEventError', field });
      expect(error).property('value').to.deep.equal(value);
      if (cause) expect(error).property('cause').to.be.instanceOf(cause);
    });
  }

  for (const value of [undefined, null, 'data', 5, true, 5n]) {
    it(`refuses ${String(value)} in place of an event`, () => {
      expect(errorOf(value)).to.be.instanceOf(SseEventError).and.include({ field: 'event', value });
    });
  }

  it('refuses what has other fields only, such as a payload, bytes or a list', () => {
    for (const value of [{ price: 1 }, new Uint8Array(3), [{ data: 'a' }]]) {
      expect(errorOf(value)).to.be.instanceOf(SseEventError).and.include({ field: 'event', value });
    }
  });

  it('refuses an event whose type is called event, as elsewhere', () => {
    const value = { event: 'tick', data: 'a' };
    expect(errorOf(value)).to.be.instanceOf(SseEventError).and.include({ field: 'event', value });
  });

  it('writes an event that has no fields as a blank line', () => {
    for (const event of [{}, { data: undefined }, { id: undefined, event: undefined }]) {
      expect(encodeEvent(event)).to.deep.equal(new TextEncoder().encode('\n'));
    }
  });

  it('finds the fields also where they are inherited', () => {
    const event = Object.create({ data: 'a' }, { other: { value: 1, enumerable: true } });
    expect(encodeEvent(event)).to.deep.equal(new TextEncoder().encode('data: a\n\n'));
  });

  it('refuses an object whose fields cannot be read, and gives what it throws as the cause', () => {
    const mine = new Error('mine');
    const throwing = () => {
      throw mine;
    };
    for (const value of [
      {
        get data() {
          return throwing();
        },
      },
      new Proxy({}, { get: throwing, has: throwing, getPrototypeOf: throwing }),
    ]) {
      expect(errorOf(value)).to.be.instanceOf(SseEventError).and.include({ field: 'event', cause: mine });
    }
  });

  it('gives the same bytes for the same object', () => {
    const event = Object.freeze({ data: { a: 1 }, id: '1' });
    expect(encodeEvent(event)).to.equal(encodeEvent(event));
    expect(event).to.deep.equal({ data: { a: 1 }, id: '1' });
  });

  it('notices a field that was replaced', () => {
    const event = { data: 'a' };
    encodeEvent(event);
    event.data = 'b';
    expect(new TextDecoder().decode(encodeEvent(event))).to.equal('data: b\n\n');
  });

  it('notices it in every field, and refuses one that is replaced by what it cannot write', () => {
    const event = { type: 'a', data: 'a', id: 'a', retry: 1, comment: 'a' };
    const text = () => new TextDecoder().decode(encodeEvent(event));
    text();
    event.type = 'b';
    expect(text()).to.equal(': a\nretry: 1\nevent: b\nid: a\ndata: a\n\n');
    event.id = 'b';
    expect(text()).to.equal(': a\nretry: 1\nevent: b\nid: b\ndata: a\n\n');
    event.retry = 2;
    expect(text()).to.equal(': a\nretry: 2\nevent: b\nid: b\ndata: a\n\n');
    event.comment = 'b';
    expect(text()).to.equal(': b\nretry: 2\nevent: b\nid: b\ndata: a\n\n');
    event.id = 'b\n';
    expect(errorOf(event)).to.be.instanceOf(SseEventError).and.include({ field: 'id', value: 'b\n' });
  });

  it('gives bytes of their own to equal objects', () => {
    const [one, other] = [encodeEvent({ data: 'a' }), encodeEvent({ data: 'a' })];
    expect(one).to.deep.equal(other);
    expect(one).not.to.equal(other);
  });

  it('does not remember a refusal', () => {
    const event = { id: 'a\n' };
    expect(errorOf(event)).to.be.instanceOf(SseEventError);
    expect(errorOf(event)).to.be.instanceOf(SseEventError);
    event.id = 'a';
    expect(new TextDecoder().decode(encodeEvent(event))).to.equal('id: a\n\n');
  });

  it('gives what toJSON throws as the cause', () => {
    const reason = new Error('no');
    const data = {
      toJSON() {
        throw reason;
      },
    };
    expect(errorOf({ data })).to.be.instanceOf(SseEventError).and.property('cause').to.equal(reason);
  });

  it('does not write the fields of a received event', () => {
    const received = { type: 'tick', data: 'a', id: '1', lastEventId: '1', origin: 'https://example.com' };
    expect(new TextDecoder().decode(encodeEvent(received))).to.equal('event: tick\nid: 1\ndata: a\n\n');
  });

  function errorOf(event: unknown): unknown {
    try {
      // What a caller without types might pass.
      encodeEvent(event as SseEvent);
    } catch (error) {
      return error;
    }
    return undefined;
  }
});
