import type { StreamEntry } from './replies.js';

/** What an id of the log says. */
export interface StreamPlace {
  /** Of the entry, as Redis gives it: the time, and a count within the millisecond. */
  readonly id: string;
  /** What tells the entry from one that had the same id before the stream was emptied. Who appends by hand may leave it out. */
  readonly nonce: string;
  /** Whether it is the place before the entry, not after it. */
  readonly isBefore: boolean;
}

/** `1795570731197-0.5e8d03a1`, with a `~` for the place before. */
export function placeId({ id, nonce, isBefore }: StreamPlace): string {
  return `${isBefore ? '~' : ''}${id}${nonce && `.${nonce}`}`;
}

/** `undefined` if it is none that a log could have given out. */
export function parsePlace(placeId: string): StreamPlace | undefined {
  const match = /^(~?)((?:0|[1-9]\d{0,19})-(?:0|[1-9]\d{0,19}))(?:\.([0-9a-f]{8}))?$/.exec(placeId);
  const [, before, id = '', nonce = ''] = match ?? [];
  return isStreamId(id) ? { id, nonce, isBefore: before === '~' } : undefined;
}

export function placeAfter({ id, fields }: StreamEntry): StreamPlace {
  const nonce = fields.get('nonce') ?? '';
  return { id, nonce: /^[0-9a-f]{8}$/.test(nonce) ? nonce : '', isBefore: false };
}

export function isLater(id: string, than: string): boolean {
  const [time = 0n, count = 0n] = partsOf(id);
  const [otherTime = 0n, otherCount = 0n] = partsOf(than);
  return time > otherTime || (time === otherTime && count > otherCount);
}

/** Two numbers of 64 bits. */
function isStreamId(id: string): boolean {
  return id !== '' && partsOf(id).every(part => part < 2n ** 64n);
}

function partsOf(id: string): bigint[] {
  return id.split('-').map(BigInt);
}
