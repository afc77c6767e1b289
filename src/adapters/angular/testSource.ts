import { finalize, of, timer } from 'rxjs';
import { backoff, fromSSE, isSafe, type FromSseConfig } from '../../client/index.js';
import type { Source } from './SseClient.js';
import { SseTestConnection } from './SseTestConnection.js';
import type { SseTestingController } from './SseTestingController.js';
import { testConnector } from './testConnector.js';

type Reconnect = Exclude<FromSseConfig['reconnect'], false | undefined>;

/**
 * `fromSSE` over connections that a test answers. They wait for nothing: for no promise but the application's own, and not before they
 * are made again.
 */
export function testSource(controller: SseTestingController): Source {
  return (url, config, chain) => {
    let isStaged = false;
    const patience = backoff();
    // What the test has done is followed at once. What failed before there was a request would go round for ever.
    const delay = (error: unknown, attempt: number) => {
      const waiting$ = isStaged ? of(0) : timer(patience.wait(error, attempt));
      isStaged = false;
      return waiting$;
    };
    const respond = (url: string, { method = 'GET', headers, body = null }: RequestInit) => {
      isStaged = true;
      const connection = new SseTestConnection({ url, method, headers: new Headers(headers), body });
      controller.add(connection);
      return connection.response$.pipe(finalize(() => controller.forget(connection)));
    };
    return fromSSE(url, withDelay(config, delay), testConnector(respond, chain));
  };
}

/** With that delay, unless there is no reconnecting, or a notifier that has to decide about it. */
function withDelay(config: FromSseConfig, delay: Reconnect['delay']): FromSseConfig {
  const reconnect = config.reconnect ?? (isSafe(config) && {});
  if (!reconnect || (typeof reconnect.delay === 'function' && !reconnect.delay.wait)) return config;
  return { ...config, reconnect: { ...reconnect, delay } };
}
