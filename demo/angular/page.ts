import express, { Router } from 'express';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildAngularApp } from './build.js';

/** The page, its script compiled ahead of time from the built package. */
export async function page(): Promise<Router> {
  const script = await compile();
  return Router()
    .use(express.static(local('public')))
    .get('/main.js', (_request, response) => void response.type('js').send(script));
}

async function compile(): Promise<string> {
  const outdir = await mkdtemp(join(tmpdir(), 'rxjs-sse-'));
  try {
    await buildAngularApp({ project: local('tsconfig.app.json'), entry: './main.ts', outdir });
    return await readFile(join(outdir, 'main.js'), 'utf8');
  } finally {
    await rm(outdir, { recursive: true });
  }
}

function local(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}
