import { expect } from 'chai';
import { build } from 'esbuild';
import express from 'express';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';
import { concat, NEVER, of } from 'rxjs';
import { toSSE } from 'rxjs-sse/express';
import ts from 'typescript';
import { buildAngularApp } from '../demo/angular/build.js';
import { launchChromium } from './support/chromium.js';
import { collectComplaints } from './support/complaints.js';
import { listen } from './support/listen.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const fixture = (name: string) => join(root, 'spec/fixtures', name);
const run = promisify(execFile);

/** Where each version of Angular is that has to work. */
const versions = { 20: join(fixture('angular-20'), 'node_modules'), 21: join(root, 'node_modules') };

describe('the packed package', function () {
  this.timeout(120_000);

  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rxjs-sse-'));
    await run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], { cwd: root });
  });
  after(() => rm(folder, { recursive: true }));

  for (const [version, modules] of Object.entries(versions)) {
    describe(`in a project with Angular ${version}`, () => {
      let project: string;
      before(async () => {
        project = join(folder, version);
        await install(project, modules);
      });

      for (const exactOptionalPropertyTypes of [true, false]) {
        for (const moduleResolution of ['bundler', 'nodenext'] as const) {
          it(`has types with ${moduleResolution}, optional properties ${exactOptionalPropertyTypes ? '' : 'not '}exact`, () => {
            expect(
              complaintsOf(join(project, 'user.ts'), moduleResolution, exactOptionalPropertyTypes),
            ).to.deep.equal([]);
          });
        }
      }

      describe('that is built ahead of time', () => {
        let script: string;
        before(async () => {
          const outdir = join(project, 'out');
          await buildAngularApp({
            project: join(project, 'tsconfig.json'),
            entry: 'main.ts',
            outdir,
            angular: project,
          });
          script = await readFile(join(outdir, 'main.js'), 'utf8');
        });

        it('has nothing left to compile, and nothing of what is for tests', () => {
          expect(script)
            .to.match(new RegExp(`"${version}\\.\\d+\\.\\d+"`))
            .and.not.include('ɵɵngDeclare');
          expect(script).to.include('text/event-stream').and.not.include('Expected a connection that is');
        });

        for (const zone of ['without zone.js', 'with zone.js']) {
          it(`runs ${zone}`, async function () {
            const browser = await launchChromium('applications of Angular');
            if (!browser) return this.skip();
            const [text, requests] = await textOf(browser, script, zone === 'with zone.js');
            expect(text).to.equal('hello|1|2|resolved, open');
            expect(requests).to.have.length(2);
            for (const headers of requests) {
              expect(headers).to.include({ authorization: 'Bearer secret', 'x-signed': 'yes' });
            }
          });
        }
      });
    });
  }

  it('pulls in nothing of Angular but through its Angular door', async () => {
    const doors = ['', '/express', '/fetch', '/log', '/nats', '/node', '/redis', '/server'];
    const inputs = await inputsOf(
      doors.map(door => `rxjs-sse${door}`),
      'node',
    );
    expect(inputs.filter(input => /angular/.test(input))).to.deep.equal([]);
    expect(inputs).to.include('dist/client/fromSSE.js');
  });

  it('pulls in nothing of Node, and no server or log, through its Angular door', async () => {
    const inputs = await inputsOf(['rxjs-sse/angular'], 'browser');
    const strangers = inputs.filter(
      input =>
        !/^dist\/(adapters\/angular|client\/|event-stream\/)/.test(input) &&
        !/^node_modules\/(@angular\/|rxjs\/|tslib\/)/.test(input),
    );
    expect(strangers).to.deep.equal(['<stdin>']);
    expect(inputs).to.include('dist/adapters/angular.js');
  });

  /** Makes a project of the application, the package and that Angular. */
  async function install(project: string, modules: string): Promise<void> {
    await cp(fixture('angular-app'), project, { recursive: true });
    const own = join(project, 'node_modules');
    await mkdir(join(own, 'rxjs-sse'), { recursive: true });
    const [archive = ''] = (await readdir(folder)).filter(file => file.endsWith('.tgz'));
    await run('tar', ['-xzf', join(folder, archive), '--strip-components=1', '-C', join(own, 'rxjs-sse')]);
    for (const name of ['common', 'compiler', 'compiler-cli', 'core', 'platform-browser']) {
      await cp(join(modules, '@angular', name), join(own, '@angular', name), { recursive: true });
    }
    // What the compiler is made of: all that has been hoisted.
    for (const name of await readdir(join(root, 'node_modules'))) {
      if (!['@angular', 'rxjs-sse'].includes(name) && !name.startsWith('.')) {
        await symlink(join(root, 'node_modules', name), join(own, name));
      }
    }
  }

  /** The modules that a bundle of these is made of. */
  async function inputsOf(modules: readonly string[], platform: 'browser' | 'node'): Promise<string[]> {
    const contents = modules.map(
      module =>
        `import * as _${modules.indexOf(module)} from '${module}'; console.log(_${modules.indexOf(module)});`,
    );
    const { metafile } = await build({
      stdin: { contents: contents.join('\n'), resolveDir: root },
      absWorkingDir: root,
      bundle: true,
      format: 'esm',
      metafile: true,
      platform,
      write: false,
    });
    return Object.keys(metafile.inputs);
  }
});

/** What TypeScript has to say of a user's file. */
function complaintsOf(
  file: string,
  moduleResolution: 'bundler' | 'nodenext',
  exactOptionalPropertyTypes: boolean,
): string[] {
  const isBundler = moduleResolution === 'bundler';
  const program = ts.createProgram([file], {
    strict: true,
    exactOptionalPropertyTypes,
    noEmit: true,
    skipLibCheck: false,
    experimentalDecorators: true,
    target: ts.ScriptTarget.ES2022,
    module: isBundler ? ts.ModuleKind.ES2022 : ts.ModuleKind.NodeNext,
    moduleResolution: isBundler ? ts.ModuleResolutionKind.Bundler : ts.ModuleResolutionKind.NodeNext,
    lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
    types: [],
  });
  return ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
    return `${file?.fileName ?? ''}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
  });
}

/** What an application shows once its events are there, and the headers of its requests. */
async function textOf(
  browser: Browser,
  script: string,
  isZoned: boolean,
): Promise<[string, readonly object[]]> {
  const requests: object[] = [];
  const zone = isZoned ? await readFile(join(root, 'node_modules/zone.js/bundles/zone.umd.js'), 'utf8') : '';
  const page = `<link rel="icon" href="data:,"><app-root></app-root><script>${zone}</script><script type="module" src="/main.js"></script>`;
  const stream = (...data: readonly string[]) =>
    toSSE(({ headers }) => {
      requests.push(headers);
      return concat(of(...data.map(each => ({ data: each }))), NEVER);
    });
  const server: Server = createServer(
    express()
      .get('/', (_request, response) => void response.type('html').send(page))
      .get('/main.js', (_request, response) => void response.type('js').send(script))
      .get('/api/greeting', stream('hello'))
      .get('/api/numbers', stream('1', '2')),
  );
  const tab = await browser.newPage();
  const complaints: string[] = [];
  collectComplaints(tab, complaints);
  try {
    await tab.goto(`http://127.0.0.1:${await listen(server)}/`);
    await tab.waitForFunction(
      () => document.querySelectorAll('li').length === 2 && document.getElementById('greeting')?.textContent,
    );
    const texts = await tab.locator('#greeting, li, #state').allTextContents();
    expect(complaints).to.deep.equal([]);
    return [texts.join('|'), requests];
  } finally {
    await browser.close();
    server.closeAllConnections();
    server.close();
  }
}
