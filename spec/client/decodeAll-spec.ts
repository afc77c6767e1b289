import { expect } from 'chai';
import { identity, Subscription } from 'rxjs';
import { decodeAll } from '../../src/client/decodeAll.js';
import { createDecoder } from '../../src/index.js';
import { bytes } from '../support/decode.js';
import { settled, virtualTime } from '../support/virtualTime.js';

describe('decodeAll', () => {
  const time = virtualTime();

  const streamOf = (...chunks: readonly Uint8Array[]) =>
    new ReadableStream<Uint8Array>({
      start(controller) {
        for (const chunk of chunks) controller.enqueue(chunk);
        controller.close();
      },
    });
  /** That many numbered events. */
  const burst = (count: number) =>
    bytes(Array.from({ length: count }, (_, number) => `data: ${number}\n\n`).join(''));
  /** Decodes it with a handler that takes its time, and counts the turns that others had meanwhile. */
  const decode = async (stream: ReadableStream<Uint8Array>, microsecondsPerEvent: number) => {
    const data: number[] = [];
    let microseconds = 0;
    const decoder = createDecoder(event => {
      data.push(Number(event.data));
      microseconds += microsecondsPerEvent;
      if (microseconds >= 1000) {
        microseconds -= 1000;
        time.tick(1);
      }
    });
    let turns = 0;
    let isOver = false;
    const watch = () => {
      turns++;
      if (!isOver) setImmediate(watch);
    };
    setImmediate(watch);
    await decodeAll(stream, decoder, new Subscription(), identity);
    isOver = true;
    return { data, turns };
  };

  it('hands over all events of a chunk at once', async () => {
    const seen: string[] = [];
    const decoder = createDecoder(({ data }) => {
      if (seen.length === 0) queueMicrotask(() => seen.push('a microtask later'));
      seen.push(data);
    });
    await decodeAll(
      streamOf(bytes('data: a\n\ndata: b\n\ndata: c\n\n')),
      decoder,
      new Subscription(),
      identity,
    );
    expect(seen).to.deep.equal(['a', 'b', 'c', 'a microtask later']);
  });

  it('gives others their turn within a burst that takes long, in one chunk or in many, and keeps the order', async () => {
    const whole = burst(100_000);
    const chunks = Array.from({ length: 20 }, (_, at) => whole.slice(at * 65_536, (at + 1) * 65_536));
    for (const stream of [streamOf(whole), streamOf(...chunks)]) {
      // Two seconds in all.
      const { data, turns } = await decode(stream, 20);
      expect(turns).to.be.within(10, 200);
      expect(data).to.have.length(100_000);
      expect(data.every((number, index) => number === index)).to.equal(true);
    }
  });

  it('hands over few at once where handlers take their time', async () => {
    // Two seconds in all, in a chunk of 43 KiB.
    expect((await decode(streamOf(burst(4000)), 500)).turns).to.be.greaterThan(20);
  });

  it('hands over more and more at once where they are quick', async () => {
    let calls = 0;
    const decoder = {
      decode() {
        calls++;
      },
      stop: () => undefined,
    };
    await decodeAll(streamOf(new Uint8Array(2 ** 20)), decoder, new Subscription(), identity);
    expect(calls).to.be.within(2, 20);
  });

  it('leaves nothing behind that would keep the process alive', async () => {
    const ports = () => process.getActiveResourcesInfo().filter(name => name === 'MessagePort').length;
    const before = ports();
    await decode(streamOf(burst(10_000)), 20);
    // A port takes a few turns to close.
    while (ports() > before) await settled();
  });

  it('does not stop for a burst that is soon done', async () => {
    expect((await decode(streamOf(burst(10_000)), 1)).turns).to.equal(0);
  });

  it('reads nothing more once the subscription is over, while others have their turn', async () => {
    const subscription = new Subscription();
    const seen: string[] = [];
    const decoder = createDecoder(({ data }) => {
      seen.push(data);
      time.tick(100);
    });
    let isCancelled = false;
    const stream = new ReadableStream<Uint8Array>({
      start: controller => controller.enqueue(bytes('data: a\n\n')),
      pull: controller => controller.enqueue(bytes('data: b\n\n')),
      cancel: () => void (isCancelled = true),
    });
    const over = decodeAll(stream, decoder, subscription, identity);
    await Promise.resolve();
    await Promise.resolve();
    expect(seen).to.deep.equal(['a']);
    subscription.unsubscribe();
    await over;
    await settled();
    expect(seen).to.deep.equal(['a']);
    expect(isCancelled).to.equal(true);
  });
});
