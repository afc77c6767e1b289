import { ignoreElements, map, identity, Observable } from 'rxjs';
import { createDecoder, type DecoderConfig, type ReceivedSseEvent } from '../event-stream/index.js';
import { decodeAll } from './decodeAll.js';

/**
 * The events of a stream of bytes, wherever those come from: an operator, which also takes a `ReadableStream`.
 *
 * ```
 * source               --"data: a⏎"--"⏎data: "--"b⏎⏎"--|
 * decodeEventStream()  --------------a------------b-----|
 * ```
 *
 * - next: an event is dispatched.
 * - complete: with the source; an event that it ended in the middle of is dropped, as the standard has it.
 * - error: that of the source; {@link SseSizeError} for an event that is too large.
 * - unsubscribe: also in the middle of a chunk. The source is left, a `ReadableStream` cancelled.
 *
 * @example
 * ```ts
 * import { decodeEventStream } from 'rxjs-sse';
 *
 * const response = await fetch('https://example.com/prices');
 * if (response.body) decodeEventStream()(response.body).subscribe(event => console.log(event.data));
 * ```
 */
export function decodeEventStream(
  config?: DecoderConfig,
): (source: Observable<Uint8Array> | ReadableStream<Uint8Array>) => Observable<ReceivedSseEvent> {
  return source =>
    new Observable(subscriber => {
      const decoder = createDecoder(event => subscriber.next(event), config);
      if ('getReader' in source) {
        decodeAll(source, decoder, subscriber, identity).then(
          () => subscriber.complete(),
          (error: unknown) => subscriber.error(error),
        );
        return;
      }
      subscriber.add(() => decoder.stop());
      source
        .pipe(
          map(chunk => decoder.decode(chunk)),
          ignoreElements(),
        )
        .subscribe(subscriber);
    });
}
