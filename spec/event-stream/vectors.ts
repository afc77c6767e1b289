import { bytes, type Decoded } from '../support/decode.js';

/** A claim about the format, as a stream and all that comes of it. What is left out is empty. */
export interface Vector extends Partial<Omit<Decoded, 'timeline' | 'reconnectionTime'>> {
  readonly claim: string;
  /** Text, or bytes. */
  readonly stream: string | readonly Uint8Array[];
}

const message = (data: string, lastEventId = '') => ({ type: 'message', data, lastEventId });
const typed = (type: string, data: string, lastEventId = '') => ({ type, data, lastEventId });

/** From https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation. */
export const vectors: readonly Vector[] = [
  { claim: 'makes nothing of nothing', stream: '' },
  { claim: 'makes nothing of blank lines', stream: '\n\r\r\n\n' },

  // Byte order mark
  { claim: 'strips a BOM at the start', stream: '\uFEFFdata: a\n\n', events: [message('a')] },
  {
    claim: 'strips one BOM only: the second belongs to the name of the field',
    stream: '\uFEFF\uFEFFdata: a\ndata: b\n\n',
    events: [message('b')],
  },
  {
    claim: 'takes a BOM after the start as part of the field name',
    stream: 'data: a\n\n\uFEFFdata: b\n\ndata: c\n\n',
    events: [message('a'), message('c')],
  },
  { claim: 'strips a BOM before a comment', stream: '\uFEFF: a\n', comments: [' a'] },
  { claim: 'strips a BOM before a blank line', stream: '\uFEFF\ndata: a\n\n', events: [message('a')] },
  { claim: 'makes nothing of a BOM alone', stream: '\uFEFF' },
  { claim: 'keeps a BOM in data', stream: 'data: \uFEFFa\n\n', events: [message('\uFEFFa')] },
  { claim: 'takes the text ï»¿ for no BOM', stream: 'ï»¿data: a\n\n' },
  {
    claim: 'takes two bytes of a BOM for no BOM',
    stream: [Uint8Array.of(0xef, 0xbb), bytes('data: a\n\ndata: b\n\n')],
    events: [message('b')],
  },
  {
    claim: 'takes a UTF-16 BOM for no BOM',
    stream: [Uint8Array.of(0xfe, 0xff), bytes('data: a\n\ndata: b\n\n')],
    events: [message('b')],
  },

  // Line ends
  { claim: 'ends lines at LF', stream: 'data: a\ndata: b\n\n', events: [message('a\nb')] },
  { claim: 'ends lines at CR', stream: 'data: a\rdata: b\r\r', events: [message('a\nb')] },
  { claim: 'ends lines at CRLF', stream: 'data: a\r\ndata: b\r\n\r\n', events: [message('a\nb')] },
  {
    claim: 'takes line ends as they come',
    stream: 'data: a\r\ndata: b\rdata: c\n\rdata: d\n\r\n',
    events: [message('a\nb\nc'), message('d')],
  },
  {
    claim: 'takes LF CR for two line ends',
    stream: 'data: a\n\rdata: b\n\r',
    events: [message('a'), message('b')],
  },
  {
    claim: 'ends no line at other separators',
    stream: 'data: a\u000Bb\fc\u0085d\u2028e\u2029f\n\n',
    events: [message('a\u000Bb\fc\u0085d\u2028e\u2029f')],
  },
  {
    claim: 'drops an event that the stream ends in the middle of',
    stream: 'data: a\n\ndata: b\n',
    events: [message('a')],
  },
  {
    claim: 'drops a line that the stream ends in the middle of',
    stream: 'data: a\n\nretry: 5',
    events: [message('a')],
  },
  { claim: 'drops a comment that the stream ends in the middle of', stream: ': a\n: b', comments: [' a'] },
  {
    claim: 'takes a line of one space for no blank line',
    stream: 'data: a\n \ndata: b\n\n',
    events: [message('a\nb')],
  },

  // Comments
  {
    claim: 'hands over comments as they are',
    stream: ':\n: a\n:b: c \n::\n',
    comments: ['', ' a', 'b: c ', ':'],
  },
  {
    claim: 'reads on past comments inside an event',
    stream: `data: a\n:\r\n: ${'x'.repeat(2000)}\rdata: b\n:data: c\n\n`,
    events: [message('a\nb')],
    comments: ['', ` ${'x'.repeat(2000)}`, 'data: c'],
  },

  // data
  {
    claim: 'joins data lines with LF',
    stream: 'data: a\ndata: b\ndata: c\n\n',
    events: [message('a\nb\nc')],
  },
  { claim: 'dispatches empty data', stream: 'data:\n\n', events: [message('')] },
  {
    claim: 'takes data without a colon for an empty line',
    stream: 'data\n\ndata\ndata\n\n',
    events: [message(''), message('\n')],
  },
  { claim: 'keeps an empty first line', stream: 'data:\ndata: a\n\n', events: [message('\na')] },
  { claim: 'keeps an empty last line', stream: 'data: a\ndata\n\n', events: [message('a\n')] },
  {
    claim: 'takes off one space after the colon',
    stream: 'data:  a\n\ndata:a\n\n',
    events: [message(' a'), message('a')],
  },
  { claim: 'takes off nothing else', stream: 'data:\ta \n\n', events: [message('\ta ')] },
  {
    claim: 'takes a lone space after the colon for nothing',
    stream: 'data: \ndata: a\n\n',
    events: [message('\na')],
  },
  { claim: 'keeps NUL in data', stream: 'data: \0a\0\n\n', events: [message('\0a\0')] },
  { claim: 'keeps colons in data', stream: 'data: a: b:c\n\n', events: [message('a: b:c')] },
  { claim: 'takes a second colon for data', stream: 'data:: a\n\n', events: [message(': a')] },
  {
    claim: 'dispatches nothing for a block of comments or unknown fields',
    stream: ': a\n\nfoo: a\n\nbar\n\n',
    comments: [' a'],
  },
  { claim: 'dispatches nothing without data', stream: 'event: a\n\nid: 1\n\n', lastEventId: '1' },
  { claim: 'decodes any character', stream: 'data: é豆腐😀\uFFFF\n\n', events: [message('é豆腐😀\uFFFF')] },

  // event
  { claim: 'gives an event its type', stream: 'event: tick\ndata: a\n\n', events: [typed('tick', 'a')] },
  {
    claim: 'forgets the type after the event',
    stream: 'event: tick\ndata: a\n\ndata: b\n\n',
    events: [typed('tick', 'a'), message('b')],
  },
  {
    claim: 'forgets the type of an event without data',
    stream: 'event: tick\n\ndata: a\n\n',
    events: [message('a')],
  },
  {
    claim: 'takes the last type of several',
    stream: 'event: a\nevent: b\ndata\n\n',
    events: [typed('b', '')],
  },
  {
    claim: 'resets the type with an empty one',
    stream: 'event: a\nevent\ndata\n\nevent: a\nevent: \ndata\n\n',
    events: [message(''), message('')],
  },

  {
    claim: 'takes off one space before a type, and no more',
    stream: 'event:  a \ndata\n\nevent:  \ndata\n\n',
    events: [typed(' a ', ''), typed(' ', '')],
  },
  { claim: 'keeps NUL in a type', stream: 'event: \0a\ndata\n\n', events: [typed('\0a', '')] },
  {
    claim: 'takes a type wherever it stands in its block',
    stream: 'data: a\nevent: tick\n\n',
    events: [typed('tick', 'a')],
  },

  // id
  {
    claim: 'keeps the last event ID',
    stream: 'id: 1\ndata: a\n\ndata: b\n\nid: 2\ndata: c\n\n',
    events: [message('a', '1'), message('b', '1'), message('c', '2')],
    lastEventId: '2',
  },
  {
    claim: 'moves the last event ID with a block that has only an id',
    stream: 'id: 1\n\ndata: a\n\n',
    events: [message('a', '1')],
    lastEventId: '1',
  },
  {
    claim: 'clears the last event ID with an empty id',
    stream: 'id: 1\ndata: a\n\nid:\ndata: b\n\n',
    events: [message('a', '1'), message('b')],
  },
  {
    claim: 'clears the last event ID with an id without a colon',
    stream: 'id: 1\ndata: a\n\nid\ndata: b\n\n',
    events: [message('a', '1'), message('b')],
  },
  {
    claim: 'ignores an id with NUL at its start',
    stream: 'id: 1\n\nid: \x002\ndata\n\n',
    events: [message('', '1')],
    lastEventId: '1',
  },
  { claim: 'ignores an id with NUL in its middle', stream: 'id: 2\x002\ndata\n\n', events: [message('')] },
  { claim: 'ignores an id with NUL at its end', stream: 'id: 2\0\ndata\n\n', events: [message('')] },
  {
    claim: 'ignores an id that is NUL',
    stream: 'id: \0\0\ndata\n\nid:  \0\ndata\n\n',
    events: [message(''), message('')],
  },
  {
    claim: 'takes the id before one with NUL',
    stream: 'id: 1\nid: \0\ndata\n\n',
    events: [message('', '1')],
    lastEventId: '1',
  },
  {
    claim: 'takes any other id',
    stream: 'id: … é\tx \ndata\n\n',
    events: [message('', '… é\tx ')],
    lastEventId: '… é\tx ',
  },
  {
    claim: 'takes the last id of several',
    stream: 'id: 1\nid: 2\ndata\n\nid: 3\nid\ndata\n\n',
    events: [message('', '2'), message('')],
  },
  {
    claim: 'takes off one space before an id, and no more',
    stream: 'id:  1 \ndata\n\n',
    events: [message('', ' 1 ')],
    lastEventId: ' 1 ',
  },
  { claim: 'takes 0 for an id', stream: 'id: 0\ndata\n\n', events: [message('', '0')], lastEventId: '0' },
  {
    claim: 'does not count the id of an unfinished event',
    stream: 'id: 1\ndata: a\n\nid: 2\ndata: b\n',
    events: [message('a', '1')],
    lastEventId: '1',
  },

  // retry
  { claim: 'takes digits for a retry', stream: 'retry: 1000\nretry:0\nretry: 007\n', retries: [1000, 0, 7] },
  {
    claim: 'takes a retry of any length',
    stream: `retry: 1${'0'.repeat(20)}\nretry: ${'9'.repeat(400)}\n`,
    retries: [1e20, Number.MAX_VALUE],
  },
  {
    claim: 'ignores any other retry',
    stream:
      ['', ' 5', '5 ', '-5', '+5', '5.0', '1e3', '0x10', '12abc', '٣', '\0', '5\0']
        .map(value => `retry: ${value}\n`)
        .join('') + 'retry\n',
  },

  {
    claim: 'keeps the retry before one that it ignores',
    stream: 'retry: 2500\nretry: 10s\ndata: a\n\n',
    events: [message('a')],
    retries: [2500],
  },

  // Field names
  {
    claim: 'knows fields by their exact names',
    stream:
      'Data: a\ndat: a\ndatas: a\n data: a\ndata : a\ndata\0: a\nda-ta: a\n\0data: a\nID: 1\nids: 1\nEvent: x\nevents: x\nRetry: 5\nretrys: 5\n\ndata: b\n\n',
    events: [message('b')],
  },
  {
    claim: 'ignores fields that it does not know',
    stream: 'foo: a\nbar\ndata: a\nbaz:\n\n',
    events: [message('a')],
  },
];
