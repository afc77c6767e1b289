import { asyncScheduler, type Subscription } from 'rxjs';
import type { EventStreamDecoder } from '../event-stream/index.js';
import { abandon } from './abandon.js';

/** How a stream is read for a consumer that has to be waited for. */
export interface Pace {
  /** Where the part of the chunk ends that is decoded in one go. */
  sliceEnd(chunk: Uint8Array, start: number): number;
  /** Settles when a part may be decoded. */
  ready(): Promise<unknown>;
}

/**
 * Has a stream decoded to its end: as much at once as came at once, but not so much that a page would freeze. The end of the
 * subscription cancels the stream and stops the decoder.
 *
 * @param within gets each read, and may fail it for the time that it takes.
 * @throws what the stream and the decoder fail with.
 */
export async function decodeAll(
  stream: ReadableStream<Uint8Array> | null,
  decoder: EventStreamDecoder,
  subscription: Subscription,
  within: <T>(read: Promise<T>) => Promise<T>,
  pace?: Pace,
): Promise<void> {
  if (!stream) return;
  const reader = stream.getReader();
  subscription.add(() => {
    decoder.stop();
    // An aborted request has ended it already, unless an injected fetch does not listen to its signal.
    abandon(reader);
  });

  // How many bytes are decoded in one go: few where handlers take their time, so that they do not freeze a page.
  let slice = 1024;
  let workedFor = 0;
  for (;;) {
    const { done, value } = await within(reader.read());
    if (done) return;
    for (let start = 0, end; start < value.length; start = end) {
      if (pace) await pace.ready();
      end = pace ? pace.sliceEnd(value, start) : start + slice;
      const startedAt = asyncScheduler.now();
      decoder.decode(value.subarray(start, end));
      const took = asyncScheduler.now() - startedAt;
      slice = took ? 1024 : 2 * slice;
      workedFor += took;
      // More than half a frame: others have their turn.
      if (workedFor > 10) {
        await nextTurn();
        workedFor = 0;
      }
    }
  }
}

/** A later turn of the event loop. Not by a timer, since a hidden tab has one turn of those in a second. */
function nextTurn(): Promise<void> {
  return new Promise(resolve => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => resolve(port1.close());
    port2.postMessage(0);
  });
}
