import type { Server } from 'node:net';
import { defer, finalize, firstValueFrom, NEVER, Subject, type Observable } from 'rxjs';
import type { SseEvent } from '../../../src/index.js';
import type { SseProject, SseStreamClosing, ToSseConfig } from '../../../src/server/index.js';
import type { Connection, RawRequest, Reader } from '../../support/connection.js';
import { listen } from '../../support/listen.js';

/** A door, and how its readers come to it. */
export interface Door {
  /** Serves, at every path, what the door's `toSSE` makes of a project. A failure that is left to the framework is answered with 500. */
  readonly serve: (project: SseProject<unknown>, config?: ToSseConfig) => Server;
  readonly connect: (port: number) => Connection;
}

/** Where each claim of the contract is tried: one server, and its readers. */
export interface Stage {
  /** Makes what the door serves, and serves it nowhere. */
  readonly make: Door['serve'];
  /** Serves a project for the rest of the spec. */
  readonly serve: (project: SseProject<unknown>, config?: ToSseConfig) => Promise<void>;
  /** A connection of its own. */
  readonly connect: () => Connection;
  /** Reads on a connection that has room for it, which may be that of other readers. */
  readonly read: (request?: RawRequest) => Reader;
  /** What `errorObserver` was told. */
  readonly errors: readonly unknown[];
  /** What `closeObserver` was told. */
  readonly closings: readonly SseStreamClosing[];
  /** What it is told next. */
  readonly closing: () => Promise<SseStreamClosing>;
}

export function openStage(door: Door): Stage {
  const errors: unknown[] = [];
  const closings: SseStreamClosing[] = [];
  const connections: Connection[] = [];
  let closed$ = new Subject<SseStreamClosing>();
  let server: Server | undefined;
  let port = 0;
  let shared: Connection | undefined;
  let room = 0;

  afterEach(() => {
    for (const connection of connections.splice(0)) connection.close();
    server?.close();
    errors.length = closings.length = room = 0;
    closed$ = new Subject();
  });

  const connect = () => {
    const connection = door.connect(port);
    connections.push(connection);
    return connection;
  };

  return {
    errors,
    closings,
    closing: () => firstValueFrom(closed$),
    make: door.serve,
    async serve(project, config) {
      const told$ = closed$;
      server = door.serve(project, {
        errorObserver: error => errors.push(error),
        closeObserver(closing) {
          // What still closes after a spec is none of the next one's.
          if (told$ === closed$) closings.push(closing);
          told$.next(closing);
        },
        ...config,
      });
      port = await listen(server);
    },
    connect,
    read(request) {
      if (!shared || room === 0) {
        shared = connect();
        room = shared.concurrency;
      }
      room--;
      return shared.ask(request);
    },
  };
}

/** The first bytes of a stream. */
export const begun = ': keep-alive 15000\n\n';

export const a: SseEvent = { data: 'a' };
export const b: SseEvent = { data: 'b' };

/** A source that tells of each subscription and of each end of one. */
export function watched(source: Observable<SseEvent> = NEVER) {
  const finalized$ = new Subject<void>();
  const log: string[] = [];
  const events$ = defer(() => {
    log.push('subscribed');
    return source.pipe(
      finalize(() => {
        log.push('finalized');
        finalized$.next();
      }),
    );
  });
  return { events$, log, finalized: firstValueFrom(finalized$) };
}

/** Reads a response until it has ended properly, and gives its body. */
export async function wholeBody({ over, body }: Reader): Promise<string> {
  if ((await over()) === 'cut') throw new Error(`Expected a proper end, got ${JSON.stringify(body())}`);
  return body();
}
