import { expect } from 'chai';
import { firstValueFrom, Subject, take, toArray } from 'rxjs';
import { KeepAlive } from '../../src/server/KeepAlive.js';

describe('KeepAlive', () => {
  let keepAlive: KeepAlive;
  let woken$: Subject<string>;
  let readers: (() => void)[];

  beforeEach(() => {
    keepAlive = new KeepAlive(20);
    woken$ = new Subject();
    readers = [];
  });
  afterEach(() => {
    for (const reader of readers) keepAlive.remove(reader);
  });

  const reader = (name: string) => {
    const wake = () => woken$.next(name);
    readers.push(wake);
    return wake;
  };
  const next = (count: number) => firstValueFrom(woken$.pipe(take(count), toArray()));
  /** Calls it each millisecond until the promise settles. */
  const meanwhile = async <T>(promise: Promise<T>, act: () => void): Promise<T> => {
    const timer = setInterval(act, 1);
    return promise.finally(() => clearInterval(timer));
  };

  it('wakes each reader in its turn, again and again', async () => {
    keepAlive.touch(reader('a'));
    keepAlive.touch(reader('b'));
    expect(await next(6)).to.deep.equal(['a', 'b', 'a', 'b', 'a', 'b']);
  });

  it('wakes nobody who is heard in time', async () => {
    const busy = reader('busy');
    keepAlive.touch(busy);
    keepAlive.touch(reader('silent'));
    const woken = meanwhile(next(2), () => keepAlive.touch(busy));
    expect(await woken).to.deep.equal(['silent', 'silent']);
  });

  it('wakes a reader although new ones keep coming', async () => {
    keepAlive.touch(reader('first'));
    const woken = meanwhile(next(1), () => keepAlive.touch(reader('later')));
    expect(await woken).to.deep.equal(['first']);
  });

  it('wakes nobody who was removed, also while others are being woken', async () => {
    const [gone, goes] = [reader('gone'), reader('goes')];
    for (const each of [gone, reader('a'), goes]) keepAlive.touch(each);
    keepAlive.remove(gone);
    const woken = next(2);
    woken$.subscribe(() => keepAlive.remove(goes));
    expect(await woken).to.deep.equal(['a', 'a']);
  });

  it('begins anew after the last reader was removed', async () => {
    const a = reader('a');
    keepAlive.touch(a);
    keepAlive.remove(a);
    keepAlive.touch(reader('b'));
    expect(await next(1)).to.deep.equal(['b']);
  });

  it('does not keep the process alive', () => {
    const timers = () => process.getActiveResourcesInfo().filter(name => name === 'Timeout').length;
    const before = timers();
    keepAlive.touch(reader('a'));
    expect(timers()).to.equal(before);
  });
});
