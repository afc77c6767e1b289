import { asyncScheduler, catchError, firstValueFrom, of, timeout, timer, type Observable } from 'rxjs';

/** What is to be kept, and whoever waits for it. */
export interface Letter {
  readonly text: string;
  /** By which NATS knows a repetition, once it was sent. */
  mark?: string;
  /** When it is too late to send it again. */
  deadline: number;
  readonly resolve: (id: string) => void;
  readonly reject: (error: unknown) => void;
}

export interface OutboxConfig {
  /** Sends some at once, in their order. Emits once: what has become of each of them. */
  readonly send: (letters: readonly Letter[]) => Observable<readonly PromiseSettledResult<string>[]>;
  readonly isTransient: (error: unknown) => boolean;
}

const mostAtOnce = 256;
/** How long to try, in milliseconds. */
const longestTry = 10_000;

/** Sends in order, and again what may not have arrived. */
export class Outbox {
  readonly #config: OutboxConfig;
  #waiting: Letter[] = [];
  #isSending = false;

  constructor(config: OutboxConfig) {
    this.#config = config;
  }

  add(text: string): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ text, deadline: asyncScheduler.now() + longestTry, resolve, reject });
      if (!this.#isSending) void this.#sendAll();
    });
  }

  async #sendAll(): Promise<void> {
    this.#isSending = true;
    while (this.#waiting.length > 0) {
      const letters = this.#waiting.splice(0, mostAtOnce);
      const again = this.#settle(letters, await this.#send(letters));
      this.#waiting.unshift(...again);
      if (again.length > 0) await firstValueFrom(timer(100));
    }
    this.#isSending = false;
  }

  #send(letters: readonly Letter[]): Promise<readonly PromiseSettledResult<string>[]> {
    const deadline = Math.min(...letters.map(letter => letter.deadline));
    const timeLeft = Math.max(deadline - asyncScheduler.now(), 0);
    const fail = (reason: unknown) => of(letters.map(() => ({ status: 'rejected', reason }) as const));
    return firstValueFrom(this.#config.send(letters).pipe(timeout({ first: timeLeft }), catchError(fail)));
  }

  /** Those to be sent again. What another has overtaken is not, since it would come after it. */
  #settle(letters: readonly Letter[], results: readonly PromiseSettledResult<string>[]): Letter[] {
    const lastKept = results.findLastIndex(({ status }) => status === 'fulfilled');
    return letters.filter((letter, index) => {
      const result = results[index];
      if (result?.status === 'fulfilled') letter.resolve(result.value);
      else if (index > lastKept && this.#isToBeSentAgain(letter, result?.reason)) return true;
      else letter.reject(result?.reason);
      return false;
    });
  }

  #isToBeSentAgain({ deadline }: Letter, reason: unknown): boolean {
    return asyncScheduler.now() < deadline && this.#config.isTransient(reason);
  }
}
