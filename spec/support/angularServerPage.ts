// A program of its own, since Angular has one platform in a process: draws a page on the server. What it draws, and what the console
// was told, is its output.
import '@angular/compiler';
import { provideHttpClient } from '@angular/common/http';
import { Component, inject, provideZonelessChangeDetection } from '@angular/core';
import { toSignal } from '@angular/core/rxjs-interop';
import { bootstrapApplication, type BootstrapContext } from '@angular/platform-browser';
import { provideServerRendering, renderApplication } from '@angular/platform-server';
import { map } from 'rxjs';
import { provideSse, SseClient, sseResource, withHttpClient } from '../../src/adapters/angular.js';

const [, , url = '', onServer = ''] = process.argv;

@Component({ selector: 'app-root', template: `{{ latest() }}, {{ all.status() }} {{ all.value() }}` })
class App {
  readonly latest = toSignal(
    inject(SseClient)
      .stream(url, { onServer: onServer === 'yes' })
      .pipe(map(({ data }) => data)),
    { initialValue: 'none' },
  );
  readonly all = sseResource({
    url: () => url,
    onServer: onServer === 'yes',
    defaultValue: '',
    reduce: (all, { data }) => all + data,
  });
}

const told: unknown[] = [];
for (const method of ['warn', 'error'] as const)
  console[method] = (...parts: unknown[]) => told.push(parts.join(' '));

const providers = [
  provideServerRendering(),
  provideZonelessChangeDetection(),
  provideHttpClient(),
  provideSse(withHttpClient()),
];
const page = await renderApplication(
  (context: BootstrapContext) => bootstrapApplication(App, { providers }, context),
  { document: '<app-root></app-root>', url: 'http://127.0.0.1/', allowedHosts: ['127.0.0.1'] },
);
process.stdout.write(JSON.stringify({ page, told }));
