import { expect } from 'chai';
import { build } from 'esbuild';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

/** What it adds to a page that has RxJS already, in bytes. */
async function sizeOf(code: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: import.meta.dirname },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    external: ['rxjs'],
    write: false,
  });
  return gzipSync(outputFiles[0]?.contents ?? '', { level: 9 }).length;
}

describe('fromSSE, minified and gzipped', function () {
  this.timeout(20_000);

  let size: number;
  before(async () => {
    size = await sizeOf("export { fromSSE } from 'rxjs-sse';");
  });

  it('is no more than 4 KiB', () => {
    expect(size).to.be.within(1024, 4096);
  });

  it('is as large as the README says', () => {
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
    const figure = /`fromSSE` is (\d\.\d\d) KiB minified and gzipped/.exec(readme)?.[1];
    expect(Number(figure)).to.be.closeTo(size / 1024, 0.02);
  });

  it('is not made larger by what is beside it', async () => {
    expect(await sizeOf("export { isTransient } from 'rxjs-sse';")).to.be.lessThan(size / 2);
  });
});
