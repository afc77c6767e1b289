import type { NatsConnection } from '@nats-io/nats-core';
import { defer, filter, map, shareReplay, startWith, type Observable } from 'rxjs';

const known = new WeakMap<NatsConnection, Observable<boolean>>();

/** Whether the connection is there, now and from now on. One that was closed is: it says so to whoever asks it something. */
export function connectivityOf(connection: NatsConnection): Observable<boolean> {
  const isUp$ = known.get(connection) ?? watch(connection);
  known.set(connection, isUp$);
  return isUp$;
}

/** For as long as there is a connection, since one cannot stop listening to it. */
function watch(connection: NatsConnection): Observable<boolean> {
  return defer(() => connection.status()).pipe(
    filter(({ type }) => type === 'disconnect' || type === 'reconnect' || type === 'close'),
    map(({ type }) => type !== 'disconnect'),
    startWith(true),
    shareReplay(1),
  );
}
