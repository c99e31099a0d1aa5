import pg from 'pg';
import type { Logger } from '#telemetry';
import { withSettings } from './url-settings.js';

/** Roles that cannot log in: a pool logs in as the owner and is one of these from its first statement on. */
export type DatabaseRole = 'wavekeeper_app' | 'wavekeeper_system' | 'wavekeeper_queue';

/** A dead network must not hold a request for longer than its client waits: both ends give up. */
const STATEMENT_MS = 20_000;
const LOCK_MS = 10_000;
const CONNECT_MS = 10_000;

export interface PoolOptions {
  readonly databaseUrl: string;
  readonly role: DatabaseRole;
  readonly connectionsMax: number;
  readonly logger: Logger;
  /** Of unqualified names; `public` when left out. */
  readonly searchPath?: string;
}

/** A pool of connections that act as `role`. JIT is off: it made fair picks 25 times slower on mis-estimated tables. */
export function createPool({ databaseUrl, role, connectionsMax, logger, searchPath }: PoolOptions): pg.Pool {
  const settings = [
    `role=${role}`,
    `search_path=${searchPath ?? 'public'}`,
    'jit=off',
    'timezone=UTC', // the driver reads and writes times without their zone
    `statement_timeout=${STATEMENT_MS}`,
    `lock_timeout=${LOCK_MS}`,
  ];
  const pool = new pg.Pool({
    connectionString: withSettings(databaseUrl, settings),
    max: connectionsMax,
    keepAlive: true,
    connectionTimeoutMillis: CONNECT_MS,
    application_name: role,
  });
  pool.on('error', (error) => {
    logger.warn({ err: error, role }, 'an idle database connection was lost');
  });
  return pool;
}
