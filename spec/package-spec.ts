import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);

/** A server and its reader, as a user writes them; the first lines say how the names come in. */
const program = `
  const server = express()
    .get('/numbers', toSSE(() => interval(1).pipe(take(3), map(n => ({ type: 'number', data: { n }, id: String(n) })))))
    .get('/log', toSSE(() => log))
    .listen(0, '127.0.0.1', async () => {
      const base = 'http://127.0.0.1:' + server.address().port;
      const numbers$ = fromSSE(base + '/numbers', { reconnect: false });
      console.log(await lastValueFrom(numbers$.pipe(map(({ data, id }) => data + id), toArray())));
      void firstValueFrom(fromSSE(base + '/log')).then(({ data }) => {
        console.log(data);
        server.close();
      });
      setInterval(() => log.append({ data: 'appended' }), 10).unref();
    });
`;
const rx = '{ firstValueFrom, interval, lastValueFrom, map, take, toArray }';
const names: readonly [names: string, module: string][] = [
  [rx, 'rxjs'],
  ['{ fromSSE }', 'rxjs-sse'],
  ['{ toSSE }', 'rxjs-sse/express'],
  ['{ memoryLog }', 'rxjs-sse/log'],
];

/** What users write, and what they may leave undefined. */
const typed = `
  import express from 'express';
  import { filter } from 'rxjs';
  import { fromSSE, reconnect, type SseEvent } from 'rxjs-sse';
  import { createServer } from 'node:http';
  import { createServer as createHttp2Server, type Http2ServerRequest } from 'node:http2';
  import { from, of, Subject } from 'rxjs';
  import type { SseEventOf } from 'rxjs-sse';
  import { toSSE } from 'rxjs-sse/express';
  import { toSSE as toFetchSSE } from 'rxjs-sse/fetch';
  import { memoryLog } from 'rxjs-sse/log';
  import { toSSE as toNodeSSE } from 'rxjs-sse/node';

  const log = memoryLog<SseEvent<'tick', number>>({ maxEvents: undefined });
  const isMine = (event: SseEvent) => event.type === 'tick';
  const place: string | undefined = process.env['PLACE'];

  export const all = toSSE(() => log, { keepAlive: undefined, retry: undefined });
  export const mine = toSSE(() => ({ after: id => log.after(id).pipe(filter(isMine)) }));
  export const events$ = fromSSE('https://example.com/', {
    lastEventId: place,
    headers: async ({ attempt }) => ({ authorization: attempt.toFixed() }),
    body: () => new ReadableStream(),
    reconnect: { count: undefined },
  }).pipe(reconnect({ lossObserver: ({ error, retryIn }) => console.log(error, retryIn) }));
  const prices$ = new Subject<SseEventOf<Prices>>();
  type Prices = { tick: { price: number }; halt: { reason: string } };
  prices$.next({ type: 'tick', data: { price: 1 }, id: '7' });
  prices$.next({ id: '8' });
  // @ts-expect-error a price is a number
  prices$.next({ type: 'tick', data: { price: '1' } });
  // @ts-expect-error there is no such type
  prices$.next({ type: 'tock', data: { price: 1 } });
  // @ts-expect-error data goes with a type
  prices$.next({ data: { price: 1 } });
  toSSE<Prices>(() => prices$, {
    overflow: { latestBy: event => (event.type === 'tick' ? event.data.price : event.type) },
  });
  // @ts-expect-error a tick has data
  prices$.next({ type: 'tick' });
  toSSE<Prices>(({ params }) => Promise.resolve(params['a'] ? prices$ : memoryLog<SseEventOf<Prices>>()));
  // @ts-expect-error no prices
  toSSE<Prices>(() => of({ type: 'tock', data: 1 }));
  // @ts-expect-error the name of an event is its type
  toSSE(() => of({ event: 'tick', data: 1 }));
  // @ts-expect-error an Observable is no function
  toSSE(of({ data: 1 }));
  toSSE(() => [{ data: 1 }, { comment: 'a' }], { closeObserver: ({ request, reason }) => console.log(request.path, reason) });
  toSSE(() => from([{ data: 1 }]), { overflow: { latestBy: ({ data }) => data.toFixed() } });
  express().get('/:id', toSSE(({ params }: express.Request<{ id: string }>) => of({ data: params.id.length })));
  toSSE(() => prices$, { takeUntil: (request, { response }) => [request.path, response.locals] });
  createServer(toNodeSSE(({ url }) => of({ data: url })));
  createHttp2Server(toNodeSSE(({ url }) => of({ data: url })));
  createHttp2Server(toNodeSSE(({ stream }: Http2ServerRequest) => of({ data: stream.id })));
  export const response: Promise<Response> = toFetchSSE(({ url }, { response }) => {
    response.headers.set('a', 'b');
    return new ReadableStream<SseEvent>({ pull: controller => controller.enqueue({ data: url }) });
  })(new Request('https://example.com/'));
  // @ts-expect-error headers are no number
  fromSSE('https://example.com/', { headers: 5 });
  // @ts-expect-error a log of ticks takes no others
  void log.append({ type: 'tock', data: 1 });
`;

describe('the packed package', function () {
  this.timeout(30_000);

  let project: string;
  let unpacked: string;
  before(async () => {
    project = await mkdtemp(join(tmpdir(), 'rxjs-sse-'));
    const { stdout } = await run(
      'npm',
      ['pack', '--ignore-scripts', '--silent', '--pack-destination', project],
      {
        cwd: root,
      },
    );
    const modules = join(project, 'node_modules');
    unpacked = join(modules, 'rxjs-sse');
    await mkdir(unpacked, { recursive: true });
    await run('tar', ['-xzf', join(project, stdout.trim()), '--strip-components=1', '-C', unpacked]);
    for (const peer of ['rxjs', 'express', '@types'])
      await symlink(join(root, 'node_modules', peer), join(modules, peer));
  });
  after(() => rm(project, { recursive: true }));

  it('holds what a user needs, and no more', async () => {
    const files = await readdir(unpacked);
    expect(files.sort()).to.deep.equal(
      [
        'CHANGELOG.md',
        'CONTRIBUTING.md',
        'DECISIONS.md',
        'LICENSE',
        'SECURITY.md',
        'README.md',
        'dist',
        'docs',
        'package.json',
        'src',
      ].sort(),
    );
  });

  const output = '[ \'{"n":0}0\', \'{"n":1}1\', \'{"n":2}2\' ]\nappended\n';

  it('serves and reads for a user who imports it', async () => {
    const imports = names.map(([name, module]) => `import ${name} from '${module}';`).join('\n');
    await writeFile(
      join(project, 'user.mjs'),
      `import express from 'express';\n${imports}\nconst log = memoryLog();${program}`,
    );
    const { stdout, stderr } = await run(process.execPath, ['user.mjs'], { cwd: project });
    expect(stdout).to.equal(output);
    expect(stderr).to.equal('');
  });

  for (const lib of ['ES2023', 'ES2023 and DOM']) {
    for (const exactOptionalPropertyTypes of [true, false]) {
      it(`has types for a user of ${lib}, optional properties ${exactOptionalPropertyTypes ? '' : 'not '}exact`, async () => {
        const file = join(project, 'user.mts');
        await writeFile(file, typed);
        const program = ts.createProgram([file], {
          strict: true,
          exactOptionalPropertyTypes,
          noEmit: true,
          target: ts.ScriptTarget.ES2023,
          module: ts.ModuleKind.NodeNext,
          lib: lib.split(' and ').map(name => `lib.${name.toLowerCase()}.d.ts`),
          types: ['node'],
          typeRoots: [join(root, 'node_modules/@types')],
        });
        const complaints = ts
          .getPreEmitDiagnostics(program)
          .map(({ file, messageText }) => [
            file?.fileName,
            ts.flattenDiagnosticMessageText(messageText, '\n'),
          ]);
        expect(complaints).to.deep.equal([]);
      });
    }
  }

  it('serves and reads for a user who requires it', async () => {
    const requires = names.map(([name, module]) => `const ${name} = require('${module}');`).join('\n');
    await writeFile(
      join(project, 'user.cjs'),
      `const express = require('express');\n${requires}\nconst log = memoryLog();${program}`,
    );
    const { stdout } = await run(process.execPath, ['user.cjs'], { cwd: project });
    expect(stdout).to.equal(output);
  });
});
