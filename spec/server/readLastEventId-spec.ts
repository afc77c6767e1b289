import { expect } from 'chai';
import { readLastEventId } from '../../src/server/index.js';

describe('readLastEventId', () => {
  const rows: readonly [claim: string, header: string | undefined, url: string, id: string | undefined][] = [
    ['takes the header', '7', '/', '7'],
    ['takes the header rather than the query', '7', '/?lastEventId=8', '7'],
    ['takes the query where there is no header', undefined, '/a?lastEventId=8', '8'],
    ['takes the query where the header is empty', '', '/?lastEventId=8', '8'],
    ['takes the query of an absolute URL', undefined, 'https://example.com/?lastEventId=8', '8'],
    ['decodes the query', undefined, '/?lastEventId=%C3%A9+%26', 'é &'],
    ['takes bytes of UTF-8 for characters', 'Ã©â\x80¦', '/', 'é…'],
    ['takes what is no UTF-8 for U+FFFD', 'é', '/', '\uFFFD'],
    ['keeps U+FEFF at its start', 'ï»¿7', '/', '\uFEFF7'],
    ['knows 0 for an id', '0', '/', '0'],
    ['finds none where there is none', undefined, '/', undefined],
    ['finds none where it is empty', '', '/?lastEventId=', undefined],
    ['finds none under another name', undefined, '/?lasteventid=8&id=8', undefined],
    ['refuses CR', undefined, '/?lastEventId=a%0Db', undefined],
    ['refuses LF', undefined, '/?lastEventId=a%0Ab', undefined],
    ['refuses NUL', undefined, '/?lastEventId=a%00', undefined],
    ['refuses any other control character', undefined, '/?lastEventId=%01', undefined],
    ['refuses DEL', undefined, '/?lastEventId=%7F', undefined],
    ['leaves out a fragment', undefined, '/?lastEventId=8#9', '8'],
    ['takes TAB', undefined, '/?lastEventId=a%09b', 'a\tb'],
    ['takes characters beyond U+FFFF', undefined, '/?lastEventId=%F0%9F%98%80', '😀'],
    ['takes 8 Ki characters', 'x'.repeat(8192), '/', 'x'.repeat(8192)],
    ['refuses more than 8 Ki characters', 'x'.repeat(8193), '/', undefined],
  ];
  for (const [claim, header, url, id] of rows) {
    it(claim, () => expect(readLastEventId(header, url)).to.equal(id));
  }
});
