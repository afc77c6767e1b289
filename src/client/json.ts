import {
  catchError,
  concatMap,
  from,
  map,
  throwError,
  type ObservableInput,
  type OperatorFunction,
} from 'rxjs';
import {
  SseDataError,
  tell,
  type JsonText,
  type Listener,
  type ReceivedSseEvent,
} from '../event-stream/index.js';

/** What `json` needs of a schema: the part of https://standardschema.dev that zod, valibot, arktype and others have in common. */
export interface StandardSchema<T> {
  readonly '~standard': {
    validate(value: unknown): StandardSchemaResult<T> | PromiseLike<StandardSchemaResult<T>>;
  };
}

export type StandardSchemaResult<T> =
  | { readonly value: T; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string }[] };

export interface JsonConfig {
  /**
   * Told of each event whose data is bad; that event is left out, and the stream goes on. Without it the stream errors.
   *
   * @defaultValue none
   */
  readonly errorObserver?: Listener<SseDataError> | undefined;
}

/** The event with its data as the type of its text says; `unknown` where that says nothing. */
export type ParsedSseEvent<E extends ReceivedSseEvent> =
  E extends ReceivedSseEvent<infer Type, infer Text>
    ? ReceivedSseEvent<Type, Text extends JsonText<infer T> ? T : unknown>
    : never;

/**
 * Parses the data of each event as JSON, and validates it if it is told how. All else of the event stays.
 *
 * - next: the event, its `data` parsed, and what `validate` makes of it.
 * - error: {@link SseDataError} for the first event whose data is bad, unless there is an `errorObserver`. Its `cause` is the
 *   `SyntaxError`, what `validate` threw, or an error with the `issues` of the schema.
 *
 * Where a schema is asynchronous the events keep their order.
 *
 * @param validate a function from the parsed value to the data, which throws if it is bad, or a Standard Schema.
 * @example
 * ```ts
 * import { fromSSE, json } from 'rxjs-sse';
 *
 * function toPrice(value: unknown): number {
 *   if (typeof value !== 'number') throw new TypeError('Expected a number');
 *   return value;
 * }
 *
 * fromSSE('https://example.com/prices')
 *   .pipe(json(toPrice, { errorObserver: error => console.warn(error.event.data) }))
 *   .subscribe(({ data }) => console.log(data.toFixed(2)));
 * ```
 */
export function json<E extends ReceivedSseEvent>(
  validate?: undefined,
  config?: JsonConfig,
): OperatorFunction<E, ParsedSseEvent<E>>;
export function json<E extends ReceivedSseEvent, T>(
  validate: StandardSchema<T>,
  config?: JsonConfig,
): OperatorFunction<E, ReceivedSseEvent<E['type'], T>>;
// After schemas, since some are functions, too, and return something else.
export function json<E extends ReceivedSseEvent, T>(
  // eslint-disable-next-line @typescript-eslint/unified-signatures -- a union would infer from both
  validate: (value: unknown) => T | PromiseLike<T>,
  config?: JsonConfig,
): OperatorFunction<E, ReceivedSseEvent<E['type'], T>>;
export function json(
  validate: ((value: unknown) => unknown) | StandardSchema<unknown> = value => value,
  { errorObserver }: JsonConfig = {},
): OperatorFunction<ReceivedSseEvent, unknown> {
  // Some schemas are functions, too.
  const read = '~standard' in validate ? validatorOf(validate) : validate;

  return concatMap((event): ObservableInput<unknown> => {
    try {
      const data = read(JSON.parse(event.data));
      return isPromiseLike(data) ? from(data).pipe(map(withData), catchError(withoutData)) : [withData(data)];
    } catch (cause) {
      return withoutData(cause);
    }

    function withData(data: unknown): ReceivedSseEvent<string, unknown> {
      return { ...event, data };
    }

    function withoutData(cause: unknown): ObservableInput<never> {
      const error = new SseDataError(event, { cause });
      if (!errorObserver) return throwError(() => error);
      tell(errorObserver, error);
      return [];
    }
  });
}

function validatorOf<T>({ '~standard': schema }: StandardSchema<T>): (value: unknown) => T | PromiseLike<T> {
  return value => {
    const result = schema.validate(value);
    return isPromiseLike(result) ? result.then(valueOf) : valueOf(result);
  };
}

function valueOf<T>(result: StandardSchemaResult<T>): T {
  if (!result.issues) return result.value;
  const { issues } = result;
  throw Object.assign(new Error(issues.map(({ message }) => message).join('; ')), { issues });
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
