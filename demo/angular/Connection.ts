import { computed, signal } from '@angular/core';
import { toObservable, toSignal } from '@angular/core/rxjs-interop';
import { EMPTY, interval, map, switchMap } from 'rxjs';
import type { FromSseConfig } from 'rxjs-sse';

type State =
  | { readonly name: 'connecting' }
  | { readonly name: 'open' }
  | { readonly name: 'waiting'; readonly until: number }
  | { readonly name: 'closed'; readonly reason: string };

/** A time without a connection; still going on without an `until`. */
export interface Outage {
  readonly from: number;
  readonly until?: number;
}

/** How a stream is connected, in signals. Its `observers` belong into the config of the stream. */
export class Connection {
  readonly #state = signal<State>({ name: 'connecting' });
  readonly #reconnects = signal(0);
  readonly #outages = signal<readonly Outage[]>([]);

  readonly name = computed(() => this.#state().name);
  readonly isOpen = computed(() => this.name() === 'open');
  readonly reconnects = this.#reconnects.asReadonly();
  readonly outages = this.#outages.asReadonly();

  /** A clock that stands still while the connection is open: then it is events that say what time it is. */
  readonly now = toSignal(
    toObservable(this.isOpen).pipe(
      switchMap(isOpen => (isOpen ? EMPTY : interval(250))),
      map(() => Date.now()),
    ),
    { initialValue: Date.now() },
  );

  readonly text = computed(() => {
    const state = this.#state();
    if (state.name === 'closed') return `closed: ${state.reason}`;
    if (state.name !== 'waiting') return state.name;
    const seconds = Math.ceil((state.until - this.now()) / 1000);
    return seconds > 0 ? `reconnecting in ${seconds} s` : 'connecting';
  });

  readonly observers: Pick<FromSseConfig, 'openObserver' | 'closeObserver'> = {
    openObserver: ({ attempt }) => {
      const now = Date.now();
      this.#state.set({ name: 'open' });
      this.#reconnects.set(attempt - 1);
      this.#outages.update(outages => outages.map(({ from, until = now }) => ({ from, until })));
    },
    closeObserver: ({ reason, retryIn }) => {
      const now = Date.now();
      this.#state.set(
        retryIn === undefined ? { name: 'closed', reason } : { name: 'waiting', until: now + retryIn },
      );
      // An attempt that has failed is one outage with the one before.
      this.#outages.update(outages =>
        outages.some(({ until }) => until === undefined) ? outages : [...outages, { from: now }],
      );
    },
  };
}
