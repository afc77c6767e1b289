import { filter, type OperatorFunction } from 'rxjs';

/** The members of a union of events that have this type; for events of any type, events of this one. */
export type OfType<E extends { readonly type: string }, Type extends string> = E extends {
  readonly type: Type;
}
  ? E
  : Type extends E['type']
    ? E & { readonly type: Type }
    : never;

/** The same, for each member by itself, and not inferred from where it is wanted. */
type Narrowed<E extends { readonly type: string }, Type extends string> = E extends unknown
  ? NoInfer<OfType<E, Type>>
  : never;

/**
 * Only the events of these types. It narrows: of `fromSSE<Prices>`, `ofType('tick')` leaves ticks, with a tick's data. An event
 * whose stream named no type is a `message`.
 *
 * ```
 * source          --tick--halt--tick--|
 * ofType('tick')  --tick--------tick--|
 * ```
 *
 * @example
 * ```ts
 * import { fromSSE, json, ofType } from 'rxjs-sse';
 *
 * type Prices = { tick: { price: number }; halt: { reason: string } };
 *
 * fromSSE<Prices>('https://example.com/prices')
 *   .pipe(ofType('tick'), json())
 *   .subscribe(({ data }) => console.log(data.price));
 * ```
 */
export function ofType<E extends { readonly type: string }, Type extends E['type']>(
  ...types: readonly Type[]
): OperatorFunction<E, Narrowed<E, Type>> {
  const wanted = new Set<string>(types);
  return filter((event: E): event is E & Narrowed<E, Type> => wanted.has(event.type));
}
