import type { SseEvent } from '../../src/index.js';
import type { EventLog } from '../../src/log/index.js';

export type ClusterEngine = 'redis' | 'nats';

/** A mark stands for nothing but its place. */
export type ClusterEvent =
  SseEvent<'tick', { readonly number: number; readonly text: string }> | SseEvent<'mark', string>;

export interface ClusterLog {
  readonly log: EventLog<ClusterEvent>;
  /** With its connection. */
  close(): Promise<void>;
}

/**
 * A log on an engine of that port, which may be down for a while. A reader without a place gets all that there is. Loads no door
 * but the one it is asked for: servers start on few cores.
 */
export async function clusterLog(
  engine: ClusterEngine,
  port: number,
  maxEvents: number,
): Promise<ClusterLog> {
  // That the engine fails is what happens here all the time.
  const config = { maxEvents, from: 'earliest', errorObserver: () => undefined } as const;
  switch (engine) {
    case 'redis': {
      const { createClient } = await import('@redis/client');
      const { redisLog } = await import('../../src/adapters/redis.js');
      const client = createClient({ url: `redis://127.0.0.1:${port}` });
      client.on('error', () => undefined);
      await client.connect();
      const log = redisLog<ClusterEvent>(client, 'cluster', config);
      return {
        log,
        async close() {
          await log.close();
          client.destroy();
        },
      };
    }
    case 'nats': {
      const { connect } = await import('@nats-io/transport-node');
      const { natsLog } = await import('../../src/adapters/nats.js');
      const connection = await connect({
        servers: `127.0.0.1:${port}`,
        waitOnFirstConnect: true,
        maxReconnectAttempts: -1,
        reconnectTimeWait: 50,
      });
      const log = natsLog<ClusterEvent>(connection, 'cluster', config);
      return {
        log,
        async close() {
          await log.close();
          await connection.close();
        },
      };
    }
  }
}
