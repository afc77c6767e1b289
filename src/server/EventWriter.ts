import { BehaviorSubject, Subscription, type Observable, type Observer } from 'rxjs';
import { encodeEvent, SseOverflowError, tell, type Listener, type SseEvent } from '../event-stream/index.js';
import { atEndOfTurn } from './atEndOfTurn.js';
import { diagnostics } from './diagnostics.js';
import { batchSize, EventQueue, type Overflow } from './EventQueue.js';
import type { Exchange, ExchangeListener } from './Exchange.js';
import { isObject } from './isObject.js';
import { refuse } from './refuse.js';
import type { SseStreamClosing, SseStreamOpening } from './SseStreamClosing.js';
import type { TimeoutQueue } from './TimeoutQueue.js';

/** How a stream is written, with nothing left open. */
export interface WriterConfig<Request, E extends SseEvent> {
  /** What every stream begins with. */
  readonly preamble: Uint8Array;
  /** For who is refused, in whole seconds. */
  readonly retryAfter: number;
  readonly bufferLimit: number;
  readonly overflow: Overflow<E>;
  readonly silence: TimeoutQueue | undefined;
  readonly stall: TimeoutQueue | undefined;
  /** For a reader that is cut off, where it may stall for ever. */
  readonly parting: TimeoutQueue;
  readonly lifetime: () => TimeoutQueue | undefined;
  readonly openObserver: Listener<SseStreamOpening<Request>> | undefined;
  readonly closeObserver: Listener<SseStreamClosing<Request>> | undefined;
  readonly errorObserver: Listener<unknown>;
}

/**
 * Writes the events of one source to one reader. What the reader has no room for waits here, in bytes that are counted:
 * what waits in a framework's own buffers is counted by nobody.
 *
 * As an observer it gets the events, as a listener what happens to the connection.
 */
export class EventWriter<Request, E extends SseEvent> implements Observer<E>, ExchangeListener {
  /** All that is to be undone once no more events are wanted, which may be while the source is still being subscribed to. */
  readonly subscription = new Subscription();
  /** Whether the reader keeps up. Completes when the connection is over. */
  readonly hasRoom$ = new BehaviorSubject(true);

  readonly #exchange: Exchange<Request>;
  readonly #config: WriterConfig<Request, E>;
  readonly #queue: EventQueue<E>;
  #state: State = 'undecided';
  #ending: Ending | undefined;
  #hasRoom = true;
  #isFlushDue = false;
  #lifetime: TimeoutQueue | undefined;

  #openedAt = 0;
  #given = 0;
  #bytes = 0;

  constructor(exchange: Exchange<Request>, config: WriterConfig<Request, E>) {
    this.#exchange = exchange;
    this.#config = config;
    this.#queue = new EventQueue(config.overflow, config.preamble);
    exchange.listen(this);
  }

  /** Sends the head and what waits. Until then, a failed source and an empty one are answered without a stream. */
  open(): void {
    this.#begin();
    this.#flush();
  }

  next(event: E): void {
    if (!this.#isWanted) return;
    try {
      const bytes = encodeEvent(event);
      // What waits only for the end of the turn is not what the reader has no room for.
      const limit = this.#hasRoom ? Infinity : this.#config.bufferLimit;
      if (!this.#queue.push(event, bytes, limit)) {
        this.#overflow();
        return;
      }
    } catch (error) {
      this.error(error);
      return;
    }
    this.#given++;
    if (this.#queue.bytes >= batchSize) this.open();
    else this.#flushSoon();
  }

  error(error: unknown): void {
    if (!this.#isWanted) return;
    if (this.#isUnanswered) {
      this.#close();
      this.#fail(error);
    } else {
      this.#finish({ reason: 'error', error });
      this.reportError(error);
    }
  }

  complete(): void {
    if (!this.#isWanted) return;
    if (this.#isUnanswered) {
      this.#close();
      this.#exchange.respond(204);
    } else {
      this.#finish({ reason: 'complete' });
    }
  }

  /** Ends the stream in the middle of it when `end$` emits, after one last event if that is what it emits. */
  endBy(end$: Observable<unknown>): void {
    const end = (last: unknown) => {
      if (this.#isUnanswered) {
        this.#close();
        refuse(this.#exchange, this.#config.retryAfter);
        return;
      }
      if (this.#isEvent(last)) this.next(last);
      this.complete();
    };
    this.subscription.add(end$.subscribe({ next: end, error: error => this.error(error) }));
  }

  drain(): void {
    // With nothing more to write, the stall watch goes on until all is taken.
    if (this.#state === 'ended' || this.#state === 'closed') return;
    this.#config.stall?.remove(this.#giveUp);
    this.#hasRoom = true;
    this.#flush();
    this.#tellRoom();
  }

  gone(isTaken: boolean): void {
    this.#config.stall?.remove(this.#giveUp);
    this.#config.parting.remove(this.#giveUp);
    const isOver = this.#state === 'ended' && (isTaken || this.#ending?.reason === 'error');
    this.#close(isOver ? this.#ending : undefined);
  }

  /** Tells what nobody else handles. */
  reportError(error: unknown): void {
    diagnostics.error?.publish({ ...this.#opening, error });
    tell(this.#config.errorObserver, error);
  }

  /** Whether the source still has a say. It may go on while it is being left: a signal that aborts makes it complete. */
  get #isWanted(): boolean {
    return this.#state === 'undecided' || this.#state === 'open';
  }

  get #isUnanswered(): boolean {
    return this.#state === 'undecided' && this.#given === 0;
  }

  /** None is one of the DOM, which is what `fromEvent` may give. */
  #isEvent(value: unknown): value is E {
    return isObject(value) && !(value instanceof Event);
  }

  #begin(): void {
    if (this.#state !== 'undecided') return;
    try {
      this.#exchange.open();
    } catch (error) {
      this.#close();
      this.#fail(error);
      return;
    }
    this.#state = 'open';
    this.#openedAt = performance.now();
    this.#lifetime = this.#config.lifetime();
    this.#lifetime?.touch(this.#expire);
    tell(this.#config.openObserver, this.#opening);
    diagnostics.open?.publish(this.#opening);
  }

  #flushSoon(): void {
    if (this.#isFlushDue || !this.#hasRoom) return;
    this.#isFlushDue = true;
    atEndOfTurn(() => {
      this.#isFlushDue = false;
      this.open();
    });
  }

  /** Writes what waits, as far as there is room. It is the write that costs, not the byte. */
  #flush(): void {
    while (this.#hasRoom && !this.#queue.isEmpty) this.#write(this.#queue.take());
    if (this.#state === 'ending' && this.#queue.isEmpty) this.#endResponse();
  }

  #write(bytes: Uint8Array): void {
    const hadRoom = this.#hasRoom;
    this.#bytes += bytes.length;
    this.#config.silence?.touch(this.#keepAlive);
    try {
      this.#hasRoom = this.#exchange.write(bytes);
    } catch (error) {
      this.reportError(error);
      this.#close({ reason: 'error', error });
      this.#exchange.abort();
      return;
    }
    if (hadRoom && !this.#hasRoom) this.#config.stall?.touch(this.#giveUp);
    this.#tellRoom();
  }

  #tellRoom(): void {
    if (this.#hasRoom !== this.hasRoom$.value) this.hasRoom$.next(this.#hasRoom);
  }

  readonly #keepAlive = (): void => {
    if (this.#state !== 'open') return;
    if (this.#hasRoom) this.#write(keepAliveBytes);
    else this.#config.silence?.touch(this.#keepAlive);
  };

  /** No more events; what waits is still written. */
  #finish(ending: Ending): void {
    this.#begin();
    // There may be no head, or whoever was told of it has sent the reader away.
    if (this.#state === 'closed') return;
    this.#state = 'ending';
    this.#ending = ending;
    this.#leaveSource();
    this.#flush();
  }

  #endResponse(): void {
    this.#state = 'ended';
    if (this.#ending?.reason === 'error') this.#exchange.cut();
    else this.#exchange.end();
    // What was written may still be under way to a reader that takes nothing. Without room, its time is running already.
    if (this.#hasRoom) this.#config.stall?.touch(this.#giveUp);
  }

  readonly #expire = (): void => {
    if (this.#state === 'open') this.#finish({ reason: 'expired' });
  };

  readonly #giveUp = (): void => {
    this.#close({ reason: 'stalled' });
    this.#exchange.abort();
  };

  /** Gives up what waits here. What was handed over may still be taken: so a reader that reads gets on with each reconnect. */
  #overflow(): void {
    const rest = this.#queue.takeRest();
    if (rest) this.#write(rest);
    this.#close({ reason: 'overflow', error: new SseOverflowError(this.#config.bufferLimit) });
    this.#exchange.cut();
    // Where a reader may have no room for ever, its time begins now; else it is running already.
    if (!this.#config.stall) this.#config.parting.touch(this.#giveUp);
  }

  #close(ending: Ending = { reason: 'gone' }): void {
    const { silence, closeObserver } = this.#config;
    if (this.#state === 'closed') return;
    const isStream = this.#state !== 'undecided';
    this.#state = 'closed';
    silence?.remove(this.#keepAlive);
    this.#lifetime?.remove(this.#expire);
    const closing = { ...this.#opening, ...ending, ...this.#facts };
    this.#queue.clear();
    this.#leaveSource();
    this.hasRoom$.complete();
    if (!isStream) return;
    diagnostics.close?.publish(closing);
    tell(closeObserver, closing);
  }

  #leaveSource(): void {
    try {
      this.subscription.unsubscribe();
    } catch (error) {
      this.reportError(error);
    }
  }

  #fail(error: unknown): void {
    if (this.#exchange.fail) {
      this.#exchange.fail(error);
    } else {
      this.reportError(error);
      this.#exchange.respond(500);
    }
  }

  get #opening(): SseStreamOpening<Request> {
    const { request, lastEventId } = this.#exchange;
    return { request, lastEventId };
  }

  get #facts() {
    const { count, dropped, highWaterMark } = this.#queue;
    return {
      events: this.#given - dropped - count,
      dropped,
      bytes: this.#bytes,
      highWaterMark,
      duration: performance.now() - this.#openedAt,
    };
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
