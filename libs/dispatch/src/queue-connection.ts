import {
  createPostgresBackend,
  runMigrations,
  setDefaultBackendFactory,
  type ConnectionOptions,
} from 'bullmq';
import type { Config } from '#config';
import { createPool } from '#database';
import type { Logger } from '#telemetry';

/** BullMQ holds one connection per worker to listen on, and needs some to work with. */
const QUEUE_CONNECTIONS_MAX = 12;
const QUEUE_SCHEMA = 'bullmq';

/** What BullMQ talks to, and how to let go of it. */
export interface QueueConnection {
  readonly connection: ConnectionOptions;
  close(): Promise<void>;
}

/**
 * Connects BullMQ to its store. On Postgres its schema belongs to a role of its own and is made when missing; nothing
 * in it is worth keeping, since the ledger knows what is due.
 */
export async function connectQueue(
  config: Pick<Config, 'queue' | 'redisUrl'> & { readonly databaseUrl: string },
  logger: Logger,
): Promise<QueueConnection> {
  if (config.queue === 'redis' && config.redisUrl !== null) {
    setDefaultBackendFactory(undefined);
    return {
      connection: { url: config.redisUrl, maxRetriesPerRequest: null },
      close: () => Promise.resolve(),
    };
  }
  const pool = createPool({
    databaseUrl: config.databaseUrl,
    role: 'wavekeeper_queue',
    connectionsMax: QUEUE_CONNECTIONS_MAX,
    searchPath: QUEUE_SCHEMA,
    logger,
  });
  pool.setMaxListeners(0); // one listener per queue and worker, and that is by design
  const client = await pool.connect();
  try {
    await runMigrations(client, QUEUE_SCHEMA);
  } finally {
    client.release();
  }
  setDefaultBackendFactory(createPostgresBackend);
  // Nest's module types know Redis only; the factory set above takes the pool.
  return { connection: pool as unknown as ConnectionOptions, close: () => pool.end() };
}
