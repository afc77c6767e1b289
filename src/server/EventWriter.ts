import { Subscription, timer, type Observer } from 'rxjs';
import { encodeEvent, SseOverflowError, tell, type Listener, type SseEvent } from '../event-stream/index.js';
import type { Exchange } from './Exchange.js';
import type { KeepAlive } from './KeepAlive.js';

/** What `closeObserver` gets when a stream is over. */
export interface StreamClosing {
  /**
   * `complete`: the source completed. `error`: the source failed, or an event could not be written. `gone`: the reader left.
   * `overflow`: more than `bufferLimit` was waiting for it. `stalled`: it took nothing for `stallTimeout`.
   */
  readonly reason: 'complete' | 'error' | 'gone' | 'overflow' | 'stalled';
  /** The error behind it, where there is one. */
  readonly error?: unknown;
  /** How many events were handed to the connection. */
  readonly events: number;
  /** How many bytes were, keep-alives included. */
  readonly bytes: number;
  /** How long the stream was open, in milliseconds. */
  readonly duration: number;
}

/** How a stream is written, with nothing left open. */
export interface WriterConfig {
  readonly keepAlive: KeepAlive | undefined;
  /** What every stream begins with. */
  readonly preamble: Uint8Array;
  readonly bufferLimit: number;
  readonly stallTimeout: number;
  readonly errorObserver: Listener<unknown>;
  readonly closeObserver: Listener<StreamClosing> | undefined;
}

/**
 * Writes the events of one source to one reader. What the reader has no room for waits here, in bytes that are counted:
 * what waits in a framework's own buffers is counted by nobody.
 *
 * As an observer it gets the events, as a listener what happens to the connection.
 */
export class EventWriter implements Observer<SseEvent> {
  /** All that is to be undone once no more events are wanted, which may be while the source is still being subscribed to. */
  readonly source = new Subscription();

  readonly #exchange: Exchange;
  readonly #config: WriterConfig;
  #openedAt: number | undefined;
  #ending: Ending | undefined;
  #isEnded = false;
  #isClosed = false;

  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #hasRoom = true;
  #isFlushDue = false;
  #stall: Subscription | undefined;

  #events = 0;
  #bytes = 0;

  constructor(exchange: Exchange, config: WriterConfig) {
    this.#exchange = exchange;
    this.#config = config;
    exchange.listen(this);
  }

  /** Sends the head and what waits. Until then, a failed source and an empty one are answered without a stream. */
  open(): void {
    if (this.#openedAt !== undefined || this.#isClosed) return;
    this.#openedAt = performance.now();
    this.#exchange.open();
    this.#waiting.unshift(this.#config.preamble);
    this.#waitingBytes += this.#config.preamble.length;
    this.#flush();
  }

  next(event: SseEvent): void {
    let bytes: Uint8Array;
    try {
      bytes = encodeEvent(event);
    } catch (error) {
      this.error(error);
      return;
    }
    if (!this.#makeRoomFor(bytes)) {
      this.#abort({ reason: 'overflow', error: new SseOverflowError(this.#config.bufferLimit) });
      return;
    }
    this.#events++;
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    this.#flushSoon();
  }

  error(error: unknown): void {
    if (this.#isUnanswered) {
      this.#close();
      this.#exchange.fail(error);
    } else {
      tell(this.#config.errorObserver, error);
      this.#finish({ reason: 'error', error });
    }
  }

  complete(): void {
    if (this.#isUnanswered) {
      this.#close();
      this.#exchange.noContent();
    } else {
      this.#finish({ reason: 'complete' });
    }
  }

  drain(): void {
    this.#hasRoom = true;
    this.#stall?.unsubscribe();
    this.#flush();
  }

  gone(): void {
    this.#close(this.#isEnded ? this.#ending : { reason: 'gone' });
  }

  get #isUnanswered(): boolean {
    return this.#openedAt === undefined && this.#events === 0 && !this.#isClosed;
  }

  /** False if more than `bufferLimit` would wait. One event alone may be larger: a reader that reads gets it. */
  #makeRoomFor(bytes: Uint8Array): boolean {
    const isTooMuch = () =>
      this.#waiting.length > 0 && this.#waitingBytes + bytes.length > this.#config.bufferLimit;
    // What waits only for the end of the turn is not what the reader has no room for.
    if (isTooMuch() && this.#hasRoom) {
      this.open();
      this.#flush();
    }
    return !isTooMuch();
  }

  #flushSoon(): void {
    if (this.#openedAt === undefined || this.#isFlushDue) return;
    this.#isFlushDue = true;
    queueMicrotask(() => this.#flush());
  }

  /** Writes all that waits as one: it is the write that costs, not the byte. */
  #flush(): void {
    this.#isFlushDue = false;
    if (!this.#hasRoom || this.#isEnded || this.#isClosed) return;
    if (this.#waiting.length > 0) {
      const bytes = joined(this.#waiting, this.#waitingBytes);
      this.#waiting = [];
      this.#waitingBytes = 0;
      this.#write(bytes);
    }
    if (this.#ending) this.#endResponse(this.#ending);
  }

  #write(bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    this.#config.keepAlive?.touch(this.#wake);
    this.#hasRoom = this.#exchange.write(bytes);
    if (!this.#hasRoom) this.#watchStall();
  }

  readonly #wake = (): void => {
    if (this.#hasRoom && !this.#ending) this.#write(keepAliveBytes);
  };

  /** No more events; what waits is still written. */
  #finish(ending: Ending): void {
    this.#ending = ending;
    this.#leaveSource();
    if (this.#openedAt === undefined) this.open();
    else this.#flush();
  }

  #endResponse({ reason }: Ending): void {
    this.#isEnded = true;
    if (reason === 'complete') this.#exchange.end();
    else this.#exchange.cut();
    // What was written may still be under way to a reader that takes nothing.
    this.#watchStall();
  }

  #watchStall(): void {
    this.#stall?.unsubscribe();
    const { stallTimeout } = this.#config;
    if (stallTimeout === Infinity) return;
    this.#stall = timer(stallTimeout).subscribe(() => this.#abort({ reason: 'stalled' }));
  }

  #abort(ending: Ending): void {
    this.#close(ending);
    this.#exchange.abort();
  }

  #close(ending?: Ending): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#config.keepAlive?.remove(this.#wake);
    this.#stall?.unsubscribe();
    const events = this.#events - this.#waiting.length;
    this.#waiting = [];
    this.#leaveSource();
    if (!ending || this.#openedAt === undefined) return;
    const duration = performance.now() - this.#openedAt;
    tell(this.#config.closeObserver, { ...ending, events, bytes: this.#bytes, duration });
  }

  #leaveSource(): void {
    try {
      this.source.unsubscribe();
    } catch (error) {
      tell(this.#config.errorObserver, error);
    }
  }
}

type Ending = Pick<StreamClosing, 'reason' | 'error'>;

// With its blank line, so that a reader who limits the size of an event does not count all keep-alives as one.
const keepAliveBytes = new TextEncoder().encode(':\n\n');

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const [first] = chunks;
  if (first && chunks.length === 1) return first;
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}
