export interface StreamEntry {
  readonly id: string;
  readonly fields: ReadonlyMap<string, string>;
}

/** Of what `XRANGE` answers: each entry a pair of its id and a list of fields and values in turn. */
export function entriesOf(reply: unknown): StreamEntry[] {
  return pairsOf(reply).map(([id, fields]) => ({
    id: String(id),
    fields: new Map(pairsOf(fields).map(([field, value]) => [String(field), String(value)])),
  }));
}

/** The pairs of a map. Redis gives it as a list of pairs or of keys and values in turn; its client, in RESP 3, as an object. */
export function pairsOf(reply: unknown): (readonly [key: unknown, value: unknown])[] {
  if (reply instanceof Map) return [...reply];
  if (!Array.isArray(reply)) return Object.entries(reply ?? {});
  const list: readonly unknown[] = reply;
  if (list.every(isList)) return list.map(([key, value]) => [key, value]);
  return list.flatMap((key, at) => (at % 2 === 0 ? [[key, list[at + 1]]] : []));
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}
