import { expect } from 'chai';
import { retryAfter } from '../../src/client/retryAfter.js';

describe('retryAfter', () => {
  const now = Date.UTC(2026, 0, 1);
  const of = (value: string) => retryAfter(new Headers({ 'Retry-After': value }), now);

  it('reads a number of seconds', () => {
    expect(of('0')).to.equal(0);
    expect(of(' 120 ')).to.equal(120_000);
  });

  it('reads a date', () => {
    expect(of('Thu, 01 Jan 2026 00:01:00 GMT')).to.equal(60_000);
  });

  it('reads a date that says nothing of GMT as GMT, wherever the clock hangs', () => {
    const { TZ } = process.env;
    process.env['TZ'] = 'America/New_York';
    expect(of('Thu Jan  1 00:01:00 2026')).to.equal(60_000);
    process.env['TZ'] = TZ ?? 'UTC';
  });

  it('takes a date that is past for now', () => {
    expect(of('Fri, 31 Dec 1999 23:59:59 GMT')).to.equal(0);
  });

  it('reads the form of a date that is out of use', () => {
    expect(of('Thursday, 01-Jan-26 00:01:00 GMT')).to.equal(60_000);
  });

  it('reads nothing else', () => {
    expect(retryAfter(new Headers(), now)).to.equal(undefined);
    for (const value of ['', 'soon', '-5', '+5', '1.5', '5 apples', 'in 5', 'Soon 5'])
      expect(of(value)).to.equal(undefined);
  });
});
