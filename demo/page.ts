import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { Router } from 'express';

/** The page, its script bundled from the built package. */
export async function page(): Promise<Router> {
  const [html, css, script] = await Promise.all([
    readFile(local('page/index.html'), 'utf8'),
    readFile(local('page/style.css'), 'utf8'),
    bundle(local('page/main.ts')),
  ]);
  return Router()
    .get('/', (_request, response) => void response.type('html').send(html))
    .get('/style.css', (_request, response) => void response.type('css').send(css))
    .get('/main.js', (_request, response) => void response.type('js').send(script));
}

async function bundle(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    format: 'esm',
    minify: true,
    target: 'es2022',
    write: false,
  });
  return outputFiles.map(({ text }) => text).join('');
}

function local(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}
