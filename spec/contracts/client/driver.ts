import type { fromSSE } from '../../../src/index.js';

/** What a client sees of a stream. `failed` and `stopped` are final: the latter is the end that a 204 asks for. */
export type Sight =
  | { readonly kind: 'open' | 'loss' | 'stopped' }
  | { readonly kind: 'failed'; readonly error?: string }
  | {
      readonly kind: 'event';
      readonly type: string;
      readonly data: string;
      readonly lastEventId: string;
      readonly origin: string;
    };

export interface StreamConfig {
  /** The event types to look for, since an EventSource has to know them. */
  readonly types: readonly string[];
  /** Stops at this event, counted from 1, while it is being delivered. */
  readonly stopAfter?: number;
  /** Clients that have no such thing ignore it. */
  readonly idleTimeout?: number;
}

/** A client under test. It runs in Node as well as in a page, so it takes and gives plain values only. */
export interface ClientDriver {
  /** Opens a stream, tells what it sees of it in order, and gives what stops it. */
  open(
    url: string,
    config: StreamConfig,
    see: (sight: Sight) => void,
  ): Promise<() => void | Promise<void>> | (() => void);
}

export function fromSseDriver(client: typeof fromSSE): ClientDriver {
  return {
    open(url, { stopAfter, idleTimeout }, see) {
      let count = 0;
      const subscription = client(url, {
        ...(idleTimeout !== undefined && { idleTimeout }),
        openObserver: () => see({ kind: 'open' }),
        closeObserver: ({ retryIn }) => {
          if (retryIn !== undefined) see({ kind: 'loss' });
        },
      }).subscribe({
        next: ({ type, data, lastEventId, origin }) => {
          see({ kind: 'event', type, data, lastEventId, origin });
          if (++count === stopAfter) subscription.unsubscribe();
        },
        error: (error: unknown) => see({ kind: 'failed', error: String(error) }),
        complete: () => see({ kind: 'stopped' }),
      });
      return () => subscription.unsubscribe();
    },
  };
}

/** As much of an EventSource as is needed here, so that it may be the platform's or a package's. */
interface AnyEventSource {
  readonly readyState: number;
  addEventListener(type: string, listener: (event: Event) => void): void;
  close(): void;
}

export function eventSourceDriver(Client: new (url: string) => AnyEventSource): ClientDriver {
  return {
    open(url, { types, stopAfter }, see) {
      const source = new Client(url);
      let count = 0;
      source.addEventListener('open', () => see({ kind: 'open' }));
      source.addEventListener('error', event => see({ kind: lossOrEnd(source, event) }));
      for (const eventType of types) {
        source.addEventListener(eventType, event => {
          // It is dispatched as a MessageEvent, though its type is the stream's.
          const { type, data, lastEventId, origin } = event as MessageEvent<string>;
          see({ kind: 'event', type, data, lastEventId, origin });
          if (++count === stopAfter) source.close();
        });
      }
      return () => source.close();
    },
  };
}

function lossOrEnd({ readyState }: AnyEventSource, event: Event): 'loss' | 'failed' | 'stopped' {
  if (readyState !== 2) return 'loss';
  // The package says which status it was; the platform does not.
  return 'code' in event && event.code === 204 ? 'stopped' : 'failed';
}
