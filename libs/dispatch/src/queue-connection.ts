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
const REDIS_CONNECT_MS = 5_000;

/** What BullMQ talks to, and how to let go of it. */
export interface QueueConnection {
  /** For those that ring: a command fails at once when the store is away. */
  readonly producer: ConnectionOptions;
  /** For those that wait for tickets: they wait for the store too. */
  readonly worker: ConnectionOptions;
  /** Makes again what the queue needs when somebody has removed it. Cheap when nothing is missing. */
  ensure(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Connects BullMQ to its store. Nothing in it is worth keeping, since the ledger knows what is due. BullMQ takes its
 * backend from a default of the whole process, and Nest's module makes queues and workers by that default: one process
 * has one kind of queue at a time.
 */
export async function connectQueue(
  config: Pick<Config, 'queue' | 'redisUrl'> & { readonly databaseUrl: string },
  logger: Logger,
): Promise<QueueConnection> {
  return config.queue === 'redis' && config.redisUrl !== null
    ? connectRedis(config.redisUrl)
    : connectPostgres(config.databaseUrl, logger);
}

function connectRedis(url: string): QueueConnection {
  setDefaultBackendFactory(undefined);
  return {
    producer: {
      url,
      enableOfflineQueue: false,
      maxRetriesPerRequest: null, // BullMQ insists
      connectTimeout: REDIS_CONNECT_MS,
    },
    worker: { url, maxRetriesPerRequest: null, connectTimeout: REDIS_CONNECT_MS },
    ensure: () => Promise.resolve(), // Redis makes its keys as they are used
    close: () => Promise.resolve(), // each queue and worker has a connection of its own, and closes it
  };
}

/** The queue's schema belongs to a role of its own, which owns nothing else. */
async function connectPostgres(databaseUrl: string, logger: Logger): Promise<QueueConnection> {
  const pool = createPool({
    databaseUrl,
    role: 'wavekeeper_queue',
    connectionsMax: QUEUE_CONNECTIONS_MAX,
    searchPath: QUEUE_SCHEMA,
    logger,
  });
  pool.setMaxListeners(0); // one listener per queue and worker, and that is by design
  await makeSchema(pool);
  setDefaultBackendFactory(createPostgresBackend);
  // Nest's module types know Redis only; the factory set above takes the pool.
  const connection = pool as unknown as ConnectionOptions;
  return {
    producer: connection,
    worker: connection,
    ensure: async () => {
      if (!(await hasSchema(pool))) await makeSchema(pool);
    },
    close: () => pool.end(),
  };
}

type Pool = ReturnType<typeof createPool>;

async function makeSchema(pool: Pool): Promise<void> {
  const client = await pool.connect();
  try {
    await runMigrations(client, QUEUE_SCHEMA);
  } finally {
    client.release();
  }
}

async function hasSchema(pool: Pool): Promise<boolean> {
  const { rowCount } = await pool.query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [QUEUE_SCHEMA]);
  return rowCount === 1;
}
