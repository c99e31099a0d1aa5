import type pg from 'pg';
import { z } from 'zod';
import { BackupError, type BackupHeader } from './backup-file.js';
import { connectAsOwner } from './owner-connection.js';

/** One table of the ledger. */
export interface LedgerTable {
  readonly name: string;
  /** In the order in which Postgres writes a row. */
  readonly columns: readonly string[];
  /** Each of its rows belongs to a tenant; only `tenant` itself names them otherwise. */
  readonly isOfTenants: boolean;
  readonly hasBytes: boolean;
  /** Row-level security binds its owner too. */
  readonly isForced: boolean;
  /** Not UNLOGGED: a crash of the server may empty those, and a backup leaves them out. */
  readonly isLasting: boolean;
}

/** Values as text have to read the same wherever they are written and read. */
const SETTINGS = {
  search_path: 'public',
  timezone: 'UTC',
  datestyle: 'ISO',
  intervalstyle: 'postgres',
  extra_float_digits: '3',
  bytea_output: 'hex',
  statement_timeout: '0',
  idle_in_transaction_session_timeout: '0',
};

/** A connection as the owner that may take its time. */
export function connectForBackup(databaseUrl: string): Promise<pg.Client> {
  return connectAsOwner(databaseUrl, 'wavekeeper-backup', SETTINGS);
}

const TABLES = z.array(
  z
    .object({
      name: z.string(),
      columns: z.array(z.string()),
      is_of_tenants: z.boolean(),
      has_bytes: z.boolean(),
      is_forced: z.boolean(),
      is_lasting: z.boolean(),
    })
    .transform(({ name, columns, ...is }): LedgerTable => ({
      name,
      columns,
      isOfTenants: is.is_of_tenants,
      hasBytes: is.has_bytes,
      isForced: is.is_forced,
      isLasting: is.is_lasting,
    })),
);

/**
 * Every table there is, as the catalogue has them: one that a migration adds is in the next backup.
 * Throws BackupError when there is anything of which rows would be missing, or not come back as they were.
 */
export async function listTables(client: pg.Client): Promise<LedgerTable[]> {
  await refuseUnfit(client);
  const { rows } = await client.query(`
    SELECT c.relname::text AS name, array_agg(a.attname::text ORDER BY a.attnum) AS columns,
           bool_or(a.attname = 'tenant_id') AS is_of_tenants, bool_or(a.atttypid = 'bytea'::regtype) AS has_bytes,
           c.relforcerowsecurity AS is_forced, c.relpersistence = 'p' AS is_lasting
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname <> '_prisma_migrations'
     GROUP BY c.oid ORDER BY c.relname`);
  return TABLES.parse(rows);
}

/** The bit of pg_trigger.tgtype. */
const OF_INSERTS = 4;
const UNFIT = z.array(z.object({ what: z.string() }));

/** Rows are read tenant by tenant from plain tables, and inserted as they are; there is nothing else to bring back. */
async function refuseUnfit(client: pg.Client): Promise<void> {
  const { rows } = await client.query(`
    WITH ours AS (SELECT * FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relpersistence = 'p')
    SELECT relname || CASE relkind WHEN 'S' THEN ', a sequence' ELSE ', a table in partitions' END AS what
      FROM ours WHERE relkind IN ('S', 'p')
    UNION ALL
    SELECT c.relname || '.' || a.attname || CASE
             WHEN a.attname = 'tenant_id' AND NOT a.attnotnull THEN ', which may be of no tenant'
             ELSE ', which Postgres makes itself' END
      FROM ours c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     WHERE c.relkind = 'r' AND (a.attgenerated <> '' OR a.attidentity = 'a' OR a.attname = 'tenant_id' AND NOT a.attnotnull)
    UNION ALL
    SELECT c.relname || ', whose trigger ' || t.tgname || ' changes what is inserted'
      FROM ours c JOIN pg_trigger t ON t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgtype & ${OF_INSERTS} <> 0
     ORDER BY 1`);
  const unfit = UNFIT.parse(rows).map(({ what }) => what);
  if (unfit.length > 0)
    throw new BackupError(`A backup cannot hold everything in this database: ${unfit.join('; ')}.`);
}

const HISTORY = z.array(z.object({ name: z.string(), checksum: z.string() }));

/** The migrations that this database has been through; none when it has never seen one. */
export async function readHistory(client: pg.Client): Promise<BackupHeader['migrations']> {
  const { rows: there } = await client.query(`SELECT to_regclass('_prisma_migrations') IS NOT NULL AS there`);
  if (!z.array(z.object({ there: z.literal(true) })).safeParse(there).success) return [];
  const { rows } = await client.query(`
    SELECT migration_name AS name, checksum FROM _prisma_migrations
     WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL ORDER BY migration_name COLLATE "C"`);
  return HISTORY.parse(rows);
}

const TENANTS = z.array(z.object({ id: z.string() }));

export async function listTenantIds(client: pg.Client): Promise<string[]> {
  await become(client, 'wavekeeper_system');
  const { rows } = await client.query('SELECT id FROM tenant ORDER BY id');
  await become(client, 'none');
  return TENANTS.parse(rows).map(({ id }) => id);
}

/** Until the transaction ends, or the next call. `none` is the login itself. */
export async function become(
  client: pg.Client,
  role: 'wavekeeper_app' | 'wavekeeper_system' | 'none',
  tenantId = '',
): Promise<void> {
  await client.query(`SELECT set_config('role', $1, true), set_config('app.tenant_id', $2, true)`, [
    role,
    tenantId,
  ]);
}
