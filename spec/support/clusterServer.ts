import { createServer } from 'node:http';
import { toSSE } from '../../src/adapters/node.js';
import { clusterLog, type ClusterEngine } from './clusterLog.js';
import { listen } from './listen.js';

// A program of its own, so that it can be killed and frozen. It tells its port once it takes requests.

// Whoever started it has gone.
process.on('disconnect', () => process.exit());

const [, , engine, enginePort, maxEvents] = process.argv as unknown as [
  string,
  string,
  ClusterEngine,
  string,
  string,
];
const { log } = await clusterLog(engine, Number(enginePort), Number(maxEvents));
const server = createServer(toSSE(() => log));
process.send?.(await listen(server));
