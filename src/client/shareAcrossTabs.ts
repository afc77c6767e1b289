import { Observable, tap, type MonoTypeOperatorFunction, type Subscriber } from 'rxjs';
import type { ReceivedSseEvent, ResumePoint } from '../event-stream/index.js';

/** What the tab with the connection tells the others: an event, and the place that it comes after; to a tab that joins, the place. */
interface Relayed<E> {
  readonly tab: string;
  readonly after: string;
  readonly event?: E;
}
/** What a tab that joins asks. */
const WHERE = 'where';

/**
 * One connection for all tabs of an origin. A Web Lock says which tab has it, a `BroadcastChannel` carries its events to the
 * others, and when that tab closes, or unsubscribes, another one connects and goes on where it left off: for events that have
 * an id, without loss or repetition in any tab. Where there are no Web Locks each tab has a connection of its own.
 *
 * A tab that joins gets what comes from then on. It completes, and errors, with a connection of its own: one whose stream is over
 * leaves the others to find that out for themselves.
 *
 * @param name of the lock and of the channel: the same for the same stream.
 * @param resumePoint where the tab keeps its place, and the source finds it.
 * @example
 * ```ts
 * import { fromSSE, resuming, shareAcrossTabs } from 'rxjs-sse';
 *
 * const prices$ = resuming(resumePoint =>
 *   fromSSE('https://example.com/prices', { resumePoint }).pipe(shareAcrossTabs('prices', resumePoint)),
 * );
 * ```
 */
export function shareAcrossTabs<E extends ReceivedSseEvent<string, unknown>>(
  name: string,
  resumePoint: ResumePoint,
): MonoTypeOperatorFunction<E> {
  return source => {
    if (!('navigator' in globalThis && 'locks' in navigator)) return source;

    return new Observable(subscriber => {
      const tab = crypto.randomUUID();
      const channel = new BroadcastChannel(name);
      const leaving = new AbortController();
      const relay = inOrder<E>(resumePoint, subscriber);
      channel.onmessage = ({ data }: MessageEvent<Relayed<E> | typeof WHERE>) => {
        if (data !== WHERE) relay(data);
      };
      channel.postMessage(WHERE);
      subscriber.add(() => {
        channel.close();
        leaving.abort();
      });

      const lead = () =>
        new Promise<void>(release => {
          // From here on this tab has a connection, which brings what is still on its way from another.
          channel.onmessage = ({ data }) => {
            if (data === WHERE) channel.postMessage({ tab, after });
          };
          let after = resumePoint.lastEventId;
          subscriber.add(release);
          source
            .pipe(
              tap(event => {
                channel.postMessage({ tab, after, event });
                after = event.lastEventId;
              }),
            )
            .subscribe(subscriber);
        });
      navigator.locks
        .request(name, { signal: leaving.signal }, lead)
        .catch((error: unknown) => subscriber.error(error));
    });
  };
}

/**
 * Puts in order what several tabs have told, one after the other: a new one may repeat what its forerunner had told already, or
 * be heard before the forerunner's last words. It moves `resumePoint` along.
 */
function inOrder<E extends ReceivedSseEvent<string, unknown>>(
  resumePoint: ResumePoint,
  subscriber: Subscriber<E>,
): (message: Relayed<E>) => void {
  let hasJoined = false;
  let waiting: readonly Relayed<E>[] = [];

  return message => {
    // The place belongs to all tabs. And where the way from one place to the next is lost, rather twice than never.
    if (!hasJoined || waiting.length > 1000) resumePoint.lastEventId = (waiting[0] ?? message).after;
    hasJoined = true;
    waiting = [...waiting, message];
    for (;;) {
      const index = waiting.findIndex(({ after }) => after === resumePoint.lastEventId);
      const next = waiting[index];
      if (!next || subscriber.closed) return;
      // What the same tab has told before is a repetition.
      waiting = waiting.filter(({ tab }, at) => at > index || tab !== next.tab);
      if (!next.event) continue;
      resumePoint.lastEventId = next.event.lastEventId;
      subscriber.next(next.event);
    }
  };
}
