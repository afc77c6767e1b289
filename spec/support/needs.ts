import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Skips what is described around it, with a line that says so, where a program is not there. Its `after` hooks run nevertheless. */
export function needs(program: 'redis-server' | 'nats-server'): void {
  before(function () {
    const folders = (process.env['PATH'] ?? '').split(delimiter);
    if (folders.some(folder => existsSync(join(folder, program)))) return;
    console.warn(
      `\n  Skipped ${this.test?.parent?.fullTitle()}: no ${program}. apt-get install ${program}\n`,
    );
    this.skip();
  });
}
