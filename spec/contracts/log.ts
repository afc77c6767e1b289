import { appending } from './log/appending.js';
import { closing } from './log/closing.js';
import { gaps } from './log/gaps.js';
import { instances } from './log/instances.js';
import { joining } from './log/joining.js';
import { outages } from './log/outages.js';
import { reading } from './log/reading.js';
import { openStage, type EngineStage, type LogHarness, type LogStage } from './log/stage.js';
import { throng } from './log/throng.js';

export type { LogEngine, LogHarness } from './log/stage.js';

const groups: Readonly<Record<string, (stage: LogStage) => void>> = {
  appends: appending,
  'gives its readers': reading,
  'has a reader join': joining,
  'where events are missing': gaps,
  'with many readers': throng,
  closes: closing,
};

const engineGroups: Readonly<Record<string, (stage: EngineStage) => void>> = {
  'on two instances': instances,
  'when the engine fails': outages,
};

/** What an event log promises, wherever it keeps its events. */
export function logContract(harness: LogHarness): void {
  const { stage, engineStage } = openStage(harness);
  for (const [group, describeGroup] of Object.entries(groups)) {
    describe(group, () => describeGroup(stage));
  }
  if (!engineStage) return;
  for (const [group, describeGroup] of Object.entries(engineGroups)) {
    describe(group, () => describeGroup(engineStage));
  }
}
