import { randomUUID } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { MigrationBusyError, MigrationEditedError, MigrationFailedError, migrate } from './migrate.js';
import { createEmptyDatabase } from '../../../test/support/database.js';
import { eventually } from '../../../test/support/eventually.js';
import { MissingRolesError } from './roles.js';

const WAITING = `SELECT pid FROM pg_stat_activity WHERE application_name = 'wavekeeper-migrate' AND wait_event_type = 'Lock'`;

describe('migrate', () => {
  let url: string;
  let drop: () => Promise<void>;
  let migrationsDir: string;

  beforeEach(async () => {
    migrationsDir = await mkdtemp(path.join(tmpdir(), 'wavekeeper-migrations-'));
    ({ url, drop } = await createEmptyDatabase());
  });

  afterEach(async () => {
    await rm(migrationsDir, { recursive: true, force: true });
    await drop();
  });

  it('applies what is new, oldest first, and nothing twice', async () => {
    await writeMigration('2_fill', 'INSERT INTO log VALUES (2);');
    await writeMigration('1_create', 'CREATE TABLE log (entry int); INSERT INTO log VALUES (1);');
    expect(await migrate(url, migrationsDir)).toEqual(['1_create', '2_fill']);

    await writeMigration('3_more', 'INSERT INTO log VALUES (3);');
    expect(await migrate(url, migrationsDir)).toEqual(['3_more']);

    expect(await run(url, 'SELECT entry FROM log')).toEqual([{ entry: 1 }, { entry: 2 }, { entry: 3 }]);
  });

  it('applies each migration once under concurrent callers', async () => {
    await writeMigration('1_create', 'CREATE TABLE log (entry int); INSERT INTO log VALUES (1);');
    await writeMigration('2_index', 'CREATE INDEX CONCURRENTLY log_entry ON log (entry);');

    const applied = await Promise.all([1, 2, 3].map(() => migrate(url, migrationsDir)));

    expect(applied.flat().sort()).toEqual(['1_create', '2_index']);
    expect(await run(url, 'SELECT entry FROM log')).toEqual([{ entry: 1 }]);
  });

  it('leaves nothing of a migration whose process dies before its end, and begins it again', async () => {
    await writeMigration('1_create', 'CREATE TABLE log (entry int);');
    await migrate(url, migrationsDir);
    await writeMigration(
      '2_slow',
      'INSERT INTO log VALUES (2); SELECT pg_terminate_backend(pg_backend_pid());',
    );
    await expect(migrate(url, migrationsDir)).rejects.toThrow();
    expect(await run(url, 'SELECT entry FROM log')).toEqual([]);

    await writeMigration('2_slow', 'INSERT INTO log VALUES (2);');
    expect(await migrate(url, migrationsDir)).toEqual(['2_slow']);
    expect(await run(url, 'SELECT entry FROM log')).toEqual([{ entry: 2 }]);
  });

  it('refuses a migration that was edited after it had been applied', async () => {
    await writeMigration('1_create', 'CREATE TABLE log (entry int);');
    await migrate(url, migrationsDir);
    await writeMigration('1_create', 'CREATE TABLE log (entry bigint);');

    await expect(migrate(url, migrationsDir)).rejects.toThrow(MigrationEditedError);
  });

  it('changes nothing for a login that may not have the roles, and says what an administrator has to run', async () => {
    const login = await anOwner();
    await writeMigration('1_create', 'CREATE TABLE log (entry int);');

    const refused = await migrate(login.url, migrationsDir).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(MissingRolesError);

    await run(url, String((refused as Error).message.split('migrate again:')[1]));
    expect(await migrate(login.url, migrationsDir)).toEqual(['1_create']);
    await login.remove();
  });

  describe('by an owner who sees no row of the tables', () => {
    let login: Awaited<ReturnType<typeof anOwner>>;
    beforeEach(async () => {
      login = await anOwner();
      await run(
        url,
        `GRANT wavekeeper_app, wavekeeper_system, wavekeeper_queue TO ${login.name} WITH INHERIT FALSE`,
      );
    });
    afterEach(() => login.remove());

    const HIDDEN = `CREATE TABLE kept (entry int); INSERT INTO kept VALUES (1);
      ALTER TABLE kept ENABLE ROW LEVEL SECURITY; ALTER TABLE kept FORCE ROW LEVEL SECURITY;`;

    it('changes all rows, and leaves the tables as hidden as they were', async () => {
      await writeMigration('1_create', HIDDEN);
      await writeMigration('2_change', 'UPDATE "kept" SET entry = 2;');
      await migrate(login.url, migrationsDir);
      expect(await run(url, 'SELECT entry FROM kept')).toEqual([{ entry: 2 }]);
      expect(await run(login.url, 'SELECT entry FROM kept')).toEqual([]);
    });

    it('fails rather than change nothing where it cannot see what a migration does', async () => {
      await writeMigration('1_create', HIDDEN);
      await writeMigration(
        '2_change',
        `DO $$ BEGIN EXECUTE 'UPDATE ' || 'ke' || 'pt SET entry = 2'; END $$;`,
      );
      const withOptions = new URL(login.url);
      withOptions.searchParams.set('options', '-c work_mem=8MB');
      for (const at of [login.url, withOptions.href]) {
        await expect(migrate(at, migrationsDir)).rejects.toThrow('row-level security');
        await run(url, 'UPDATE _prisma_migrations SET rolled_back_at = now() WHERE finished_at IS NULL');
      }
      expect(await run(url, 'SELECT entry FROM kept')).toEqual([{ entry: 1 }]);
    });

    it('brings what is kept along with this service’s own tables', async () => {
      const ours = path.resolve(import.meta.dirname, '../../../prisma/migrations');
      const names = (await readdir(ours)).filter((name) => /^\d/.test(name)).sort();
      const copy = (name: string) =>
        cp(path.join(ours, name), path.join(migrationsDir, name), { recursive: true });
      const added = names.indexOf('20261125170000_endpoint_health');
      await Promise.all(names.slice(0, added).map(copy));
      await migrate(login.url, migrationsDir);
      const tenantId = randomUUID();
      await run(url, `INSERT INTO tenant (id, name, limits) VALUES ('${tenantId}', 'a tenant', '{}')`);
      await run(
        url,
        `INSERT INTO webhook_endpoint (tenant_id, id, url, event_types, description, state, secret_sealed)
         VALUES ('${tenantId}', '${randomUUID()}', 'https://example.com/', '{*}', '', 'disabled', '')`,
      );
      await Promise.all(names.slice(added).map(copy));
      await migrate(login.url, migrationsDir);
      expect(await run(url, 'SELECT disabled_reason FROM webhook_endpoint')).toEqual([
        { disabled_reason: 'by_request' },
      ]);
      expect(
        await run(url, `SELECT relname FROM pg_class WHERE relrowsecurity AND NOT relforcerowsecurity`),
      ).toEqual([]);
    });
  });

  it('waits for tables that are in use, keeping nobody from them for a second, and fails for good of nothing that passes', async () => {
    await writeMigration('1_create', 'CREATE TABLE log (entry int);');
    await migrate(url, migrationsDir);
    await writeMigration('2_more', 'ALTER TABLE log ADD COLUMN more int;');
    const reader = new pg.Client({ connectionString: url });
    await reader.connect();
    await reader.query('BEGIN; SELECT * FROM log');
    const migrating = migrate(url, migrationsDir);
    // The first of these waits behind the migration, which gives up its place before the reader ends.
    await eventually('the migration waits', async () => (await run(url, WAITING)).length > 0);
    for (let times = 0; times < 5; times += 1)
      await run(url, `SET lock_timeout = '1s'; INSERT INTO log VALUES (1)`);
    await reader.query('COMMIT');
    await reader.end();
    expect(await migrating).toEqual(['2_more']);
    expect(await run(url, 'SELECT count(*)::int AS rows FROM _prisma_migrations')).toEqual([{ rows: 2 }]);
  });

  it('says what kept a migration from its end', () => {
    const { message } = new MigrationBusyError('1_x', new Error('canceling statement due to user request'));
    expect(message).toContain('canceling statement due to user request');
  });

  it('stops at a migration that fails and does not go on until it is resolved', async () => {
    await writeMigration('1_wrong', 'CREATE TABLE log (entry int); SELECT 1 / 0;');
    await writeMigration('2_next', 'CREATE TABLE next (entry int);');

    await expect(migrate(url, migrationsDir)).rejects.toMatchObject({
      name: 'MigrationFailedError',
      migration: '1_wrong',
      message: expect.stringContaining('division by zero') as string,
    });
    await expect(migrate(url, migrationsDir)).rejects.toThrow(MigrationFailedError);
    expect(await run(url, `SELECT to_regclass('log') AS log, to_regclass('next') AS next`)).toEqual([
      { log: null, next: null },
    ]);
  });

  it('tries a failed migration again when it has been marked as rolled back', async () => {
    await writeMigration('1_wrong', 'SELECT 1 / 0;');
    await expect(migrate(url, migrationsDir)).rejects.toThrow(MigrationFailedError);
    await run(url, 'UPDATE _prisma_migrations SET rolled_back_at = now()');
    await writeMigration('1_wrong', 'SELECT 1 / 1;');

    expect(await migrate(url, migrationsDir)).toEqual(['1_wrong']);
  });

  /** A login that owns the database and may do nothing else. */
  async function anOwner(): Promise<{ name: string; url: string; remove: () => Promise<void> }> {
    const name = `owner_${randomUUID().slice(0, 8)}`;
    await run(url, `CREATE ROLE ${name} LOGIN PASSWORD 'secret'`);
    await run(url, `ALTER DATABASE "${new URL(url).pathname.slice(1)}" OWNER TO ${name}`);
    const asLogin = new URL(url);
    asLogin.username = name;
    asLogin.password = 'secret';
    const remove = async () => {
      await run(url, `REASSIGN OWNED BY ${name} TO CURRENT_USER; DROP OWNED BY ${name}; DROP ROLE ${name}`);
    };
    return { name, url: asLogin.href, remove };
  }

  async function writeMigration(name: string, sql: string): Promise<void> {
    await mkdir(path.join(migrationsDir, name), { recursive: true });
    await writeFile(path.join(migrationsDir, name, 'migration.sql'), sql);
  }
});

async function run(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}
