import {
  computed,
  DestroyRef,
  effect,
  linkedSignal,
  signal,
  untracked,
  type EffectRef,
  type Injector,
  type ResourceSnapshot,
  type Signal,
} from '@angular/core';
import { noop, scan } from 'rxjs';
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
  readonly #forget: () => void;

  readonly readyState = computed(() => this.#state().readyState);
  readonly status = computed(() => this.#state().snapshot.status);
  readonly isLoading = computed(() => ['loading', 'reloading'].includes(this.status()));
  readonly error = computed(() => errorOf(this.#state().snapshot));
  readonly value: Signal<unknown>;
  // Of equal values it has the first, as `value` has.
  readonly snapshot = computed(
    () => {
      const { snapshot } = this.#state();
      return snapshot.status === 'error' ? snapshot : { ...snapshot, value: this.value() };
    },
    { equal: isSameSnapshot },
  );

  constructor(config: AnySseResourceConfig, injector: Injector) {
    const { url, params, reduce = latest, defaultValue, equal = Object.is, ...rest } = config;
    const client = injector.get(SseClient);
    const request = computed(
      () => {
        // A reload asks again, also after `url` has thrown.
        this.#reloads();
        return this.#isDestroyed() ? undefined : requestOf(url, params);
      },
      { equal: isSameRequest },
    );
    const load = computed((): Load => ({ request: request(), reloads: this.#reloads() }));
    // It begins anew as soon as the load is another one, not only when the effect has got to it.
    const state = linkedSignal<Load, State>({
      source: load,
      computation: (load, previous) => beginning(load, defaultValue, previous),
    });

    this.#state = state;
    this.value = computed(() => valueOf(state().snapshot), { equal });
    this.#loading = effect(
      onCleanup => {
        const current = load();
        untracked(() => onCleanup(open(current)));
      },
      { injector },
    );

    this.#forget = injector.get(DestroyRef).onDestroy(() => this.destroy());

    /** Opens the stream, and gives what leaves it. */
    function open(current: Load): () => void {
      const { request } = current;
      if (!request || !('url' in request)) return noop;
      // Another load may have begun, and the effect not got to it yet.
      const change = (change: Partial<State>) => {
        if (untracked(load) === current) state.update(state => ({ ...state, ...change }));
      };
      const values$ = client.stream(request.url, telling(rest, change)).pipe(scan(reduce, defaultValue));
      const subscription = values$.subscribe({
        next: value => change({ snapshot: { status: 'resolved', value } }),
        error: (error: unknown) =>
          change({ snapshot: { status: 'error', error: asError(error) }, readyState: 'closed' }),
        complete: () => change({ readyState: 'closed' }),
      });
      return () => subscription.unsubscribe();
    }
  }

  hasValue(this: never): this is SseResourceRef<unknown>;
  hasValue(): boolean;
  hasValue(): boolean {
    return this.status() !== 'error' && this.value() !== undefined;
  }

  reload(): boolean {
    if (untracked(this.isLoading) || untracked(this.status) === 'idle') return false;
    this.#reloads.update(count => count + 1);
    return true;
  }

  destroy(): void {
    this.#isDestroyed.set(true);
    this.#loading.destroy();
    this.#forget();
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

function isSameSnapshot(a: ResourceSnapshot<unknown>, b: ResourceSnapshot<unknown>): boolean {
  if (a.status === 'error' || b.status === 'error') return a === b;
  return a.status === b.status && Object.is(a.value, b.value);
}

function errorOf(snapshot: ResourceSnapshot<unknown>): Error | undefined {
  return snapshot.status === 'error' ? snapshot.error : undefined;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error), { cause: error });
}
