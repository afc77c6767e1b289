import { expect } from 'chai';
import fc from 'fast-check';
import { createDecoder, encodeEvent, type SseEvent } from '../../src/event-stream/index.js';
import { joined } from '../support/decode.js';

describe('what encodeEvent writes', () => {
  const anyText = fc.string({
    unit: fc.oneof(
      fc.constantFrom('\r', '\n', '\r\n', ' ', ':', '\uFEFF', '\0'),
      fc.string({ unit: 'binary' }),
    ),
  });
  // Any UTF-16 code units, so also lone surrogates.
  const anyUnits = fc.string({
    unit: fc.integer({ min: 0, max: 0xffff }).map(unit => String.fromCharCode(unit)),
  });
  const oneLine = anyText.map(text => text.replace(/[\r\n]/g, ''));
  const type = fc.oneof(
    oneLine,
    anyUnits.map(text => text.replace(/[\r\n]/g, '')),
  );
  const data = fc.oneof(anyText, anyUnits, fc.jsonValue());
  const event = fc.record(
    {
      type,
      data,
      id: oneLine.map(text => text.replace(/\0/g, '')),
      retry: fc.nat(),
      comment: fc.oneof(anyText, anyUnits),
    },
    { requiredKeys: [] },
  );

  it('createDecoder reads back, whatever it is and however it is cut', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 5 }), fc.array(fc.nat({ max: 500 })), (events, places) => {
        const sent: SseEvent[] = events;
        const stream = joined(sent.map(encodeEvent));
        const cuts = [
          0,
          ...places.filter(place => place < stream.length).sort((a, b) => a - b),
          stream.length,
        ];
        const received: object[] = [];
        const comments: string[] = [];
        const resumePoint = { lastEventId: '', reconnectionTime: undefined };
        const decoder = createDecoder(
          ({ type, data, lastEventId, ...rest }) =>
            received.push({ type, data, lastEventId, ...('id' in rest && { id: rest.id }) }),
          { resumePoint, commentObserver: comment => comments.push(comment) },
        );
        cuts.forEach((cut, i) => decoder.decode(stream.subarray(cut, cuts[i + 1])));

        expect(received).to.deep.equal(expected(sent));
        expect(comments).to.deep.equal(
          sent.flatMap(({ comment }) =>
            comment === undefined ? [] : lines(wellFormed(comment)).map(line => ` ${line}`),
          ),
        );
        expect(resumePoint.reconnectionTime).to.equal(last(sent.map(({ retry }) => retry)));
      }),
      { numRuns: 1000 },
    );
  });

  it('JSON.parse reads back, if it is data that is no string', () => {
    const value = fc.jsonValue().filter(value => typeof value !== 'string');
    fc.assert(
      fc.property(value, data => {
        const received: unknown[] = [];
        createDecoder(event => received.push(JSON.parse(event.data))).decode(encodeEvent({ data }));
        expect(received).to.deep.equal([JSON.parse(JSON.stringify(data))]);
      }),
      { numRuns: 500 },
    );
  });
});

/** What a reader gets of these events: those with data, each with the last id that was sent. */
function expected(sent: readonly SseEvent[]): object[] {
  let lastEventId = '';
  return sent.flatMap(({ type, data, id }) => {
    lastEventId = id ?? lastEventId;
    if (data === undefined) return [];
    const text = typeof data === 'string' ? lines(data).join('\n') : JSON.stringify(data);
    return [
      {
        type: type === undefined || type === '' ? 'message' : wellFormed(type),
        data: wellFormed(text),
        lastEventId,
        ...(id !== undefined && { id }),
      },
    ];
  });
}

function lines(text: string): string[] {
  return text.split(/\r\n|\r|\n/);
}

/** UTF-8 has no lone surrogates. */
function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\uFFFD');
}

function last<T>(values: readonly (T | undefined)[]): T | undefined {
  return values.filter(value => value !== undefined).at(-1);
}
