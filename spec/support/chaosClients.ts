import { once } from 'node:events';
import { connect as connectHttp2, constants } from 'node:http2';
import { connect, type Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { requestText } from './http1.js';

/** How far a client gets before it leaves. */
export interface ChaosPoint {
  readonly name: string;
  /** What it asks for, if it gets so far; until then it has sent only `raw`. */
  readonly path?: string;
  readonly raw?: string;
  /** What a POST begins with whose end does not come. */
  readonly body?: string;
  /** The text that it waits for. */
  readonly until?: string;
}

/** A client that has got as far as it was to. */
export interface ChaosClient {
  /** The ways in which it can leave. */
  readonly departures: Readonly<Record<string, () => unknown>>;
  /** Makes sure that it is gone. */
  readonly destroy: () => Promise<void>;
}

/** What the specs of a door are made with. */
export interface ChaosClients {
  /** Clients that do not finish a request. */
  readonly unfinished: readonly ChaosPoint[];
  /** Gets as far as that, over a connection of its own. */
  readonly connect: (port: number, point: ChaosPoint) => Promise<ChaosClient>;
  /** Clients with thirty requests on one connection: for what does not end, and for what ends at once. */
  readonly crowds: readonly ((port: number, endless: string, ended: string) => Promise<ChaosClient>)[];
  /** Asks for this and reads it to its end, whatever that is. Gives the status. */
  readonly ask: (port: number, path: string) => Promise<number>;
  /** The stream of a client that reads all of it. */
  readonly open: (port: number, path: string) => Promise<Readable>;
}

const nothing = { name: 'before it sends anything', raw: '' };
const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

export const http1Clients: ChaosClients = {
  unfinished: [
    nothing,
    { name: 'in the middle of the request line', raw: 'GET /nev' },
    { name: 'in the middle of the head', raw: 'GET /never HTTP/1.1\r\nHos' },
    { name: 'after nonsense', raw: '\0\r\n: \r\n\r\n' },
  ],
  connect: http1Client,
  crowds: [
    (port, endless) => pipeline(port, Array<string>(30).fill(endless)),
    (port, _, ended) => pipeline(port, Array<string>(30).fill(ended)),
    (port, endless, ended) => pipeline(port, [...Array<string>(29).fill(ended), endless], ': keep-alive'),
  ],
  async ask(port, path) {
    const socket = await connected(port);
    const closed = once(socket, 'close');
    let received = '';
    socket.on('data', text => (received += String(text)));
    socket.write(requestText({ path, headers: { Connection: 'close' } }));
    await closed;
    return Number(received.split(' ')[1]);
  },
  async open(port, path) {
    const socket = await connected(port);
    socket.write(requestText({ path }));
    return socket;
  },
};

export const http2Clients: ChaosClients = {
  unfinished: [
    nothing,
    { name: 'in the middle of the preface', raw: preface.slice(0, 10) },
    { name: 'after the preface', raw: preface },
    { name: 'in the middle of a frame', raw: `${preface}\0\0\x12\x04` },
    { name: 'after nonsense', raw: `${preface}nonsense and more of it` },
  ],
  connect: http2Client,
  crowds: [
    (port, endless) => streams(port, Array<string>(30).fill(endless)),
    (port, _, ended) => streams(port, Array<string>(30).fill(ended)),
  ],
  async ask(port, path) {
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    const stream = session.request({ ':path': path }).on('error', () => undefined);
    let status = NaN;
    stream.on('response', ({ ':status': its = NaN }) => (status = its)).resume();
    // Not `once` of events, which rejects at an error.
    await new Promise(resolve => stream.on('close', resolve));
    const closed = once(session, 'close');
    session.close();
    await closed;
    return status;
  },
  open(port, path) {
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    const stream = session.request({ ':path': path });
    return Promise.resolve(stream.on('close', () => session.close()));
  },
};

async function http1Client(port: number, point: ChaosPoint): Promise<ChaosClient> {
  const socket = await connected(port);
  const { path, raw = path === undefined ? '' : request(path, point.body), until } = point;
  const arrival = arrived(socket, until);
  socket.write(raw);
  await arrival;
  return { departures: departuresOf(socket), destroy: () => destroyed(socket) };
}

async function http2Client(port: number, point: ChaosPoint): Promise<ChaosClient> {
  const { path, body, until } = point;
  if (path === undefined) return http1Client(port, point);
  const socket = await connected(port);
  const session = connectHttp2(`http://127.0.0.1:${port}`, { createConnection: () => socket });
  const stream = session.request(
    { ':path': path, ':method': body === undefined ? 'GET' : 'POST' },
    { endStream: body === undefined },
  );
  for (const emitter of [session, stream]) emitter.on('error', () => undefined);
  if (body !== undefined) stream.write(body);
  await arrived(stream, until);
  return {
    departures: {
      ...departuresOf(socket),
      'goes silent': () => stream.pause(),
      'cancels its stream': () => stream.close(constants.NGHTTP2_CANCEL),
      'ends its stream without an error': () => stream.close(constants.NGHTTP2_NO_ERROR),
      'closes its session': () => session.close(),
      'destroys its session': () => session.destroy(),
    },
    async destroy() {
      session.destroy();
      await destroyed(socket);
    },
  };
}

async function pipeline(port: number, paths: readonly string[], until?: string): Promise<ChaosClient> {
  const raw = paths.map(path => request(path)).join('');
  return http1Client(port, { name: '', raw, ...(until && { until }) });
}

async function streams(port: number, paths: readonly string[]): Promise<ChaosClient> {
  const socket = await connected(port);
  const session = connectHttp2(`http://127.0.0.1:${port}`, { createConnection: () => socket });
  session.on('error', () => undefined);
  await Promise.all(
    paths.map(path =>
      once(
        session.request({ ':path': path }).on('error', () => undefined),
        'response',
      ),
    ),
  );
  return { departures: departuresOf(socket), destroy: () => destroyed(socket) };
}

function request(path: string, body?: string): string {
  if (body === undefined) return requestText({ path });
  return requestText({ method: 'POST', path, headers: { 'Content-Length': String(body.length + 1) } }) + body;
}

async function connected(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  // A client that left gets no answer to what it sent.
  return socket.on('error', () => undefined);
}

async function arrived(readable: Readable, text: string | undefined): Promise<void> {
  if (text === undefined) return;
  let received = '';
  await new Promise<void>((resolve, reject) => {
    readable.on('data', chunk => {
      received += String(chunk);
      if (received.includes(text)) resolve();
    });
    readable.on('close', () => reject(new Error(`Expected ${text}, got ${received.slice(0, 1000)}`)));
  });
}

function departuresOf(socket: Socket) {
  return {
    'resets its connection': () => socket.resetAndDestroy(),
    'destroys its connection': () => socket.destroy(),
    'ends its side': () => socket.end().pause(),
    'goes silent': () => socket.pause(),
  };
}

async function destroyed(socket: Socket): Promise<void> {
  if (socket.closed) return;
  const closed = once(socket, 'close');
  socket.destroy();
  await closed;
}
