import express from 'express';
import type { AddressInfo } from 'node:net';
import { toSSE } from 'rxjs-sse/express';
import type { EngineName } from './engine.js';
import { openLog } from './openLog.js';

// One of the servers, a program of its own. It tells its port once it takes requests, and ends with whoever started it.

process.on('disconnect', () => process.exit());

const [, , engine, port] = process.argv as unknown as [string, string, EngineName, string];
const log = await openLog(engine, Number(port));

const app = express();
app.get(
  '/ticks',
  toSSE(() => log, { retry: 100 }),
);
const server = app.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
