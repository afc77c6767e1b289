import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

interface Round {
  readonly checks: number;
  readonly text: string;
}

/** What `spec/support/angularZone.ts` tells. */
interface Results {
  readonly isStable: boolean;
  readonly change: number;
  readonly one: Round;
  readonly many: Round;
  readonly isInZone: {
    readonly url: boolean;
    readonly fetch: boolean;
    readonly opened: boolean;
    readonly events: readonly boolean[];
  };
}

describe('in an application with zone.js, a stream', function () {
  this.timeout(20_000);

  let results: Results;
  before(async () => {
    const program = fileURLToPath(new URL('../../support/angularZone.ts', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', program]);
    results = JSON.parse(stdout.slice(stdout.indexOf('{')));
  });

  it('that is open and silent leaves the application stable', () => {
    expect(results.isStable).to.equal(true);
  });

  it('is read outside the zone', () => {
    expect(results.isInZone).to.deep.include({ url: false, fetch: false });
  });

  it('hands over its events, and tells its observers, inside the zone', () => {
    expect(results.isInZone).to.deep.include({ opened: true, events: [true] });
  });

  it('has a field that is no signal drawn', () => {
    expect(results.one.text).to.equal('1 last');
    expect(results.many.text).to.equal('50 last');
  });

  it('costs one round of change detection for all events that come at once, as any change does', () => {
    expect(results.change).to.be.greaterThan(0);
    expect(results.one.checks).to.equal(results.change);
    expect(results.many.checks).to.equal(results.change);
  });
});
