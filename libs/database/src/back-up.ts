import { createHash } from 'node:crypto';
import pg from 'pg';
import { z } from 'zod';
import {
  BackupError,
  headerLine,
  markLine,
  rowLine,
  writeBackupFile,
  type BackupHeader,
} from './backup-file.js';
import {
  become,
  connectForBackup,
  listTables,
  listTenantIds,
  readHistory,
  type LedgerTable,
} from './backup-tables.js';
import { lockToBackUp } from './migration-lock.js';

/** Rows in memory at once: one may be a MiB, and a piece of an artifact two as text. */
const ROWS_PER_FETCH = 32;
const ROWS_WITH_BYTES_PER_FETCH = 8;

/** What was written to a backup, or read from one. */
export interface BackupSummary extends Pick<BackupHeader, 'taken_at' | 'tenants' | 'master_key_ids'> {
  /** The newest migration that its rows have been through. */
  readonly schema: string;
  readonly tables: number;
  readonly rows: number;
}

export type BackupProgress = (at: { readonly table: string; readonly rows: number }) => void;

export function summaryOf(
  { taken_at, tenants, master_key_ids, migrations }: Omit<BackupHeader, 'wavekeeper_backup'>,
  { tables, rows }: { readonly tables: number; readonly rows: number },
): BackupSummary {
  return { taken_at, tenants, master_key_ids, schema: migrations.at(-1)?.name ?? '', tables, rows };
}

/**
 * Writes every row of the ledger to a file while the service runs: in one read-only transaction, so that all of it is of
 * one moment. Tenant by tenant with that tenant's rights: the owner's login is bound by row-level security and need be no
 * superuser. Of the queue's tables nothing is kept; they are made again from what is due. Nobody migrates meanwhile: rows are
 * of the snapshot, but a table is as it is when it is opened.
 * @throws BackupError | MigrationLockError
 */
export async function backUp(
  databaseUrl: string,
  file: string,
  onProgress: BackupProgress,
): Promise<BackupSummary> {
  const client = await connectForBackup(databaseUrl);
  try {
    await lockToBackUp(client);
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const ledger = await openSnapshot(client);
    const { header, tables } = ledger;
    const counted = { tables: tables.length, rows: 0 };
    const lines = linesOf(client, ledger, ({ table, rows }) => {
      counted.rows += rows;
      onProgress({ table, rows: counted.rows });
    });
    await writeBackupFile(file, lines);
    return summaryOf(header, counted);
  } finally {
    await client.end();
  }
}

interface Snapshot {
  readonly header: Omit<BackupHeader, 'wavekeeper_backup'>;
  readonly tables: readonly LedgerTable[];
  readonly tenantIds: readonly string[];
}

/** The first statement fixes the moment that all the others see. */
async function openSnapshot(client: pg.Client): Promise<Snapshot> {
  const { rows } = await client.query('SELECT clock_timestamp() AS now');
  const [clock] = z.array(z.object({ now: z.date() })).parse(rows);
  const migrations = await readHistory(client);
  if (clock === undefined || migrations.length === 0)
    throw new BackupError('There is no ledger in this database: nothing to back up.');
  const tenantIds = await listTenantIds(client);
  const header = {
    taken_at: clock.now.toISOString(),
    migrations,
    master_key_ids: await listMasterKeyIds(client, tenantIds),
    tenants: tenantIds.length,
  };
  const tables = (await listTables(client)).filter(({ isLasting }) => isLasting);
  return { header, tables, tenantIds };
}

async function listMasterKeyIds(client: pg.Client, tenantIds: readonly string[]): Promise<string[]> {
  const ids = new Set<string>();
  for (const tenantId of tenantIds) {
    await become(client, 'wavekeeper_app', tenantId);
    const { rows } = await client.query('SELECT master_key_id AS id FROM data_key');
    for (const { id } of z.array(z.object({ id: z.string() })).parse(rows)) ids.add(id);
  }
  await become(client, 'none');
  return [...ids].sort();
}

async function* linesOf(
  client: pg.Client,
  { header, tables, tenantIds }: Snapshot,
  onRows: BackupProgress,
): AsyncGenerator<string> {
  yield headerLine(header);
  let sum = 0;
  for (const table of tables) {
    yield markLine({ table: table.name, columns: [...table.columns] });
    const hash = createHash('sha256');
    let count = 0;
    for await (const rows of rowsOf(client, table, tenantIds)) {
      for (const row of rows) {
        const line = rowLine(row);
        hash.update(line);
        yield line;
      }
      count += rows.length;
      onRows({ table: table.name, rows: rows.length });
    }
    sum += count;
    yield markLine({ end_of: table.name, rows: count, sha256: hash.digest('hex') });
  }
  yield markLine({ complete: true, tables: tables.length, rows: sum });
}

/** A few rows at a time, each as the text that Postgres makes of a whole row and reads again without loss. */
async function* rowsOf(
  client: pg.Client,
  table: LedgerTable,
  tenantIds: readonly string[],
): AsyncGenerator<string[]> {
  if (!table.isOfTenants) {
    await become(client, 'wavekeeper_system');
    yield* fetchAll(client, table);
  } else
    for (const tenantId of tenantIds) {
      await become(client, 'wavekeeper_app', tenantId);
      yield* fetchAll(client, table);
    }
}

async function* fetchAll(client: pg.Client, { name, hasBytes }: LedgerTable): AsyncGenerator<string[]> {
  const count = hasBytes ? ROWS_WITH_BYTES_PER_FETCH : ROWS_PER_FETCH;
  await client.query(
    `DECLARE rows_to_keep NO SCROLL CURSOR FOR SELECT t::text FROM ${pg.escapeIdentifier(name)} t`,
  );
  for (;;) {
    const { rows } = await client.query<[string]>({
      text: `FETCH ${count} FROM rows_to_keep`,
      rowMode: 'array',
    });
    if (rows.length === 0) break;
    yield rows.map(([row]) => row);
  }
  await client.query('CLOSE rows_to_keep');
}
