// A program of its own, since zone.js changes what is global for good: what an application with zone.js does while a stream is read.
import 'zone.js';
import '@angular/compiler';
import { Component, inject, NgZone, provideZoneChangeDetection, type DoCheck } from '@angular/core';
import { createApplication } from '@angular/platform-browser';
import { SseClient } from '../../src/adapters/angular.js';
import { installDocument } from './installDocument.js';

installDocument('<app-root></app-root>');

const encoder = new TextEncoder();
let body: ReadableStreamDefaultController<Uint8Array>;
const isInZone = { fetch: true, url: true, events: new Set<boolean>(), opened: false };

/** Asked for as soon as somebody subscribes. */
function url(): string {
  isInZone.url = NgZone.isInAngularZone();
  return 'http://localhost/';
}

/** A stream that this program writes itself. */
function fetch(): Promise<Response> {
  isInZone.fetch = NgZone.isInAngularZone();
  const stream = new ReadableStream<Uint8Array>({ start: controller => void (body = controller) });
  return Promise.resolve(new Response(stream, { headers: { 'content-type': 'text/event-stream' } }));
}

let arrived: () => void;
const arrival = () => new Promise<void>(resolve => (arrived = resolve));

@Component({ selector: 'app-root', template: `{{ latest }}` })
class App implements DoCheck {
  static checks = 0;
  latest = 'none';

  constructor() {
    const opened = () => {
      isInZone.opened = NgZone.isInAngularZone();
      arrived();
    };
    inject(SseClient)
      .stream(url, { fetch, openObserver: opened, idleTimeout: 60_000 })
      .subscribe(({ data }) => {
        isInZone.events.add(NgZone.isInAngularZone());
        this.latest = data;
        if (data.endsWith('last')) arrived();
      });
  }

  ngDoCheck(): void {
    App.checks++;
  }
}

/** How often it is looked whether there is something to draw while these events are read, and what is shown then. */
async function checksFor(...data: readonly string[]): Promise<{ checks: number; text: string }> {
  const before = App.checks;
  const read = arrival();
  body.enqueue(encoder.encode(data.map(each => `data: ${each}\n\n`).join('')));
  await read;
  await application.whenStable();
  return { checks: App.checks - before, text: document.querySelector('app-root')?.textContent ?? '' };
}

const application = await createApplication({
  providers: [provideZoneChangeDetection()],
});
const zone = application.injector.get(NgZone);
const opened = arrival();
const { instance } = zone.run(() => application.bootstrap(App));
await opened;
await application.whenStable();

/** What any change costs, such as that of a click. */
async function checksForAChange(): Promise<number> {
  const before = App.checks;
  zone.run(() => (instance.latest = 'changed'));
  await application.whenStable();
  return App.checks - before;
}

const many = Array.from({ length: 50 }, (_, index) => `${index}`);
const results = {
  isStable: zone.isStable,
  change: await checksForAChange(),
  one: await checksFor('1 last'),
  many: await checksFor(...many, '50 last'),
  isInZone: { ...isInZone, events: [...isInZone.events] },
};
process.stdout.write(JSON.stringify(results), () => process.exit());
