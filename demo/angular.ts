import express from 'express';
import { page } from './angular/page.js';
import { app } from './app.js';
import { listen } from './listen.js';

console.log('\n  Angular compiles the page, which takes some seconds.');

// Its page comes before the plain one, whose other routes it needs.
listen(express().use(await page(), await app()), 'npm run demo:angular', base =>
  console.log(`
  The page     ${base}/
  The metrics  curl -N ${base}/host
`),
);
