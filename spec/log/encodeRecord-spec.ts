import { expect } from 'chai';
import fc from 'fast-check';
import { SseEventError, type SseEvent } from '../../src/event-stream/index.js';
import { decodeRecord, encodeRecord } from '../../src/log/index.js';

describe('encodeRecord', () => {
  const oneLine = fc.string({ unit: 'binary' }).map(text => text.replace(/[\r\n]/g, ''));
  const fields = fc.record(
    {
      type: oneLine,
      data: fc.jsonValue(),
      id: fc.constantFrom('', 'an id of its own'),
      retry: fc.nat(),
      comment: fc.string({ unit: 'binary' }),
    },
    { requiredKeys: [] },
  );
  const anyKey = fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'toJSON', 'log'));
  // Other libraries call the type so.
  const extras = fc.dictionary(
    anyKey.filter(key => key !== 'event' && !(key in { type: 0, data: 0, id: 0, retry: 0, comment: 0 })),
    fc.jsonValue(),
  );

  it('writes what decodeRecord reads back, whatever else is in it', () => {
    const event = fc.tuple(
      // What is only kept for its id has nothing to be told from a payload by.
      fields.filter(({ id: _, ...rest }) => Object.keys(rest).length > 0),
      extras,
    );
    fc.assert(
      fc.property(event, ([known, extra]) => {
        const event: SseEvent = { ...extra, ...known };
        const record = encodeRecord(event);
        const read = decodeRecord(record, '7');
        const { id: _, ...written }: SseEvent = JSON.parse(JSON.stringify(event));
        expect(read).to.deep.equal({ ...written, id: '7' });
        expect(Object.getPrototypeOf(read)).to.equal(Object.prototype);
        expect(record).not.to.match(/[\r\n]/);
      }),
      { numRuns: 1000 },
    );
  });

  it('writes fields as JSON, without the id', () => {
    const rows: readonly [SseEvent, string][] = [
      [{ type: 'tick', data: { price: 42 }, id: '5' }, '{"type":"tick","data":{"price":42}}'],
      [{ data: 'a\nb' }, '{"data":"a\\nb"}'],
      [{ data: null }, '{"data":null}'],
      [{ data: undefined, type: undefined, id: '5' }, '{}'],
      [{ id: '5' }, '{}'],
      [{ retry: 10, comment: 'x' }, '{"retry":10,"comment":"x"}'],
      [{ data: new Date(0) }, '{"data":"1970-01-01T00:00:00.000Z"}'],
    ];
    for (const [event, record] of rows) expect(encodeRecord(event)).to.equal(record);
  });

  it('leaves the event as it is', () => {
    const event = Object.freeze({ data: Object.freeze({ a: 1 }), id: '5' });
    expect(encodeRecord(event)).to.equal('{"data":{"a":1}}');
    expect(event).to.deep.equal({ data: { a: 1 }, id: '5' });
  });

  const circle: Record<string, unknown> = {};
  circle['itself'] = circle;
  const refused: readonly [what: string, event: object, field: SseEventError['field']][] = [
    ['a circle in its data', { data: circle }, 'data'],
    ['a bigint', { data: { n: 1n } }, 'data'],
    ['a function for data', { data: () => 1 }, 'data'],
    ['a symbol for data', { data: Symbol('a') }, 'data'],
    ['data whose toJSON throws', { data: { toJSON: () => expect.fail('mine') } }, 'data'],
    ['a line break in its type', { type: 'a\nb' }, 'type'],
    ['a retry that is none', { retry: 1.5 }, 'retry'],
    ['a payload in place of an event', { price: 1 }, 'event'],
    ['one with an id and nothing that is known', { id: '5', price: 1 }, 'event'],
    ['a type called event', { event: 'tick', data: 1 }, 'event'],
    ['a bigint in a field of its own', { data: 1, extra: 1n }, 'event'],
  ];
  for (const [what, event, field] of refused) {
    it(`refuses ${what}`, () => {
      expect(() => encodeRecord(event))
        .to.throw(SseEventError)
        .with.property('field', field);
    });
  }

  it('says what JSON could not write, and why', () => {
    expect(() => encodeRecord({ data: 1, ...{ extra: 1n } }))
      .to.throw(SseEventError, 'what JSON can write')
      .with.property('cause')
      .that.is.instanceOf(TypeError);
  });
});
