import { createHash, randomUUID } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { z } from 'zod';
import { crashPoint } from '#telemetry';
import { readHistory } from './backup-tables.js';
import { lockToMigrate } from './migration-lock.js';
import { connectAsOwner } from './owner-connection.js';
import { checkRoles, listUntakenRoles, takeRoles } from './roles.js';

/** A migration was changed after it had been applied, so this database and the files no longer agree. */
export class MigrationEditedError extends Error {
  override readonly name = 'MigrationEditedError';

  constructor(readonly migration: string) {
    super(
      `Migration ${migration} was edited after it had been applied here. ` +
        'Restore the file and put the change into a migration of its own.',
    );
  }
}

/** A migration failed, now or at an earlier try. Postgres has undone what it did, unless it says otherwise. */
export class MigrationFailedError extends Error {
  override readonly name = 'MigrationFailedError';

  constructor(
    readonly migration: string,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(
      `Migration ${migration} failed: ${reason} Repair the cause, then mark it to be tried again: ` +
        `npm run prisma -- migrate resolve --rolled-back ${migration}`,
      options,
    );
  }
}

/** Something kept a migration from its end, for longer than it is worth waiting. Nothing was changed. */
export class MigrationBusyError extends Error {
  override readonly name = 'MigrationBusyError';

  constructor(migration: string, cause: Error) {
    super(
      `Migration ${migration} did not come to its end for ${TABLES_WAIT_MS / 1000} s: ${cause.message}. Most likely something uses ` +
        'its tables, as a long query does. Nothing was changed; try again when it is done.',
      { cause },
    );
  }
}

/** So long it tries to get the tables that it changes. */
const TABLES_WAIT_MS = 60_000;
/** A migration asks for a table for so long at a time: whoever comes after it waits as long as it does. */
const TABLE_LOCK_MS = 300;
/** And lets go of it for so long: what had to wait is done before it asks again. */
const TABLES_PAUSE_MS = 2_000;
/** Deadlock, no lock in time, canceled: nothing is wrong with the migration, and Postgres has undone it. */
const PASSING = new Set(['40P01', '55P03', '57014']);

/** As Prisma makes it. */
const CREATE_HISTORY = `
  CREATE TABLE IF NOT EXISTS _prisma_migrations (
    id                  VARCHAR(36) PRIMARY KEY NOT NULL,
    checksum            VARCHAR(64) NOT NULL,
    finished_at         TIMESTAMPTZ,
    migration_name      VARCHAR(255) NOT NULL,
    logs                TEXT,
    rolled_back_at      TIMESTAMPTZ,
    started_at          TIMESTAMPTZ NOT NULL DEFAULT now(),
    applied_steps_count INTEGER NOT NULL DEFAULT 0
  )`;

/**
 * Brings the database at `url` (the owner's login) up to the migrations in `migrationsDir`, or to one of them, and returns the names
 * of those it applied, oldest first. Leaves exactly what `prisma migrate deploy` leaves, without needing Prisma's
 * command line; either may go on where the other has stopped.
 * @throws MigrationBusyError | MigrationEditedError | MigrationFailedError | MigrationLockError | MissingRolesError
 */
export async function migrate(url: string, migrationsDir: string, upTo?: string): Promise<string[]> {
  const migrations = (await readMigrations(migrationsDir)).filter(
    ({ name }) => upTo === undefined || name <= upTo,
  );
  // Without row security a statement that would not see all rows fails, and never quietly does nothing.
  const client = await connectAsOwner(url, 'wavekeeper-migrate', { row_security: 'off' });
  try {
    if (!(await lockToMigrate(client, () => isUpToDate(client, migrations)))) return [];
    await checkRoles(client);
    const pending = await findPending(client, migrations);
    for (const migration of pending) await applyInTime(client, migration);
    await takeRoles(client);
    return pending.map(({ name }) => name);
  } finally {
    await client.end(); // gives the lock back
  }
}

/** The migrations that there are, oldest first. */
export async function listMigrations(migrationsDir: string): Promise<{ name: string; checksum: string }[]> {
  return (await readMigrations(migrationsDir)).map(({ name, checksum }) => ({ name, checksum }));
}

interface Migration {
  name: string;
  sql: string;
  checksum: string;
}

async function readMigrations(migrationsDir: string): Promise<Migration[]> {
  const entries = await readdir(migrationsDir, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return Promise.all(
    names.sort().map(async (name) => {
      const bytes = await readFile(path.join(migrationsDir, name, 'migration.sql'));
      const checksum = createHash('sha256').update(bytes).digest('hex');
      return { name, sql: bytes.toString('utf8'), checksum };
    }),
  );
}

/** Nothing is left to apply, and no role to take. */
async function isUpToDate(client: pg.Client, migrations: readonly Migration[]): Promise<boolean> {
  const applied = new Map((await readHistory(client)).map(({ name, checksum }) => [name, checksum]));
  if (migrations.some(({ name, checksum }) => applied.get(name) !== checksum)) return false;
  return (await listUntakenRoles(client)).length === 0;
}

const HISTORY = z.array(
  z.object({ migration_name: z.string(), checksum: z.string(), finished: z.boolean() }),
);

async function findPending(client: pg.Client, migrations: readonly Migration[]): Promise<Migration[]> {
  await client.query(CREATE_HISTORY);
  const { rows } = await client.query(
    `SELECT migration_name, checksum, finished_at IS NOT NULL AS finished
       FROM _prisma_migrations WHERE rolled_back_at IS NULL`,
  );
  const history = HISTORY.parse(rows);
  const unfinished = history.find((row) => !row.finished);
  if (unfinished !== undefined) {
    throw new MigrationFailedError(
      unfinished.migration_name,
      'it did not come to its end at an earlier try.',
    );
  }
  const applied = new Map(history.map((row) => [row.migration_name, row.checksum]));
  const edited = migrations.find(({ name, checksum }) => (applied.get(name) ?? checksum) !== checksum);
  if (edited !== undefined) throw new MigrationEditedError(edited.name);
  return migrations.filter(({ name }) => !applied.has(name));
}

/** Some statements run in no transaction. What is killed in the middle of one of those has to be resolved by hand. */
const RUNS_IN_NO_TRANSACTION = /\bCONCURRENTLY\b/i;

/** Whether a migration reads or writes rows; a new foreign key does. What this does not recognise fails: row security is off. */
const TOUCHES_ROWS = /^\s*(WITH|INSERT|UPDATE|DELETE|MERGE)\b|\bREFERENCES\b/im;

/** Tries again while the tables are in use: a service that goes on working is no reason to fail for good. */
async function applyInTime(client: pg.Client, migration: Migration): Promise<void> {
  const deadline = performance.now() + TABLES_WAIT_MS;
  for (;;) {
    const passing = await apply(client, migration);
    if (passing === null) return;
    if (performance.now() > deadline) throw new MigrationBusyError(migration.name, passing);
    await delay(TABLES_PAUSE_MS);
  }
}

/**
 * In one transaction with its row of the history, so that a process may die here; a failure leaves a row that says why,
 * but for one that passes: then it is what is answered.
 */
async function apply(client: pg.Client, migration: Migration): Promise<Error | null> {
  const isAtomic = !RUNS_IN_NO_TRANSACTION.test(migration.sql);
  const id = randomUUID();
  if (isAtomic) await client.query(`BEGIN; SET LOCAL lock_timeout = ${TABLE_LOCK_MS}`);
  await recordStart(client, id, migration);
  try {
    const forced =
      isAtomic && TOUCHES_ROWS.test(migration.sql) ? await ownForcedTables(client, migration) : [];
    for (const table of await namesOf(client, forced))
      await client.query(`ALTER TABLE ${table} NO FORCE ROW LEVEL SECURITY`);
    await client.query(migration.sql);
    for (const table of await namesOf(client, forced))
      await client.query(`ALTER TABLE ${table} FORCE ROW LEVEL SECURITY`);
  } catch (cause) {
    if (isAtomic && cause instanceof pg.DatabaseError && PASSING.has(cause.code ?? '')) {
      await client.query('ROLLBACK');
      return cause;
    }
    const reason = String(cause);
    if (isAtomic) {
      await client.query('ROLLBACK');
      await recordStart(client, id, migration);
    }
    await client.query('UPDATE _prisma_migrations SET logs = $2 WHERE id = $1', [id, reason]);
    throw new MigrationFailedError(migration.name, `${reason}.`, { cause });
  }
  await client.query(
    'UPDATE _prisma_migrations SET finished_at = clock_timestamp(), applied_steps_count = 1 WHERE id = $1',
    [id],
  );
  crashPoint('migration.before_commit');
  if (isAtomic) await client.query('COMMIT');
  return null;
}

const OIDS = z.array(z.object({ oid: z.int() }));
const NAMES = z.array(z.object({ name: z.string() }));
/** What names no table: comments, and text in quotes. */
const SAYS_NOTHING = /--.*$|'[^']*'/gm;

/**
 * Tables that the migration names and whose rows their owner does not see either: all of ours, but for a superuser. For the
 * length of the migration, which locks them, they show themselves to their owner, and to nobody else.
 */
async function ownForcedTables(client: pg.Client, { sql }: Migration): Promise<number[]> {
  const { rows } = await client.query(
    `SELECT forced.oid::int
       FROM pg_class forced JOIN pg_roles login ON login.rolname = current_user
      WHERE forced.relforcerowsecurity AND pg_has_role(login.oid, forced.relowner, 'USAGE')
        AND NOT login.rolsuper AND NOT login.rolbypassrls AND $1 ~ ('\\m' || forced.relname || '\\M')
      ORDER BY forced.oid`,
    [sql.replaceAll(SAYS_NOTHING, '')],
  );
  return OIDS.parse(rows).map(({ oid }) => oid);
}

/** As they are called now: a migration may rename a table, or drop it. */
async function namesOf(client: pg.Client, oids: readonly number[]): Promise<string[]> {
  const { rows } = await client.query(
    'SELECT oid::regclass::text AS name FROM pg_class WHERE oid = ANY($1)',
    [oids],
  );
  return NAMES.parse(rows).map(({ name }) => name);
}

async function recordStart(client: pg.Client, id: string, { name, checksum }: Migration): Promise<void> {
  await client.query('INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ($1, $2, $3)', [
    id,
    checksum,
    name,
  ]);
}
