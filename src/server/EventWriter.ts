import { Subscription, timer, type Observer } from 'rxjs';
import { encodeEvent, SseOverflowError, tell, type Listener, type SseEvent } from '../event-stream/index.js';
import type { Exchange } from './Exchange.js';
import type { KeepAlive } from './KeepAlive.js';

/** What `closeObserver` gets when a stream is over. */
export interface SseStreamClosing {
  /**
   * `complete`: the source completed. `error`: the source failed, or an event could not be written. `gone`: the reader left.
   * `overflow`: more than `bufferLimit` was waiting for it. `stalled`: it took nothing for `stallTimeout`.
   */
  readonly reason: 'complete' | 'error' | 'gone' | 'overflow' | 'stalled';
  /** The error behind it, where there is one. */
  readonly error?: unknown;
  /** How many events were handed to the connection. What a reader that leaves or is cut off had of them, nobody knows. */
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
  readonly closeObserver: Listener<SseStreamClosing> | undefined;
}

/**
 * Writes the events of one source to one reader. What the reader has no room for waits here, in bytes that are counted:
 * what waits in a framework's own buffers is counted by nobody.
 *
 * As an observer it gets the events, as a listener what happens to the connection.
 */
export class EventWriter implements Observer<SseEvent> {
  /** All that is to be undone once no more events are wanted, which may be while the source is still being subscribed to. */
  readonly subscription = new Subscription();

  readonly #exchange: Exchange;
  readonly #config: WriterConfig;
  #state: State = 'undecided';
  #ending: Ending | undefined;
  #openedAt = 0;

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
    this.#begin();
    this.#flush();
  }

  next(event: SseEvent): void {
    if (!this.#isWanted) return;
    let bytes: Uint8Array;
    try {
      bytes = encodeEvent(event);
    } catch (error) {
      this.error(error);
      return;
    }
    if (!this.#makeRoomFor(bytes)) {
      this.#overflow();
      return;
    }
    this.#events++;
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    this.#flushSoon();
  }

  error(error: unknown): void {
    if (!this.#isWanted) return;
    if (this.#isUnanswered) {
      this.#close();
      this.#exchange.fail(error);
    } else {
      tell(this.#config.errorObserver, error);
      this.#finish({ reason: 'error', error });
    }
  }

  complete(): void {
    if (!this.#isWanted) return;
    if (this.#isUnanswered) {
      this.#close();
      this.#exchange.noContent();
    } else {
      this.#finish({ reason: 'complete' });
    }
  }

  drain(): void {
    // With nothing more to write, the stall watch goes on until all is taken.
    if (this.#state === 'ended' || this.#state === 'closed') return;
    this.#hasRoom = true;
    this.#stall?.unsubscribe();
    this.#flush();
  }

  gone(): void {
    this.#close(this.#state === 'ended' ? this.#ending : undefined);
  }

  /** Whether the source still has a say. It may go on while it is being left: a signal that aborts makes it complete. */
  get #isWanted(): boolean {
    return this.#state === 'undecided' || this.#state === 'open';
  }

  get #isUnanswered(): boolean {
    return this.#state === 'undecided' && this.#events === 0;
  }

  #begin(): void {
    if (this.#state !== 'undecided') return;
    this.#state = 'open';
    this.#openedAt = performance.now();
    this.#exchange.open();
    this.#waiting.unshift(this.#config.preamble);
    this.#waitingBytes += this.#config.preamble.length;
  }

  /** False if more than `bufferLimit` would wait. One event alone may be larger: a reader that reads gets it. */
  #makeRoomFor(bytes: Uint8Array): boolean {
    const isTooMuch = () =>
      this.#waiting.length > 0 && this.#waitingBytes + bytes.length > this.#config.bufferLimit;
    // What waits only for the end of the turn is not what the reader has no room for.
    if (isTooMuch() && this.#hasRoom) this.open();
    return !isTooMuch();
  }

  #flushSoon(): void {
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    queueMicrotask(() => this.#flush());
  }

  /** Writes all that waits as one: it is the write that costs, not the byte. */
  #flush(): void {
    this.#isFlushDue = false;
    if (!this.#hasRoom) return;
    if (this.#waiting.length > 0) {
      const bytes = joined(this.#waiting, this.#waitingBytes);
      this.#waiting = [];
      this.#waitingBytes = 0;
      this.#write(bytes);
    }
    if (this.#state === 'ending') this.#endResponse();
  }

  #write(bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    this.#config.keepAlive?.touch(this.#wake);
    this.#hasRoom = this.#exchange.write(bytes);
    if (!this.#hasRoom) this.#watchStall();
  }

  readonly #wake = (): void => {
    if (this.#hasRoom && this.#state === 'open') this.#write(keepAliveBytes);
  };

  /** No more events; what waits is still written. */
  #finish(ending: Ending): void {
    this.#begin();
    this.#state = 'ending';
    this.#ending = ending;
    this.#leaveSource();
    this.#flush();
  }

  #endResponse(): void {
    this.#state = 'ended';
    if (this.#ending?.reason === 'complete') this.#exchange.end();
    else this.#exchange.cut();
    // What was written may still be under way to a reader that takes nothing.
    this.#watchStall();
  }

  #watchStall(): void {
    this.#stall?.unsubscribe();
    const { stallTimeout } = this.#config;
    if (stallTimeout === Infinity) return;
    this.#stall = timer(stallTimeout).subscribe(() => {
      this.#close({ reason: 'stalled' });
      this.#exchange.abort();
    });
  }

  /** Gives up what waits here. What was handed over may still be taken: so a reader that reads gets on with each reconnect. */
  #overflow(): void {
    this.#close({ reason: 'overflow', error: new SseOverflowError(this.#config.bufferLimit) });
    this.#exchange.cut();
    this.#watchStall();
  }

  #close(ending: Ending = { reason: 'gone' }): void {
    this.#stall?.unsubscribe();
    if (this.#state === 'closed') return;
    const isAnswered = this.#state !== 'undecided';
    this.#state = 'closed';
    this.#config.keepAlive?.remove(this.#wake);
    const events = this.#events - this.#waiting.length;
    this.#waiting = [];
    this.#leaveSource();
    if (!isAnswered) return;
    const duration = performance.now() - this.#openedAt;
    tell(this.#config.closeObserver, { ...ending, events, bytes: this.#bytes, duration });
  }

  #leaveSource(): void {
    try {
      this.subscription.unsubscribe();
    } catch (error) {
      tell(this.#config.errorObserver, error);
    }
  }
}

/**
 * `undecided`: it may still be no stream. `open`: events are written. `ending`: no more events, some still wait.
 * `ended`: all is handed over. `closed`: the end is told; the connection is over, or about to be, or someone else's.
 */
type State = 'undecided' | 'open' | 'ending' | 'ended' | 'closed';

type Ending = Pick<SseStreamClosing, 'reason' | 'error'>;

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
