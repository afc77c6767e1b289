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

  for (const value of [undefined, null, 'data', 5]) {
    it(`refuses ${String(value)} in place of an event`, () => {
      expect(errorOf(value)).to.be.instanceOf(SseEventError).and.include({ field: 'event', value });
    });
  }

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
