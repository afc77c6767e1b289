// The Angular door is compiled on by whoever imports it: here, at once.
import '@angular/compiler';
import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import * as statically from '../src/index.js';

interface Manifest {
  readonly exports: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly dependencies?: unknown;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional: boolean }>>;
}

const manifest = async (): Promise<Manifest> =>
  JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'));

/** What each door gives at run time. */
const doors: Readonly<Record<string, readonly string[]>> = {
  'rxjs-sse': [
    'SseConnectionError',
    'SseDataError',
    'SseError',
    'SseEventError',
    'SseLogError',
    'SseOverflowError',
    'SseResponseError',
    'SseSizeError',
    'backoff',
    'createDecoder',
    'decodeEventStream',
    'encodeEvent',
    'eventsOf',
    'fromSSE',
    'isTransient',
    'json',
    'ofType',
    'reconnect',
    'resuming',
    'shareAcrossTabs',
    'whileOnline',
    'whileVisible',
  ],
  'rxjs-sse/angular': [
    'SseClient',
    'SseTestConnection',
    'SseTestingController',
    'provideSse',
    'provideSseTesting',
    'sseResource',
    'withBaseUrl',
    'withDefaults',
    'withHeaders',
    'withHttpClient',
  ],
  'rxjs-sse/express': ['toSSE'],
  'rxjs-sse/fetch': ['toSSE'],
  'rxjs-sse/log': [
    'createLog',
    'decodeRecord',
    'encodeRecord',
    'filterLog',
    'logTopics',
    'memoryLog',
    'mergeLogs',
    'withSnapshot',
  ],
  'rxjs-sse/nats': ['natsLog'],
  'rxjs-sse/node': ['toSSE'],
  'rxjs-sse/redis': ['redisLog'],
  'rxjs-sse/server': ['eventStreamHeaders', 'nodeExchange', 'readLastEventId', 'serve'],
};

describe('the package', () => {
  for (const [door, names] of Object.entries(doors)) {
    it(`gives at ${door} what it says, and nothing else`, async () => {
      expect(Object.keys(await import(door)).sort()).to.deep.equal([...names].sort());
    });
  }

  it('has these doors, and a file behind each', async () => {
    const { './package.json': _, ...exports } = (await manifest()).exports;
    const paths = Object.keys(exports).map(path => path.replace('.', 'rxjs-sse'));
    expect(paths).to.have.members(Object.keys(doors));
    for (const door of Object.values(exports)) {
      expect(Object.keys(door)).to.deep.equal(['types', 'default']);
      for (const file of Object.values(door)) {
        expect(existsSync(new URL(`../${file}`, import.meta.url)), file).to.equal(true);
      }
    }
  });

  it('depends on nothing but peers, of which only rxjs is needed', async () => {
    const { dependencies, peerDependencies, peerDependenciesMeta } = await manifest();
    expect(dependencies).to.equal(undefined);
    expect(Object.keys(peerDependencies).filter(peer => !peerDependenciesMeta[peer]?.optional)).to.deep.equal(
      ['rxjs'],
    );
  });

  it('gives require the same copy as import', async () => {
    const script = `
      require('@angular/compiler');
      const same = Object.entries(${JSON.stringify(doors)}).map(async ([door, names]) => {
        const [required, imported] = [require(door), await import(door)];
        return names.every(name => name in required && required[name] === imported[name]);
      });
      Promise.all(same).then(all => console.log(all.every(Boolean)));
    `;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=commonjs', '-e', script]);
    expect(stdout).to.equal('true\n');
  });

  it('is one copy in these specs, however it is imported', async () => {
    expect((await import('../src/index.js')).SseError).to.equal(statically.SseError);
  });
});
