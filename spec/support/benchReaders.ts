import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { requestText } from './http1.js';

/** Readers that do no more than to look for the time in each event, and that none is missing, twice there, or out of turn. */
export interface BenchReaders {
  /** The latencies, in milliseconds, of events up to a number, once each reader has got all of them. */
  until(last: number): Promise<readonly number[]>;
  close(): void;
}

/** @param first the number of the event that each begins with */
export async function benchReaders(port: number, count: number, first: number): Promise<BenchReaders> {
  let latencies: number[] = [];
  let last = Infinity;
  let left = 0;
  let finish: () => void = () => undefined;
  let fail: (error: unknown) => void = () => undefined;
  const open = async () => {
    const socket = connect(port, '127.0.0.1');
    socket.setNoDelay().setEncoding('latin1');
    socket.write(requestText({}));
    await placed(socket);
    let rest = '';
    let expected = first;
    socket.on('data', (text: string) => {
      const now = Number(process.hrtime.bigint());
      const whole = rest + text;
      let end = 0;
      for (const { 0: match, 1: n, 2: at, index } of whole.matchAll(/"n":(\d+),"at":(\d+)\}/g)) {
        end = index + match.length;
        if (Number(n) !== expected) fail(new Error(`Expected event ${expected}, got ${n ?? ''}`));
        latencies.push((now - Number(at)) / 1e6);
        if (expected++ === last && --left === 0) finish();
      }
      rest = whole.slice(end);
    });
    socket.on('close', () => fail(new Error('A reader was cut off')));
    return socket;
  };
  const sockets: Socket[] = [];
  // Not all at once, which a queue of connections need not take.
  for (let n = 0; n < count; n += 50) {
    sockets.push(...(await Promise.all(Array.from({ length: Math.min(50, count - n) }, open))));
  }

  return {
    until(number) {
      [latencies, last, left] = [[], number, count];
      return new Promise((resolve, reject) => {
        finish = () => resolve(latencies);
        fail = reject;
      });
    },
    close() {
      fail = () => undefined;
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Until it is told where it is: what is appended from now on, it gets. */
async function placed(socket: Socket): Promise<void> {
  let text = '';
  do text += String((await once(socket, 'data'))[0]);
  while (!/\nid: .+\n\n/.test(text));
}
