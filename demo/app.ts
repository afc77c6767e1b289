import express, { type Express } from 'express';
import { filter, interval, map, startWith, Subject, takeUntil } from 'rxjs';
import { toSSE } from 'rxjs-sse/express';
import { memoryLog } from 'rxjs-sse/log';
import { hostMetrics } from './hostMetrics.js';
import { page } from './page.js';

/** The demo server: a clock, the metrics of this machine, and a page that shows them. */
export async function app(): Promise<Express> {
  // Five minutes of samples are kept, so a reader that was away for less misses nothing.
  const host = memoryLog({ maxEvents: 1200 });
  hostMetrics(250).subscribe(sample => void host.append({ type: 'sample', data: sample }));

  const cut$ = new Subject<unknown>();

  return express()
    .use(await page())
    .get(
      '/clock',
      toSSE(() =>
        interval(1000).pipe(
          startWith(undefined),
          map(() => ({ type: 'timestamp', data: new Date().toISOString() })),
        ),
      ),
    )
    .get(
      '/host',
      toSSE(
        ({ query }, { lastEventId }) =>
          host.after(lastEventId).pipe(takeUntil(cut$.pipe(filter(reader => reader === query['reader'])))),
        { retry: 3000 },
      ),
    )
    .post('/cut', ({ query }, response) => {
      cut$.next(query['reader']);
      response.sendStatus(204);
    });
}
