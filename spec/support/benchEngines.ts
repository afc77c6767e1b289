import type { BenchEngine } from './benchProcess.js';
import { natsServer } from './natsServer.js';
import { redisServer } from './redisServer.js';

interface StartedEngine {
  readonly port: number;
  stop(): Promise<void>;
}

/** A private one of each. Memory is one that need not be started. */
export const benchEngines: Readonly<Record<BenchEngine, () => Promise<StartedEngine>>> = {
  memory: () => Promise.resolve({ port: 0, stop: () => Promise.resolve() }),
  redis: redisServer,
  nats: natsServer,
};

export const benchEngineNames: readonly BenchEngine[] = ['memory', 'redis', 'nats'];
