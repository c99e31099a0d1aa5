import type pg from 'pg';
import { createPool } from '#database';
import type { Logger } from '#telemetry';
import type { Invariant } from './invariant.js';
import { CATALOG_INVARIANTS, ROW_INVARIANTS } from './invariants.js';
import { LIVENESS_INVARIANTS } from './liveness.store.js';

/** A tenant with a hundred thousand tasks is read whole, once per invariant. */
const CHECK_MS_MAX = 600_000;

/** An invariant, and how many rows break it. */
export interface Finding {
  readonly name: string;
  readonly rows: number;
}

export interface Examination {
  readonly findings: readonly Finding[];
  /** False when no service is connected to this database: then nothing was asked about what ought to move. */
  readonly isAtWork: boolean;
}

/**
 * Counts, in read-only transactions, the rows that break each invariant. Tenant by tenant with that tenant's rights: the
 * doctor sees what the service sees, and needs no role that may read everything. Safe beside a running service: every
 * statement has one snapshot, and what is checked holds between any two transactions.
 */
export async function examineLedger(options: {
  readonly databaseUrl: string;
  readonly logger: Logger;
  readonly onProgress: (tenants: { readonly done: number; readonly all: number }) => void;
}): Promise<Examination> {
  const { databaseUrl, logger, onProgress } = options;
  const pool = createPool({ databaseUrl, role: 'wavekeeper_system', connectionsMax: 1, logger });
  try {
    const isAtWork = await readOnly(pool, isServiceConnected);
    const ofRows = [...ROW_INVARIANTS, ...(isAtWork ? LIVENESS_INVARIANTS : [])];
    const counts = new Map([...ofRows, ...CATALOG_INVARIANTS].map(({ name }) => [name, 0]));
    const add = ({ name, rows }: Finding) => counts.set(name, (counts.get(name) ?? 0) + rows);
    for (const finding of await readOnly(pool, (client) => examine(client, CATALOG_INVARIANTS))) add(finding);
    const tenants = await readOnly(pool, listTenants);
    for (const [done, tenantId] of tenants.entries()) {
      onProgress({ done, all: tenants.length });
      for (const finding of await readOnly(pool, (client) => examineTenant(client, tenantId, ofRows)))
        add(finding);
    }
    return { findings: [...counts].map(([name, rows]) => ({ name, rows })), isAtWork };
  } finally {
    await pool.end();
  }
}

async function readOnly<Result>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN READ ONLY');
    await client.query(`SET LOCAL statement_timeout = ${CHECK_MS_MAX}`);
    const result = await work(client);
    await client.query('COMMIT');
    client.release();
    return result;
  } catch (error) {
    client.release(true); // whatever was open goes with its connection
    throw error;
  }
}

async function examineTenant(
  client: pg.PoolClient,
  tenantId: string,
  invariants: readonly Invariant[],
): Promise<Finding[]> {
  await client.query(
    `SELECT set_config('role', 'wavekeeper_app', true), set_config('app.tenant_id', $1, true)`,
    [tenantId],
  );
  return examine(client, invariants);
}

async function examine(client: pg.PoolClient, invariants: readonly Invariant[]): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { name, sql } of invariants) {
    const { rows } = await client.query<{ rows: number }>(
      `SELECT count(*)::int AS rows FROM (${sql}) AS broken`,
    );
    findings.push({ name, rows: rows[0]?.rows ?? 0 });
  }
  return findings;
}

async function listTenants(client: pg.PoolClient): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>('SELECT id FROM tenant ORDER BY id');
  return rows.map(({ id }) => id);
}

/** As the login itself: what another login's sessions are called is not for the service's roles to read. */
async function isServiceConnected(client: pg.PoolClient): Promise<boolean> {
  await client.query(`SELECT set_config('role', 'none', true)`);
  const { rows } = await client.query<{ connected: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_stat_activity
                     WHERE datname = current_database() AND application_name = 'wavekeeper_system'
                       AND pid <> pg_backend_pid()) AS connected`,
  );
  return rows[0]?.connected ?? false;
}
