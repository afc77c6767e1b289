import { expect } from 'chai';
import { lastEventIdHeader } from '../../src/client/lastEventIdHeader.js';

describe('lastEventIdHeader', () => {
  it('gives each UTF-8 byte as one character', () => {
    expect(lastEventIdHeader('a-1')).to.equal('a-1');
    expect(Buffer.from(lastEventIdHeader('é😀') ?? '', 'latin1').toString()).to.equal('é😀');
  });

  it('gives none for none', () => {
    expect(lastEventIdHeader('')).to.equal(undefined);
  });

  it('carries tabs and spaces, and no other control character', () => {
    expect(lastEventIdHeader('a\tb c')).to.equal('a\tb c');
    for (const id of ['a\nb', 'a\rb', '\0', '\x01', '\x7f'])
      expect(lastEventIdHeader(id)).to.equal(undefined);
  });

  it('carries 8 KiB, and no more', () => {
    expect(lastEventIdHeader('x'.repeat(8192))).to.have.length(8192);
    expect(lastEventIdHeader('x'.repeat(8193))).to.equal(undefined);
  });
});
