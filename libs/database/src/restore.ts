import { createHash, type Hash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import pg from 'pg';
import { z } from 'zod';
import { summaryOf, type BackupProgress, type BackupSummary } from './back-up.js';
import {
  BackupError,
  readBackup,
  readBackupHeader,
  rowLine,
  type BackupHeader,
  type BackupMark,
} from './backup-file.js';
import { connectForBackup, listTables, readHistory, type LedgerTable } from './backup-tables.js';
import { listMigrations, migrate } from './migrate.js';

/** Sessions and links that were given out: whoever kept one of them would be let in again, after it was revoked. */
const NEVER_BROUGHT_BACK = ['session', 'sign_in_link', 'answer_link'];

/** Rows of one statement, by their number and their size. */
const ROWS_PER_INSERT = 500;
const CHARACTERS_PER_INSERT = 4 * 1_024 * 1_024;

/**
 * Fills an empty database from a backup: brings its schema to the version that the rows are of, loads all of them in one
 * transaction, which commits when every count and hash is right, then brings the schema up to date.
 * Throws BackupError for a database that is not empty, and for a backup that is damaged or of a newer version.
 */
export async function restore(
  databaseUrl: string,
  file: string,
  options: { readonly migrationsDir: string; readonly onProgress: BackupProgress },
): Promise<BackupSummary> {
  const header = await readBackupHeader(file);
  const version = versionOf(header, await listMigrations(options.migrationsDir));
  const client = await connectForBackup(databaseUrl);
  try {
    await refuseNewer(client, version);
    await migrate(databaseUrl, options.migrationsDir, version);
    await client.query('BEGIN');
    const load = await Load.begin(client, header.migrations, options.onProgress);
    for await (const line of readBackup(file)) await load.take(line);
    const counted = await load.end();
    await client.query('COMMIT');
    await bringUpToDate(databaseUrl, options.migrationsDir);
    await client.query('ANALYZE');
    return summaryOf(header, counted);
  } finally {
    await client.end();
  }
}

async function bringUpToDate(databaseUrl: string, migrationsDir: string): Promise<void> {
  try {
    await migrate(databaseUrl, migrationsDir);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BackupError(
      `Every row of the backup is in the database, but its schema is not up to date. Run "wavekeeper migrate", and do not restore again: ${reason}`,
      { cause },
    );
  }
}

/** The newest migration of the backup; all before it have to be ours. */
function versionOf({ migrations }: BackupHeader, ours: BackupHeader['migrations']): string {
  const version = migrations.at(-1)?.name ?? '';
  const until = ours.filter(({ name }) => name <= version);
  if (version === '' || !isDeepStrictEqual(until, migrations)) {
    const known = new Set(until.map(({ name, checksum }) => name + checksum));
    const foreign = migrations.find(({ name, checksum }) => !known.has(name + checksum));
    throw new BackupError(
      `This backup is of another version of Wavekeeper (${foreign?.name ?? 'it lacks a migration'}): restore it with the version that made it, or a newer one.`,
    );
  }
  return version;
}

/** Nothing goes back: a newer schema may have no place for what an older one had. */
async function refuseNewer(client: pg.Client, version: string): Promise<void> {
  const newer = (await readHistory(client)).find(({ name }) => name > version);
  if (newer !== undefined)
    throw new BackupError(
      `This database is newer (${newer.name}) than the backup (${version}): restore it into a database that has never been migrated.`,
    );
}

/** One load under way: its transaction is open, nothing checks references and nothing hides rows until it ends. */
class Load {
  private current: { readonly table: LedgerTable; readonly hash: Hash; rows: number } | null = null;
  private batch: string[] = [];
  private batchCharacters = 0;
  private readonly done = new Set<string>();
  private rows = 0;
  private isComplete = false;

  private constructor(
    private readonly client: pg.Client,
    private readonly tables: ReadonlyMap<string, LedgerTable>,
    private readonly references: readonly Reference[],
    private readonly onProgress: BackupProgress,
  ) {}

  static async begin(
    client: pg.Client,
    migrations: BackupHeader['migrations'],
    onProgress: BackupProgress,
  ): Promise<Load> {
    const tables = await listTables(client);
    for (const { name } of tables.filter(({ isForced }) => isForced))
      await client.query(`ALTER TABLE ${pg.escapeIdentifier(name)} NO FORCE ROW LEVEL SECURITY`);
    await refuseFilled(client);
    await refuseOtherSchema(client, migrations);
    const references = await dropReferences(client);
    return new Load(client, new Map(tables.map((table) => [table.name, table])), references, onProgress);
  }

  async take(line: { kind: 'row'; text: string } | { kind: 'mark'; mark: BackupMark }): Promise<void> {
    if (this.isComplete) throw damaged('something follows its end');
    if (line.kind === 'row') return this.takeRow(line.text);
    const { mark } = line;
    if ('table' in mark) return this.beginTable(mark);
    if ('end_of' in mark) return this.endTable(mark);
    if (this.current !== null || mark.tables !== this.done.size || mark.rows !== this.rows)
      throw damaged('its sums are wrong');
    this.isComplete = true;
  }

  /** What is not to come back is gone, references hold again, and rows are hidden again from whom they were. */
  async end(): Promise<{ tables: number; rows: number }> {
    if (!this.isComplete) throw damaged('its end is missing');
    for (const name of NEVER_BROUGHT_BACK.filter((each) => this.tables.has(each)))
      await this.client.query(`DELETE FROM ${name}`);
    for (const { relation, name, definition } of this.references)
      await this.client.query(`ALTER TABLE ${relation} ADD CONSTRAINT ${name} ${definition}`);
    for (const { name } of [...this.tables.values()].filter(({ isForced }) => isForced))
      await this.client.query(`ALTER TABLE ${pg.escapeIdentifier(name)} FORCE ROW LEVEL SECURITY`);
    return { tables: this.done.size, rows: this.rows };
  }

  private beginTable(mark: Extract<BackupMark, { table: string }>): void {
    const table = this.tables.get(mark.table);
    if (table === undefined || this.current !== null || this.done.has(mark.table))
      throw damaged(`the table ${mark.table} has no place in it`);
    if (mark.columns.join() !== table.columns.join())
      throw damaged(`the columns of ${mark.table} are others here`);
    this.current = { table, hash: createHash('sha256'), rows: 0 };
  }

  private async takeRow(text: string): Promise<void> {
    if (this.current === null) throw damaged('a row is of no table');
    this.current.hash.update(rowLine(text));
    this.current.rows += 1;
    this.batch.push(text);
    this.batchCharacters += text.length;
    if (this.batch.length >= ROWS_PER_INSERT || this.batchCharacters >= CHARACTERS_PER_INSERT)
      await this.flush(this.current.table);
  }

  private async endTable(mark: Extract<BackupMark, { end_of: string }>): Promise<void> {
    const { current } = this;
    if (current?.table.name !== mark.end_of)
      throw damaged(`the end of ${mark.end_of} stands in the wrong place`);
    if (current.rows !== mark.rows || current.hash.digest('hex') !== mark.sha256)
      throw damaged(`the rows of ${mark.end_of} are not those that were written`);
    await this.flush(current.table);
    this.done.add(mark.end_of);
    this.current = null;
  }

  private async flush({ name, columns }: LedgerTable): Promise<void> {
    if (this.batch.length === 0) return;
    const table = pg.escapeIdentifier(name);
    const list = columns.map((column) => pg.escapeIdentifier(column)).join(', ');
    await this.client.query(`INSERT INTO ${table} (${list}) SELECT ${list} FROM unnest($1::${table}[])`, [
      this.batch,
    ]);
    this.rows += this.batch.length;
    this.onProgress({ table: name, rows: this.rows });
    this.batch = [];
    this.batchCharacters = 0;
  }
}

/** Under the locks of the load: nobody makes a tenant in between. */
async function refuseFilled(client: pg.Client): Promise<void> {
  const { rows } = await client.query('SELECT id FROM tenant LIMIT 1');
  if (rows.length > 0)
    throw new BackupError(
      'This database has tenants already, and a backup goes into an empty one only: name another by DATABASE_URL, or another WAVEKEEPER_HOME.',
    );
}

/** Under the locks of the load, too: nobody migrates these tables any more. */
async function refuseOtherSchema(client: pg.Client, wanted: BackupHeader['migrations']): Promise<void> {
  if (!isDeepStrictEqual(await readHistory(client), wanted))
    throw new BackupError(
      'This database has been through other migrations than the backup: restore it into a database that has never been migrated.',
    );
}

const REFERENCES = z.array(z.object({ relation: z.string(), name: z.string(), definition: z.string() }));
type Reference = z.infer<typeof REFERENCES>[number];

/** Tables refer to each other in circles: no order of loading would do. */
async function dropReferences(client: pg.Client): Promise<Reference[]> {
  const { rows } = await client.query(`
    SELECT conrelid::regclass::text AS relation, quote_ident(conname) AS name, pg_get_constraintdef(oid) AS definition
      FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace`);
  const references = REFERENCES.parse(rows);
  for (const { relation, name } of references)
    await client.query(`ALTER TABLE ${relation} DROP CONSTRAINT ${name}`);
  return references;
}

function damaged(how: string): BackupError {
  return new BackupError(
    `This backup is damaged, and none of its rows was kept: ${how}. The database has its schema now and is empty still.`,
  );
}
