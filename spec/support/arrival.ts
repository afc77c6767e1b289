import { firstValueFrom, Subject } from 'rxjs';
import { StringDecoder } from 'node:string_decoder';
import type { Outcome, Reader, ResponseHead } from './connection.js';

/** What a response is put together from, by the protocol that it comes over. */
export interface Arrival extends Pick<Reader, 'head' | 'body' | 'writes' | 'until' | 'over'> {
  readonly begin: (head: ResponseHead) => void;
  /** Says that what is added from now on is another piece. */
  readonly startWrite: () => void;
  readonly add: (bytes: Buffer) => void;
  /** An error is for bytes that are no response. Only the first outcome counts. */
  readonly finish: (outcome: Outcome | Error) => void;
}

export function arrival(): Arrival {
  let head: ResponseHead | undefined;
  let outcome: Outcome | Error | undefined;
  let body = '';
  const writes: Buffer[][] = [];
  const utf8 = new StringDecoder('utf8');
  const news = new Subject<void>();

  /** Waits for something to be there, and gives `undefined` if the response is over without. */
  const waitFor = async <T>(look: () => T | undefined): Promise<T | undefined> => {
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      if (outcome instanceof Error) throw outcome;
      if (outcome) return undefined;
      await firstValueFrom(news);
    }
  };
  const missing = (what: string) => new Error(`Expected ${what}, got ${JSON.stringify({ head, body })}`);

  return {
    begin(arrived) {
      head = arrived;
      news.next();
    },
    startWrite: () => void writes.push([]),
    add(bytes) {
      writes.at(-1)?.push(bytes);
      body += utf8.write(bytes);
      news.next();
    },
    finish(how) {
      outcome ??= how;
      news.next();
    },

    async head() {
      const arrived = await waitFor(() => head);
      if (!arrived) throw missing('a head');
      return arrived;
    },
    body: () => body,
    writes: () => writes.map(parts => Buffer.concat(parts).toString()),
    async until(text) {
      let searched = 0;
      const isThere = await waitFor(() => {
        const from = Math.max(0, searched - text.length);
        searched = body.length;
        return body.includes(text, from) || undefined;
      });
      if (!isThere) throw missing(JSON.stringify(text));
    },
    async over() {
      return (await waitFor(() => (outcome instanceof Error ? undefined : outcome))) ?? 'cut';
    },
  };
}
