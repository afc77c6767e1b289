import { expect } from 'chai';
import { encodeEvent, SseEventError, type SseEvent } from '../../src/event-stream/index.js';
import { decodeRecord } from '../../src/log/index.js';

describe('decodeRecord', () => {
  const text = (event: SseEvent) => new TextDecoder().decode(encodeEvent(event));

  it('reads what anybody may have written', () => {
    const rows: readonly [record: string, event: SseEvent][] = [
      ['{"data":42}', { data: 42, id: '7' }],
      [' { "type" : "tick" , "data" : { "price" : 42 } } ', { type: 'tick', data: { price: 42 }, id: '7' }],
      ['{"data":null}', { data: null, id: '7' }],
      ['{"data":"","by":"me"}', { data: '', id: '7', ...{ by: 'me' } }],
      ['{"retry":5,"comment":"a"}', { retry: 5, comment: 'a', id: '7' }],
      ['{"type":"é😀","data":"\\ud800"}', { type: 'é😀', data: '\ud800', id: '7' }],
    ];
    for (const [record, event] of rows) expect(decodeRecord(record, '7')).to.deep.equal(event);
  });

  it('has its id win over that of the record', () => {
    for (const id of ['"5"', '5', 'null', '"a\\nb"', '""']) {
      const event = decodeRecord(`{"id":${id},"data":1}`, '7');
      expect(event).to.deep.equal({ data: 1, id: '7' });
      expect(text(event)).to.equal('id: 7\ndata: 1\n\n');
    }
  });

  it('makes a place of what carries nothing', () => {
    for (const record of ['{}', '{"id":"5"}']) {
      expect(decodeRecord(record, '7')).to.deep.equal({ id: '7' });
    }
  });

  it('takes no prototype from a record', () => {
    const event = decodeRecord('{"data":1,"__proto__":{"type":"mine","polluted":1}}', '7');
    expect(Object.getPrototypeOf(event)).to.equal(Object.prototype);
    expect(event.type).to.equal(undefined);
    expect(text(event)).to.equal('id: 7\ndata: 1\n\n');
    expect({}).not.to.have.property('polluted');
    expect(() => decodeRecord('{"__proto__":{"data":1}}', '7')).to.throw(SseEventError);
    expect(decodeRecord('{"data":{"__proto__":{"a":1}}}', '7'))
      .property('data')
      .satisfies((data: object) => Object.keys(data).join() === '__proto__');
  });

  const refused: readonly [record: string, field: SseEventError['field']][] = [
    ['', 'event'],
    ['{', 'event'],
    ['undefined', 'event'],
    ["{'data':1}", 'event'],
    ['null', 'event'],
    ['1', 'event'],
    ['"{}"', 'event'],
    ['[1]', 'event'],
    ['{"price":1}', 'event'],
    ['{"event":"tick","data":1}', 'event'],
    ['{"event":null,"data":1}', 'event'],
    ['{"type":"a\\nb"}', 'type'],
    ['{"type":null}', 'type'],
    ['{"type":5,"data":1}', 'type'],
    ['{"retry":-1}', 'retry'],
    ['{"retry":"5"}', 'retry'],
    ['{"comment":5}', 'comment'],
  ];
  for (const [record, field] of refused) {
    it(`refuses ${record || 'nothing'}`, () => {
      expect(() => decodeRecord(record, '7'))
        .to.throw(SseEventError)
        .with.property('field', field);
    });
  }

  it('refuses an id that could not be written', () => {
    for (const id of ['a\nb', 'a\rb', '\0', '\ud800']) {
      expect(() => decodeRecord('{"data":1}', id))
        .to.throw(SseEventError)
        .with.property('field', 'id');
    }
  });

  it('says why it is no JSON', () => {
    expect(() => decodeRecord('{', '7'))
      .to.throw(SseEventError, 'Expected event to be JSON, got "{"')
      .with.property('cause')
      .that.is.instanceOf(SyntaxError);
  });
});
