import type { EventLog } from 'rxjs-sse/log';
import type { EngineName } from './engine.js';
import type { Tick } from './Tick.js';

/** The log of ticks, as each process opens it for itself. The engine may be down for a while. */
export async function openLog(engine: EngineName, port: number): Promise<EventLog<Tick>> {
  // A reader without a place gets everything that there is. That an engine is down is told elsewhere.
  const config = { maxEvents: 100_000, from: 'earliest', errorObserver: () => undefined } as const;
  switch (engine) {
    case 'redis': {
      const { createClient } = await import('@redis/client');
      const { redisLog } = await import('rxjs-sse/redis');
      const client = createClient({ url: `redis://127.0.0.1:${port}` });
      client.on('error', () => undefined);
      await client.connect();
      return redisLog<Tick>(client, 'ticks', config);
    }
    case 'nats': {
      const { connect } = await import('@nats-io/transport-node');
      const { natsLog } = await import('rxjs-sse/nats');
      const connection = await connect({
        servers: `127.0.0.1:${port}`,
        waitOnFirstConnect: true,
        maxReconnectAttempts: -1,
        reconnectTimeWait: 100,
      });
      return natsLog<Tick>(connection, 'ticks', config);
    }
  }
}
