import { expect } from 'chai';
import { retryAfter } from '../../src/client/retryAfter.js';

describe('retryAfter', () => {
  const of = (value: string) => retryAfter(new Headers({ 'Retry-After': value }));

  it('reads a number of seconds', () => {
    expect(of('0')).to.equal(0);
    expect(of(' 120 ')).to.equal(120_000);
  });

  it('reads a date', () => {
    const inAMinute = new Date(Math.ceil(Date.now() / 1000) * 1000 + 60_000);
    expect(of(inAMinute.toUTCString())).to.be.within(55_000, 61_000);
  });

  it('reads a date that says nothing of GMT as GMT, wherever the clock hangs', () => {
    const { TZ } = process.env;
    process.env['TZ'] = 'America/New_York';
    const [day = '', date = '', month = '', year = '', time = ''] = new Date(Date.now() + 60_000)
      .toUTCString()
      .split(' ');
    expect(of(`${day.slice(0, 3)} ${month} ${date} ${time} ${year}`)).to.be.within(55_000, 61_000);
    process.env['TZ'] = TZ ?? 'UTC';
  });

  it('takes a date that is past for now', () => {
    expect(of('Fri, 31 Dec 1999 23:59:59 GMT')).to.equal(0);
  });

  it('reads the two forms of a date that are out of use', () => {
    expect(of('Friday, 31-Dec-99 23:59:59 GMT')).to.equal(0);
    expect(of('Fri Dec 31 23:59:59 1999')).to.equal(0);
  });

  it('reads nothing else', () => {
    expect(retryAfter(new Headers())).to.equal(undefined);
    for (const value of ['', 'soon', '-5', '+5', '1.5', '5 apples', 'in 5', 'Soon 5'])
      expect(of(value)).to.equal(undefined);
  });
});
