import { expect } from 'chai';
import { answers } from './client/answers.js';
import type { ClientDriver } from './client/driver.js';
import { framings } from './client/framings.js';
import { ids } from './client/ids.js';
import { losses } from './client/losses.js';
import { parsing } from './client/parsing.js';
import { requests } from './client/requests.js';
import { retries } from './client/retries.js';
import { silences } from './client/silences.js';
import { openStage, type Scenario, type Stage } from './client/stage.js';
import { stopping } from './client/stopping.js';
import { telling } from './client/telling.js';

const groups: Readonly<Record<string, readonly Scenario[]>> = {
  'in its request': requests,
  'in what it makes of a stream': parsing,
  'in any framing': framings,
  'when it loses its connection': losses,
  'when its connection is silent': silences,
  'at other answers': answers,
  'in how long it waits': retries,
  'with ids': ids,
  'in what it tells': telling,
  'when it is stopped': stopping,
};

/**
 * What a client of event streams promises. A deviation, by the title of its scenario and with a reason, is a scenario that
 * this client is known to fail, and has to: so the list stays true.
 */
export function describeClient(
  name: string,
  driver: ClientDriver,
  deviations: Readonly<Record<string, string>> = {},
): void {
  const titles = Object.values(groups).flatMap(scenarios => scenarios.map(({ title }) => title));

  describe(`${name}, as a client`, () => {
    let stage: Stage;
    before(async () => {
      stage = await openStage(driver);
    });
    after(() => stage.close());

    it('deviates only in scenarios that there are, and each of those has a title of its own', () => {
      expect(new Set(titles)).to.have.length(titles.length);
      expect(titles).to.include.members(Object.keys(deviations));
    });

    for (const [group, scenarios] of Object.entries(groups)) {
      describe(group, () => {
        const outcomes = new Map<string, Promise<unknown>>();
        // They wait far more than they work, so those of a group are played at the same time.
        before(function () {
          // Shorter than that of mocha, which would not say what was seen.
          const enough = 0.8 * this.timeout();
          for (const scenario of scenarios) {
            const patience = scenario.title in deviations ? 700 : enough;
            const outcome = stage.play(scenario, patience).catch((error: unknown) => ({ error }));
            outcomes.set(scenario.title, outcome);
          }
        });

        for (const { title } of scenarios) {
          const deviation = deviations[title];
          it(deviation === undefined ? title : `deviates: ${title} (${deviation})`, async () => {
            const outcome = await outcomes.get(title);
            if (deviation !== undefined) expect(outcome, 'it passes, after all').to.have.property('error');
            else if (isFailure(outcome)) throw outcome.error;
          });
        }
      });
    }
  });
}

function isFailure(outcome: unknown): outcome is { readonly error: unknown } {
  return typeof outcome === 'object' && outcome !== null && 'error' in outcome;
}
