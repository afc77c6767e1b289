import { configure, withAngular } from '../../support/angular.js';
import { Injector, type Resource, type Signal, type WritableResource } from '@angular/core';
import { TestBed } from '@angular/core/testing';
import { expect } from 'chai';
import {
  provideSseTesting,
  sseResource,
  type SseResourceConfig,
  type SseResourceRef,
} from '../../../src/adapters/angular.js';
import type { JsonText, ReceivedSseEvent, ReceivedSseEventOf } from '../../../src/index.js';

type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : { got: A; not: B };

interface Prices {
  tick: { price: number };
  note: string;
}

const url = () => '/a';

/** Claims that the value has exactly this type. */
function claim<Value>() {
  return <Actual>(resource: SseResourceRef<Actual>, _: Same<Actual, Value>): void =>
    void expect(resource.status()).to.equal('loading');
}

describe('The types of sseResource', () => {
  withAngular();

  beforeEach(() => configure(provideSseTesting()));

  /** What is made where it can be. */
  const made = <T>(make: () => T): T => TestBed.runInInjectionContext(make);

  it('infer the value from the default value', () =>
    made(() => {
      claim<number>()(
        sseResource({ url, defaultValue: 0, reduce: (sum, { data }) => sum + Number(data) }),
        true,
      );
      claim<number[]>()(
        sseResource({
          url,
          defaultValue: [] as number[],
          reduce: (list, { data }) => [...list, Number(data)],
          equal: (a, b) => a.length === b.length,
        }),
        true,
      );
    }));

  it('have the value that is named', () =>
    made(() => {
      claim<string | null>()(
        sseResource<string | null>({ url, defaultValue: null, reduce: (_, { data }) => data }),
        true,
      );
      // @ts-expect-error a text is not null
      sseResource({ url, defaultValue: null, reduce: (_, { data }) => data });
    }));

  it('infer a value that may be undefined from reduce alone', () =>
    made(() => {
      claim<number | undefined>()(
        sseResource({ url, reduce: (sum: number | undefined, { data }) => (sum ?? 0) + Number(data) }),
        true,
      );
      claim<number | undefined>()(
        sseResource<number>({ url, reduce: (sum, { data }) => (sum ?? 0) + Number(data) }),
        true,
      );
    }));

  it('have the latest event for a value without reduce', () =>
    made(() => {
      claim<ReceivedSseEvent | undefined>()(sseResource({ url }), true);
    }));

  it('have the events that are named', () =>
    made(() => {
      const events = sseResource<Prices>({ url });
      claim<ReceivedSseEventOf<Prices> | undefined>()(events, true);
      const check = (event: NonNullable<ReturnType<typeof events.value>>) => {
        if (event.type === 'note') return event.data.length;
        const data: JsonText<{ price: number }> = event.data;
        // @ts-expect-error there is no such type
        const type: 'other' = event.type;
        return [type, data];
      };
      expect(check).to.be.a('function');
    }));

  it('have the events in reduce that it says it takes', () =>
    made(() => {
      claim<string[]>()(
        sseResource({
          url,
          defaultValue: [] as string[],
          reduce: (notes, event: ReceivedSseEventOf<Prices>) =>
            event.type === 'note' ? [...notes, event.data] : notes,
        }),
        true,
      );
      // @ts-expect-error an event's data is text
      sseResource({ url, defaultValue: 0, reduce: (sum: number, { data }: { data: number }) => sum + data });
    }));

  it('give url the params, and never undefined', () =>
    made(() => {
      const params = () => (Date.now() > 0 ? { name: 'a' } : undefined);
      sseResource({ params, url: ({ params }) => `/${params.name}` });
      sseResource({ url: ({ params }) => `/${params.name}`, params });
      claim<string>()(
        sseResource({
          params,
          url: ({ params: { name } }) => `/${name}`,
          defaultValue: '',
          reduce: (text, { data }) => text + data,
        }),
        true,
      );
      sseResource<Prices, number>({ params: () => 1, url: ({ params }) => `/${params.toFixed()}` });
      // @ts-expect-error there is no such param
      sseResource({ params, url: ({ params }) => `/${String(params.id)}` });
      // @ts-expect-error there are no params
      expect(() => sseResource({ url: ({ params }) => `/${String(params.name)}` })).not.to.throw();
    }));

  it('take URL objects, and signals of them', () =>
    made(() => {
      sseResource({ url: () => new URL('http://host/a') });
      sseResource({ url: () => (Date.now() > 0 ? undefined : '/a') });
      const signal: Signal<string | undefined> = sseResource({
        url,
        defaultValue: '',
        reduce: text => text,
      }).value;
      sseResource({ url: signal });
      // @ts-expect-error a URL is a function, so that it can change
      sseResource({ url: '/a' });
      // @ts-expect-error a number is no URL
      sseResource({ url: () => 1 });
      // @ts-expect-error null is no URL
      sseResource({ url: () => null });
    }));

  it('narrow the value by hasValue', () =>
    made(() => {
      const events = sseResource({ url });
      // @ts-expect-error there may be no event yet
      expect(() => events.value().data).to.throw(TypeError);
      const check = () => {
        if (!events.hasValue()) return;
        const event: ReceivedSseEvent = events.value();
        return event;
      };
      expect(check()).to.equal(undefined);
      // It has one anyway, so nothing is narrowed to never where it has none.
      const sum = sseResource({ url, defaultValue: 0, reduce: (sum, { data }) => sum + Number(data) });
      const value: number = sum.hasValue() ? sum.value() : -sum.value();
      expect(value).to.equal(0);
    }));

  it("are those of Angular's Resource", () =>
    made(() => {
      const events: Resource<ReceivedSseEvent | undefined> = sseResource({ url });
      const sum: Resource<number> = sseResource({ url, defaultValue: 0, reduce: sum => sum });
      expect([events.status(), sum.value()]).to.deep.equal(['loading', 0]);
      // @ts-expect-error it is not to be written to
      const writable: WritableResource<number> = sum;
      expect(writable).not.to.have.property('set');
      const text: SseResourceRef<string> = sseResource({ url, defaultValue: '', reduce: text => text });
      // @ts-expect-error a text is no number
      const wrong: Resource<number> = text;
      expect(wrong).to.equal(text);
    }));

  it('take the options of a stream, and what is undefined for none', () =>
    made(() => {
      sseResource({
        url,
        headers: { 'X-Own': '1' },
        method: 'POST',
        body: null,
        reconnect: false,
        lastEventId: '1',
        onServer: true,
        openObserver: ({ status }) => status.toFixed(),
        injector: TestBed.inject(Injector),
      });
      sseResource({ url, params: undefined, reduce: undefined, injector: undefined, headers: undefined });
      sseResource({ url, defaultValue: 0, reduce: sum => sum, equal: undefined, reconnect: undefined });
      const config: SseResourceConfig<number> = { params: () => 1, url: ({ params }) => `/${params}` };
      claim<ReceivedSseEvent | undefined>()(sseResource(config), true);
      // @ts-expect-error there is no such option
      sseResource({ url, withCredential: true });
      // @ts-expect-error there is no such reconnecting
      sseResource({ url, reconnect: true });
    }));

  it('refuse what does not go together', () =>
    made(() => {
      // @ts-expect-error there is no URL
      expect(() => sseResource({ defaultValue: 0, reduce: (sum: number) => sum })).not.to.throw();
      // @ts-expect-error a default value of what?
      sseResource({ url, defaultValue: 0 });
      // @ts-expect-error a text is no number
      sseResource<number>({ url, defaultValue: 0, reduce: (_, { data }) => data });
      // @ts-expect-error it is not told apart by a number
      sseResource({ url, defaultValue: 0, reduce: sum => sum, equal: () => 1 });
    }));
});
