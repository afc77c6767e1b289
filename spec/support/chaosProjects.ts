import { concat, finalize, interval, map, NEVER, Observable, of, throwError } from 'rxjs';
import type { SseEvent } from '../../src/index.js';

const first: SseEvent = { data: 1 };

const cyclic: Record<string, unknown> = {};
cyclic['self'] = cyclic;

const refuse = () => {
  throw new Error('Expected nobody to look');
};

/** Throws whatever is done with it. */
const untouchable: object = new Proxy({}, new Proxy({}, { get: () => refuse }));

/** What cannot be written, whatever the types say. */
const events: Readonly<Record<string, unknown>> = {
  'a BigInt': { data: 1n },
  'a cycle': { data: cyclic },
  'data that is a function': { data: () => 1 },
  'data that is a symbol': { data: Symbol('data') },
  'a getter that throws': {
    get data() {
      return refuse();
    },
  },
  'a getter within that throws': {
    data: {
      get within() {
        return refuse();
      },
    },
  },
  'a toJSON that throws': { data: { toJSON: refuse } },
  'a toJSON that throws nothing at all': {
    data: {
      toJSON: throwing(undefined),
    },
  },
  'a toJSON that gives nothing': { data: { toJSON: () => undefined } },
  'a Proxy that throws': untouchable,
  'data that is a Proxy that throws': { data: untouchable },
  'a type that is a Proxy that throws': { type: untouchable },
  'an id that is a Proxy that throws': { id: untouchable },
  'a comment that is a Proxy that throws': { comment: untouchable },
  'a retry that is a Proxy that throws': { retry: untouchable },
  'an id with a line break': { id: '1\n2' },
  'a type with a line break': { type: 'a\rb' },
  'a negative retry': { retry: -1 },
  nothing: undefined,
  null: null,
  text: 'text',
  'a symbol': Symbol('event'),
  'a function': refuse,
};

/** What is thrown, and is not always an Error. */
const errors: Readonly<Record<string, unknown>> = {
  'an Error': new Error('mine'),
  undefined: undefined,
  null: null,
  text: 'text',
  'the empty text': '',
  'what to Express means the next route': 'route',
  zero: 0,
  'a symbol': Symbol('error'),
  'an object without a prototype': Object.create(null),
  'a Proxy that throws': untouchable,
};

function throwing(error: unknown): () => never {
  return () => {
    throw error;
  };
}

function rejected(error: unknown): Promise<never> {
  return Promise.resolve().then(throwing(error));
}

/** Projects as JavaScript has them, each with what is said of it. */
type Projects = Readonly<Record<string, () => unknown>>;

function failingWith(name: string, error: unknown): Projects {
  return {
    [`a project that throws ${name}`]: throwing(error),
    [`a project that rejects with ${name}`]: () => rejected(error),
    [`a source that fails with ${name}`]: () => throwError(() => error),
    [`a source that fails with ${name} after an event`]: () =>
      concat(
        of(first),
        throwError(() => error),
      ),
    [`a source that throws ${name} while it is subscribed to`]: () => new Observable(throwing(error)),
    [`a source that throws ${name} at an event`]: () => interval(0).pipe(map(throwing(error))),
    [`a source that throws ${name} when it is over`]: () => of(first).pipe(finalize(throwing(error))),
    [`an iterable that throws ${name}`]: function* () {
      yield first;
      throw error;
    },
    [`an async iterable that throws ${name}`]: async function* () {
      yield await Promise.resolve(first);
      throw error;
    },
    [`a ReadableStream that fails with ${name}`]: () =>
      new ReadableStream({ pull: controller => controller.error(error) }),
    [`a log that throws ${name}`]: () => ({ after: throwing(error) }),
  };
}

function givingAndGoingOn(name: string, event: unknown): Projects {
  return {
    [`an Observable of ${name}`]: () => concat(of(event), NEVER),
    [`an Observable of an event and ${name}`]: () => concat(of(first, event), NEVER),
    [`an iterable of an event and ${name}`]: () => [first, event],
    [`a log of an event and ${name}`]: () => ({ after: () => concat(of(first, event), NEVER) }),
  };
}

/** What is no source at all. */
const nonsense: Projects = {
  'a project that gives nothing': () => undefined,
  'a project that gives null': () => null,
  'a project that gives a number': () => 5,
  'a project that gives text': () => 'text',
  'a project that gives a function': () => refuse,
  'a project that gives an object': () => ({}),
  'a project that gives a Proxy that throws': () => untouchable,
  'a promise of nothing': () => Promise.resolve(),
  'a thenable that throws': () => ({ then: refuse }),
  'a thenable that has none to give': () => Object.defineProperty({}, 'then', { get: refuse }),
  'an iterable without an iterator': () => ({ [Symbol.iterator]: refuse }),
  'an iterable that gives no results': () => ({ [Symbol.iterator]: () => ({ next: () => undefined }) }),
  'an async iterable whose iterator is nothing': () => ({ [Symbol.asyncIterator]: () => undefined }),
  'a ReadableStream that someone else reads': () => {
    const stream = new ReadableStream();
    stream.getReader();
    return stream;
  },
  'a log that gives nothing': () => ({ after: () => undefined }),
};

/** Sources whose streams are over by themselves, one way or another. */
export const failing: Projects = {
  ...merged(Object.entries(events).map(([name, event]) => givingAndGoingOn(name, event))),
  ...merged(Object.entries(errors).map(([name, error]) => failingWith(name, error))),
  ...nonsense,
};

/** Sources that give an event, and fail when they are left. */
export const failingLate: Projects = merged(
  Object.entries(errors).map(([name, error]): Projects => {
    const fail = throwing(error);
    const reject = () => rejected(error);
    const next = () => Promise.resolve({ value: first });
    return {
      [`an Observable that throws ${name}`]: () => concat(of(first), NEVER).pipe(finalize(fail)),
      [`a log that throws ${name}`]: () => ({ after: () => concat(of(first), NEVER).pipe(finalize(fail)) }),
      [`an iterable that throws ${name}`]: () => ({
        [Symbol.iterator]: () => ({ next: () => ({ value: first }), return: fail }),
      }),
      [`an async iterable that throws ${name}`]: () => ({
        [Symbol.asyncIterator]: () => ({ next, return: fail }),
      }),
      [`an async iterable that rejects with ${name}`]: () => ({
        [Symbol.asyncIterator]: () => ({ next, return: reject }),
      }),
      [`a ReadableStream that rejects with ${name}`]: () =>
        new ReadableStream({ start: controller => controller.enqueue(first), cancel: reject }),
    };
  }),
);

function merged(projects: readonly Projects[]): Projects {
  return Object.assign({}, ...projects);
}
