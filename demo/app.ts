import express, { type Express } from 'express';
import { filter, interval, map, startWith, Subject, takeUntil } from 'rxjs';
import { toSSE } from 'rxjs-sse/express';
import { memoryLog } from 'rxjs-sse/log';
import { hostMetrics } from './hostMetrics.js';
import { page } from './page.js';

/** The demo server: a clock, the metrics of this machine, and a page that shows them. */
export async function app(): Promise<Express> {
  // Five minutes of samples are kept, so a reader that was away for less misses nothing.
  const log = memoryLog({ maxEvents: 1200 });
  hostMetrics(250).subscribe(sample => void log.append({ type: 'sample', data: sample }));

  /** Emits the name of the reader whose connection is to end. */
  const cut$ = new Subject<unknown>();

  const clock = toSSE(() =>
    interval(1000).pipe(
      startWith(undefined),
      map(() => ({ type: 'timestamp', data: new Date().toISOString() })),
    ),
  );
  const host = toSSE(
    ({ query }, { lastEventId }) =>
      log.after(lastEventId).pipe(takeUntil(cut$.pipe(filter(reader => reader === query['reader'])))),
    { retry: 3000 },
  );

  return express()
    .use(await page())
    .get('/clock', clock)
    .get('/host', host)
    .post('/cut', ({ query }, response) => {
      cut$.next(query['reader']);
      response.sendStatus(204);
    });
}
