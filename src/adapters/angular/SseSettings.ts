import { inject, Injector, NgZone, runInInjectionContext } from '@angular/core';
import type { ConnectionAttempt, PerConnection } from '../../client/index.js';
import { fetchThrough } from './fetchThrough.js';
import type { SseStreamConfig } from './SseClient.js';
import { isPromiseLike, whenKnown } from './whenKnown.js';
import { BASE_URL } from './withBaseUrl.js';
import { DEFAULTS } from './withDefaults.js';
import { HEADERS, type SseHeadersContext } from './withHeaders.js';
import { HTTP_CHAIN } from './withHttpClient.js';

type MadeHeaders = HeadersInit | undefined;
type HeadersSource = HeadersInit | ((context: SseHeadersContext) => MadeHeaders | PromiseLike<MadeHeaders>);

/** What the features of `provideSse` have set up in the injector at work. */
export class SseSettings {
  readonly #injector = inject(Injector);
  readonly #zone = inject(NgZone);
  readonly #baseUrl = inject(BASE_URL, { optional: true });
  readonly #defaults = inject(DEFAULTS, { optional: true }) ?? {};
  readonly #headers = (inject(HEADERS, { optional: true }) ?? []).map(
    make => (context: SseHeadersContext) => this.#inContext(() => make(context)),
  );
  /** What requests go through, if they go through `HttpClient`. */
  readonly chain = inject(HTTP_CHAIN, { optional: true });

  /** The URL and the config for one subscription to a stream that was asked for like this. */
  of(
    url: PerConnection<string | URL>,
    config: SseStreamConfig,
  ): [PerConnection<string | URL>, SseStreamConfig] {
    const { reconnect, headers } = this.#defaults;
    const all: SseStreamConfig = { ...this.#defaults, ...definedOf(config) };
    const completed =
      reconnect && config.reconnect
        ? { ...all, reconnect: { ...reconnect, ...definedOf(config.reconnect) } }
        : all;

    let target = '';
    const urlOf = (attempt: ConnectionAttempt) =>
      whenKnown(typeof url === 'function' ? url(attempt) : url, asked => (target = this.#resolve(asked)));
    const sources = [headers, ...this.#headers, config.headers].filter(source => source !== undefined);
    const headersOf = (attempt: ConnectionAttempt) => made(sources, { ...attempt, url: target });

    if (!this.chain) {
      return [urlOf, { ...completed, headers: sources.every(isConstant) ? merged(sources) : headersOf }];
    }
    // Headers that are a function are asked again after a 401 or 403. Here interceptors have seen to that, so they are made together
    // with the URL instead.
    const latest: [string, string][] = [];
    const fetch = fetchThrough(this.chain, this.#zone, completed.fetch);
    return [
      attempt =>
        whenKnown(urlOf(attempt), url =>
          whenKnown(headersOf(attempt), headers => {
            latest.splice(0, latest.length, ...headers);
            return url;
          }),
        ),
      { ...completed, headers: latest, fetch },
    ];
  }

  #resolve(url: string | URL): string {
    const path = String(url);
    if (this.#baseUrl === null || /^([a-z][a-z\d+.-]*:|\/\/)/i.test(path)) return path;
    const base = typeof this.#baseUrl === 'function' ? this.#inContext(this.#baseUrl) : this.#baseUrl;
    return /^([?#]|$)/.test(path) ? base + path : `${base.replace(/\/+$/, '')}/${path.replace(/^\/+/, '')}`;
  }

  #inContext<T>(work: () => T): T {
    return runInInjectionContext(this.#injector, work);
  }
}

/** The options that are set: one that is `undefined` is as good as none. */
function definedOf(config: object): object {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));
}

function isConstant(source: HeadersSource): source is HeadersInit {
  return typeof source !== 'function';
}

function made(sources: readonly HeadersSource[], context: SseHeadersContext): Headers | PromiseLike<Headers> {
  const all: (MadeHeaders | PromiseLike<MadeHeaders>)[] = [];
  try {
    for (const source of sources) all.push(isConstant(source) ? source : source(context));
  } catch (error) {
    // Nobody waits for the others any more, so nobody would hear of their failing.
    void Promise.allSettled(all.map(async headers => headers));
    throw error;
  }
  return all.every(isAtHand) ? merged(all) : Promise.all(all.map(async headers => headers)).then(merged);
}

function isAtHand(headers: MadeHeaders | PromiseLike<MadeHeaders>): headers is MadeHeaders {
  return !isPromiseLike(headers);
}

/** All of them, each name with its last value. */
function merged(all: readonly MadeHeaders[]): Headers {
  const headers = new Headers();
  for (const each of all) new Headers(each).forEach((value, name) => headers.set(name, value));
  return headers;
}
