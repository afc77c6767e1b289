import '@angular/compiler';
import {
  HttpClient,
  HttpEventType,
  provideHttpClient,
  withFetch,
  withInterceptors,
} from '@angular/common/http';
import { provideZonelessChangeDetection } from '@angular/core';
import { createApplication } from '@angular/platform-browser';
import { map, scan, type Observable } from 'rxjs';
import { provideSse, SseClient, withHttpClient } from '../../src/adapters/angular.js';
import { installDocument } from './installDocument.js';
import { memoryInUse } from './memoryInUse.js';

// A program of its own: an application that reads a stream, by one client or the other, until it has got so many bytes. It then tells
// by what its memory has grown, while the connection is still open.

const [, , client = '', url = '', amount = ''] = process.argv;

installDocument();
const { injector } = await createApplication({
  providers: [
    provideZonelessChangeDetection(),
    provideHttpClient(withFetch(), withInterceptors([(request, next) => next(request)])),
    provideSse(withHttpClient()),
  ],
});

/** How much has come, from time to time. */
const received$: Observable<number> =
  client === 'SseClient'
    ? injector
        .get(SseClient)
        .stream(url, { reconnect: false })
        // With what is around it.
        .pipe(scan((count, { data }) => count + data.length + 8, 0))
    : injector
        .get(HttpClient)
        .get(url, { observe: 'events', reportProgress: true, responseType: 'text' })
        .pipe(map(event => (event.type === HttpEventType.DownloadProgress ? event.loaded : 0)));

const before = await memoryInUse();
// It does not unsubscribe: the connection is there to the end.
await new Promise<void>((resolve, reject) => {
  received$.subscribe({ next: count => count >= Number(amount) && resolve(), error: reject });
});
const growth = (await memoryInUse()) - before;
process.stdout.write(JSON.stringify({ growth }), () => process.exit());
