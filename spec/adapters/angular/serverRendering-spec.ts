import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { concat, firstValueFrom, NEVER, of, skip, Subject } from 'rxjs';
import { toSSE } from '../../../src/adapters/node.js';
import { listen } from '../../support/listen.js';

/** What `spec/support/angularServerPage.ts` tells: its process has ended by itself. */
interface Drawn {
  readonly page: string;
  readonly told: readonly string[];
}

describe('on the server, a page with streams', function () {
  this.timeout(20_000);

  let server: Server;
  let url: string;
  let asked = 0;
  let bothLeft: Promise<unknown>;
  beforeEach(async () => {
    asked = 0;
    const left$ = new Subject<unknown>();
    bothLeft = firstValueFrom(left$.pipe(skip(1)));
    const stream = toSSE(
      () => {
        asked++;
        return concat(of({ data: 'first' }), NEVER);
      },
      { closeObserver: left$ },
    );
    server = createServer(stream);
    url = `http://127.0.0.1:${await listen(server)}/`;
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  it('is drawn without opening any, and without waiting', async () => {
    const { page, told } = await draw('no');
    expect(page).to.include('none, loading');
    expect(asked).to.equal(0);
    expect(told).to.deep.equal([]);
  });

  it('has the first event of those that are asked for there, and leaves them', async () => {
    const { page } = await draw('yes');
    expect(page).to.include('first, resolved first');
    expect(asked).to.equal(2);
    await bothLeft;
  });

  it('is drawn though the server of those that are asked for is down', async () => {
    server.close();
    const { page } = await draw('yes');
    expect(page).to.include('none, loading');
  });

  async function draw(onServer: 'yes' | 'no'): Promise<Drawn> {
    const program = fileURLToPath(new URL('../../support/angularServerPage.ts', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--import',
      'tsx',
      program,
      url,
      onServer,
    ]);
    return JSON.parse(stdout.slice(stdout.indexOf('{"page"')));
  }
});
