/** A place in a stream, as its id says. `<mark>.<sequence>` */
export interface StreamPlace {
  /** The sequence of the entry there; that of the last message at the time, if there was no entry. */
  readonly seq: number;
  /** What tells the entry from any other that was or will be at its sequence in a stream of that name. */
  readonly mark: string;
  readonly isEntry: boolean;
  /** Of which stream it is, if the mark says it: that of a message which was not appended by a log does not. */
  readonly stream: string | undefined;
}

/** That of the entry with the mark; of no entry, if the mark is only that of the stream. */
export function idOf({ mark, seq }: Pick<StreamPlace, 'mark' | 'seq'>): string {
  return `${mark}.${seq}`;
}

/** Nothing, if no log gave out such an id. */
export function placeOf(id: string): StreamPlace | undefined {
  const [, mark, stream, random, digits] =
    /^(([0-9a-z]{12})(-[0-9a-f]{20})?|@[0-9a-z]{12})\.(0|[1-9]\d{0,14})$/.exec(id) ?? [];
  if (mark === undefined || digits === undefined) return undefined;
  const seq = Number(digits);
  const isEntry = random !== undefined || stream === undefined;
  return isEntry && seq === 0 ? undefined : { seq, mark, isEntry, stream };
}

/** That of a stream, by when it was made. */
export function markOfStream(created: string): string {
  return nanosecondsOf(created).toString(36);
}

/** A mark for a message that is to be appended. The stream gets it as the id of the message, by which it knows a repetition. */
export function newMark(stream: string): string {
  return `${stream}-${crypto.randomUUID().replaceAll('-', '').slice(-20)}`;
}

/** The mark of a message, by its id; of one that was not appended by a log, by its time. */
export function markOf(messageId: string, time: bigint): string {
  return /^[0-9a-z]{12}-[0-9a-f]{20}$/.test(messageId) ? messageId : `@${time.toString(36)}`;
}

/** Whether the entry of a foreign message is older than a stream. */
export function isOlder(mark: string, stream: string): boolean {
  return parseInt(mark.slice(1), 36) < parseInt(stream, 36);
}

/** Nanoseconds, which is more than a `Date` holds. */
export function nanosecondsOf(timestamp: string): bigint {
  const [, seconds = '', fraction = ''] = /^([^.Z]*)\.?(\d*)Z$/.exec(timestamp) ?? [];
  return BigInt(Date.parse(`${seconds}Z`)) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}
