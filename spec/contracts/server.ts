import { beginning } from './server/beginning.js';
import { ending } from './server/ending.js';
import { failing } from './server/failing.js';
import { lagging } from './server/lagging.js';
import { leaving, leavingTooSoon } from './server/leaving.js';
import { options } from './server/options.js';
import { openStage, type Door, type Stage } from './server/stage.js';
import { silence } from './server/silence.js';
import { survival } from './server/survival.js';
import { telling } from './server/telling.js';
import { writing } from './server/writing.js';

export type { Door } from './server/stage.js';

const groups: Readonly<Record<string, (stage: Stage) => void>> = {
  'begins a stream': beginning,
  writes: writing,
  'tells the project': telling,
  'ends a stream': ending,
  'leaves the answer to the framework': failing,
  unsubscribes: leaving,
  'when its reader leaves while the project decides': leavingTooSoon,
  'while it is silent': silence,
  'a reader that lags': lagging,
  survives: survival,
  'with options': options,
};

/** What `toSSE` promises, at whatever door and over whatever protocol. */
export function serverContract(door: Door): void {
  const stage = openStage(door);
  for (const [group, describeGroup] of Object.entries(groups)) {
    describe(group, () => describeGroup(stage));
  }
}
