import { expect } from 'chai';
import { of, throwError } from 'rxjs';
import type { SseProject } from '../../../src/server/index.js';
import type { Stage } from './stage.js';

export function failing({ serve, read, errors, closings }: Stage): void {
  const mine = new Error('mine');
  const early: Readonly<Record<string, SseProject<unknown>>> = {
    'the project throws': () => {
      throw mine;
    },
    'its promise is rejected': () => Promise.reject(mine),
    'the source fails at once': () => throwError(() => mine),
    'the source that was promised fails at once': () => Promise.resolve(throwError(() => mine)),
    'the first event cannot be written': () => of({ data: 1n }),
    // What JavaScript may return, whatever the types say.
    'there is no source': () => JSON.parse('null'),
  };
  for (const [when, project] of Object.entries(early)) {
    it(`when ${when}`, async () => {
      await serve(project);
      const { status, headers } = await read().head();
      expect(status).to.equal(500);
      expect(headers['content-type'] ?? '').not.to.include('event-stream');
      expect(headers['cache-control'] ?? '').not.to.include('no-transform');
      expect(headers).not.to.have.any.keys('x-accel-buffering');
      expect(errors).to.deep.equal([]);
      expect(closings).to.deep.equal([]);
    });
  }
}
