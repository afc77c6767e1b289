import {
  computed,
  effect,
  linkedSignal,
  signal,
  untracked,
  type EffectRef,
  type Injector,
  type ResourceSnapshot,
  type Signal,
} from '@angular/core';
import { scan } from 'rxjs';
import { tell, type ReceivedSseEvent } from '../../event-stream/index.js';
import { SseClient, type SseStreamConfig } from './SseClient.js';
import type { SseReduction, SseResourceConfig, SseResourceRef } from './sseResource.js';

type Reduction = SseReduction<unknown, ReceivedSseEvent>;

export type AnySseResourceConfig = SseResourceConfig<unknown> & {
  readonly [Key in keyof Reduction]?: Reduction[Key] | undefined;
};

type Request = { readonly url: string; readonly params: unknown } | { readonly error: Error } | undefined;

/** A request, and the how manieth time it is made. */
interface Load {
  readonly request: Request;
  readonly reloads: number;
}

interface State {
  readonly snapshot: ResourceSnapshot<unknown>;
  readonly readyState: 'connecting' | 'open' | 'closed';
}

/** What `sseResource` makes. */
export class StreamResource implements SseResourceRef<unknown> {
  readonly #isDestroyed = signal(false);
  readonly #reloads = signal(0);
  readonly #state: Signal<State>;
  readonly #loading: EffectRef;

  readonly snapshot = computed(() => this.#state().snapshot);
  readonly readyState = computed(() => this.#state().readyState);
  readonly status = computed(() => this.snapshot().status);
  readonly isLoading = computed(() => ['loading', 'reloading'].includes(this.status()));
  readonly error = computed(() => errorOf(this.snapshot()));
  readonly value: Signal<unknown>;

  constructor(config: AnySseResourceConfig, injector: Injector) {
    const { url, params, reduce = latest, defaultValue, equal = Object.is, ...rest } = config;
    const client = injector.get(SseClient);
    const request = computed(() => (this.#isDestroyed() ? undefined : requestOf(url, params)), {
      equal: isSameRequest,
    });
    const load = computed((): Load => ({ request: request(), reloads: this.#reloads() }));
    // It begins anew as soon as the load is another one, not only when the effect has got to it.
    const state = linkedSignal<Load, State>({
      source: load,
      computation: (load, previous) => beginning(load, defaultValue, previous),
    });

    this.#state = state;
    this.value = computed(() => valueOf(this.snapshot()), { equal });
    this.#loading = effect(
      onCleanup => {
        const { request } = load();
        if (request && 'url' in request) untracked(() => onCleanup(open(request.url)));
      },
      { injector },
    );

    /** Opens the stream, and gives what leaves it. */
    function open(url: string): () => void {
      let isLeft = false;
      const change = (change: Partial<State>) => {
        if (!isLeft) state.update(state => ({ ...state, ...change }));
      };
      const values$ = client.stream(url, telling(rest, change)).pipe(scan(reduce, defaultValue));
      const subscription = values$.subscribe({
        next: value => change({ snapshot: { status: 'resolved', value } }),
        error: (error: unknown) => change({ snapshot: { status: 'error', error: asError(error) } }),
      });
      return () => {
        isLeft = true;
        subscription.unsubscribe();
      };
    }
  }

  hasValue(this: never): this is SseResourceRef<unknown>;
  hasValue(): boolean;
  hasValue(): boolean {
    return this.status() !== 'error' && this.value() !== undefined;
  }

  reload(): boolean {
    const status = untracked(this.status);
    if (status === 'idle' || status === 'loading') return false;
    this.#reloads.update(count => count + 1);
    return true;
  }

  destroy(): void {
    this.#isDestroyed.set(true);
    this.#loading.destroy();
  }
}

function latest(_: unknown, event: ReceivedSseEvent): unknown {
  return event;
}

function requestOf(url: AnySseResourceConfig['url'], params: AnySseResourceConfig['params']): Request {
  try {
    const value = params?.();
    const address = params && value === undefined ? undefined : url({ params: value });
    return address === undefined ? undefined : { url: String(address), params: value };
  } catch (error) {
    return { error: asError(error) };
  }
}

function isSameRequest(a: Request, b: Request): boolean {
  if (!a || !b || 'error' in a || 'error' in b) return a === b;
  return a.url === b.url && Object.is(a.params, b.params);
}

function beginning(
  { request }: Load,
  defaultValue: unknown,
  previous: { source: Load; value: State } | undefined,
): State {
  if (!request) return { snapshot: { status: 'idle', value: defaultValue }, readyState: 'closed' };
  if ('error' in request) return { snapshot: { status: 'error', ...request }, readyState: 'closed' };
  if (previous?.source.request !== request) {
    return { snapshot: { status: 'loading', value: defaultValue }, readyState: 'connecting' };
  }
  const { snapshot } = previous.value;
  const value = snapshot.status === 'error' ? defaultValue : snapshot.value;
  return { snapshot: { status: 'reloading', value }, readyState: 'connecting' };
}

/** The config with observers that see whether the stream is open. */
function telling(config: SseStreamConfig, change: (change: Partial<State>) => void): SseStreamConfig {
  return {
    ...config,
    openObserver(opening) {
      change({ readyState: 'open' });
      tell(config.openObserver, opening);
    },
    closeObserver(closing) {
      change({ readyState: closing.retryIn === undefined ? 'closed' : 'connecting' });
      tell(config.closeObserver, closing);
    },
  };
}

function valueOf(snapshot: ResourceSnapshot<unknown>): unknown {
  if (snapshot.status === 'error') throw snapshot.error;
  return snapshot.value;
}

function errorOf(snapshot: ResourceSnapshot<unknown>): Error | undefined {
  return snapshot.status === 'error' ? snapshot.error : undefined;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error), { cause: error });
}
