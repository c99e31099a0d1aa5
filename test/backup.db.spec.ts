import { randomBytes, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import pg from 'pg';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from './support/database.js';
import { eventually } from './support/eventually.js';
import { aRowInEveryTable, contentOf, dropChecks, rowsOf } from './support/every-table.js';
import { expectInvariants } from './support/invariants.js';
import { aMission, A_KEY, type TestMission } from './support/mission.js';
import { toAsk, toDispatch, toHandOff, toNote } from './support/writes.js';
import { backUp, migrate, restore } from '#database';
import { addDirective } from '#ledger';

const MIGRATIONS_DIR = path.resolve(import.meta.dirname, '../prisma/migrations');
const silent = () => undefined;
const ODD = 'a "quoted", \\back\\slashed,\n(bracketed) line\u2028with {braces}, 😀 and \u0001';

describe('a backup', () => {
  let source: TestDatabase;
  let missions: TestMission[];
  let dir: string;
  let file: string;
  const unwanted: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'wavekeeper-backup-'));
    source = await createTestDatabase();
    missions = [await aRichMission(source), await aRichMission(source)];
    file = path.join(dir, 'ledger.backup');
    await backUp(source.url, file, silent);
  });
  afterEach(async () => {
    for (const drop of unwanted.splice(0).reverse()) await drop();
  });
  afterAll(async () => {
    await source.drop();
    await rm(dir, { recursive: true });
  });

  async function anEmptyDatabase(): Promise<string> {
    const { url, drop } = await createEmptyDatabase();
    unwanted.push(drop);
    return url;
  }
  async function migrationsAnd(name: string, sql: string): Promise<string> {
    const longer = await mkdtemp(path.join(dir, 'migrations-'));
    await cp(MIGRATIONS_DIR, longer, { recursive: true });
    await mkdir(path.join(longer, name));
    await writeFile(path.join(longer, name, 'migration.sql'), sql);
    return longer;
  }
  const restoreInto = (url: string, from = file, migrationsDir = MIGRATIONS_DIR) =>
    restore(url, from, { migrationsDir, onProgress: silent });
  const contentAt = (url: string) =>
    withOwner(url, async (owner) => Promise.all(missions.map(({ tenantId }) => contentOf(owner, tenantId))));

  it('brings every row of every tenant back as it was, whatever stands in it', async () => {
    const url = await anEmptyDatabase();
    const { rows, tenants, tables } = await restoreInto(url);
    const before = await contentAt(source.url);
    expect(await contentAt(url)).toEqual(before);
    expect([rows, tenants, tables]).toEqual([
      before.flatMap((content) => Object.values(content)).flat().length + 2,
      2,
      Object.keys(before[0] ?? {}).length, // tenants beside what they own, and no buckets of requests
    ]);
  });

  it('has every table in it, and brings all back but what is to be forgotten', async () => {
    const [full, target] = [await createTestDatabase(), await createTestDatabase()];
    unwanted.push(
      () => full.drop(),
      () => target.drop(),
    );
    const { tenantId } = await aMission(full);
    await aRowInEveryTable(full.owner, tenantId);
    const fullFile = path.join(dir, 'full.backup');
    await backUp(full.url, fullFile, silent);
    await dropChecks(target.owner);
    await restoreInto(target.url, fullFile);
    const [before, after] = [full, target].map(({ owner }) => contentOf(owner, tenantId));
    const forgotten = { session: [], sign_in_link: [], answer_link: [], request_bucket: [] };
    expect(await after).toEqual({ ...(await before), ...forgotten });
    expect(Object.values(await rowsOf(full.owner, tenantId))).not.toContain(0);
  });

  it.each([
    ['odd, a sequence', 'CREATE SEQUENCE odd'],
    [
      'odd, a table in partitions',
      'CREATE TABLE odd (tenant_id uuid NOT NULL) PARTITION BY LIST (tenant_id)',
    ],
    ['odd.tenant_id, which may be of no tenant', 'CREATE TABLE odd (tenant_id uuid)'],
    ['tenant.odd, which Postgres makes', 'ALTER TABLE tenant ADD odd int GENERATED ALWAYS AS (1) STORED'],
    ['tenant.odd, which Postgres makes', 'ALTER TABLE tenant ADD odd int GENERATED ALWAYS AS IDENTITY'],
    [
      'tenant, whose trigger odd',
      'CREATE TRIGGER odd BEFORE INSERT ON tenant FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()',
    ],
  ])('is not made of what it could not bring back: %s', async (what, sql) => {
    const odd = await createTestDatabase();
    unwanted.push(() => odd.drop());
    await odd.owner.query(sql);
    await expect(backUp(odd.url, path.join(dir, 'odd.backup'), silent)).rejects.toThrow(what);
  });

  it('says what to do when all is loaded and a later migration fails', async () => {
    const failing = await migrationsAnd('29990101000000_failing', 'SELECT 1 / 0');
    const url = await anEmptyDatabase();
    await expect(restoreInto(url, file, failing)).rejects.toThrow('Run "wavekeeper migrate"');
    expect(await contentAt(url)).toEqual(await contentAt(source.url));
  });

  it('replaces no file that was made in the meantime', async () => {
    const taken = path.join(dir, 'taken.backup');
    const takenMeanwhile = backUp(source.url, taken, () => writeFileSync(taken, 'mine'));
    await expect(takenMeanwhile).rejects.toThrow('is there already');
    expect(await readFile(taken, 'utf8')).toBe('mine');
    expect((await readdir(dir)).filter((name) => name.startsWith('taken'))).toEqual(['taken.backup']);
  });

  it('is made and restored by a login that is no superuser, and leaves the schema as migrations do', async () => {
    const login = await aPlainLogin();
    const first = await anEmptyDatabaseOf(login);
    await restoreInto(first);
    const again = path.join(dir, 'again.backup');
    await backUp(first, again, silent);
    const second = await anEmptyDatabaseOf(login);
    await restoreInto(second, again);
    expect(await contentAt(second)).toEqual(await contentAt(source.url));
    expect(await withOwner(second, schemaOf)).toEqual(await withOwner(source.url, schemaOf));
  });

  it('is of one moment, while the ledger goes on being written to', async () => {
    const busy = await createTestDatabase();
    unwanted.push(() => busy.drop());
    const mission = await aMission(busy);
    const over = new AbortController();
    const writing = (async () => {
      while (!over.signal.aborted) await mission.submit('One more', { title: 'And one', key: randomUUID() });
    })();
    const during = path.join(dir, 'during.backup');
    try {
      for (let times = 0; times < 3; times += 1) {
        await rm(during, { force: true });
        await backUp(busy.url, during, silent);
        const url = await anEmptyDatabase();
        await restoreInto(url, during);
        await withOwner(url, (owner) => expectInvariants({ owner }));
      }
    } finally {
      over.abort();
      await writing;
    }
  });

  it('keeps migrations waiting, and nobody who has none: what it has read and what it still will are of one schema', async () => {
    const [url, during] = [await anEmptyDatabase(), path.join(dir, 'migrated.backup')];
    await restoreInto(url);
    const longer = await migrationsAnd('29990101000000_more', 'ALTER TABLE wave ADD COLUMN extra text');
    await withOwner(url, async (owner) => {
      const halfway = await owner.connect();
      await halfway.query('BEGIN; LOCK TABLE event'); // waves come after
      const backingUp = backUp(url, during, silent);
      await eventually('the backup is halfway', () => isThere(owner, 'wavekeeper-backup', 'DECLARE'));
      let isMigrated = false;
      const migrating = migrate(url, longer).finally(() => (isMigrated = true));
      await eventually(
        'it asks to migrate',
        async () => isMigrated || (await isThere(owner, 'wavekeeper-migrate', 'SELECT pg_try')),
      );
      expect(await migrate(url, MIGRATIONS_DIR)).toEqual([]);
      await halfway.query('COMMIT');
      halfway.release();
      await backingUp;
      expect(await migrating).toEqual(['29990101000000_more']);
    });
    const target = await anEmptyDatabase();
    await restoreInto(target, during);
    expect(await contentAt(target)).toEqual(await contentAt(source.url));
  });

  it('goes into an empty database only', async () => {
    const url = await anEmptyDatabase();
    await restoreInto(url);
    const before = await contentAt(url);
    await expect(restoreInto(url)).rejects.toThrow('has tenants already');
    expect(await contentAt(url)).toEqual(before);
  });

  it('that was cut short, changed or shortened is refused, and nothing of it is kept', async () => {
    const bytes = await readFile(file);
    const lines = gunzipSync(bytes).toString('utf8').split('\n');
    const anEvent = lines.findIndex((line) => line.startsWith('"') && line.includes('task.created'));
    const damaged: [string, Buffer][] = [
      ['cut short', bytes.subarray(0, bytes.length - 100)],
      [
        'not those that were written',
        packed(lines.with(anEvent, (lines[anEvent] ?? '').replace('task.', 'tusk.'))),
      ],
      ['not those that were written', packed(lines.toSpliced(anEvent, 1))],
      ['its end is missing', packed([...lines.slice(0, -2), ''])],
      ['its sums are wrong', packed(withoutTable(lines, 'event'))],
      ['is no backup', Buffer.from('something else')],
      ['is no backup', gzipSync('{"a": 1}\n')],
    ];
    const url = await anEmptyDatabase();
    for (const [how, content] of damaged) {
      const broken = path.join(dir, 'broken.backup');
      await writeFile(broken, content);
      await expect(restoreInto(url, broken)).rejects.toThrow(how);
    }
    await restoreInto(url); // it is empty still
  });

  it('of an older version is brought up to date; of a newer one, or into a newer database, it is refused', async () => {
    const migrations = (await readdir(MIGRATIONS_DIR)).filter((name) => /^\d/.test(name)).sort();
    const older = path.join(dir, 'older');
    await cp(MIGRATIONS_DIR, older, { recursive: true });
    await rm(path.join(older, migrations.at(-1) ?? ''), { recursive: true });
    const [old, target, migrated] = [
      await anEmptyDatabase(),
      await anEmptyDatabase(),
      await anEmptyDatabase(),
    ];
    await migrate(old, older);
    await withOwner(old, (owner) =>
      owner.query(`INSERT INTO tenant (id, name, limits) VALUES (gen_random_uuid(), 'old', '{}')`),
    );
    const oldFile = path.join(dir, 'old.backup');
    await backUp(old, oldFile, silent);
    expect(await restoreInto(target, oldFile)).toMatchObject({ tenants: 1, schema: migrations.at(-2) });
    const applied = await withOwner(target, (owner) => owner.query('SELECT FROM _prisma_migrations'));
    expect(applied.rowCount).toBe(migrations.length);

    await expect(restoreInto(target, file, older)).rejects.toThrow('another version');
    await migrate(migrated, MIGRATIONS_DIR);
    await expect(restoreInto(migrated, oldFile)).rejects.toThrow('newer');
  });

  it('goes into no other schema than its own, whichever side the odd migration is on', async () => {
    const odd = await migrationsAnd('20000101000000_odd', 'CREATE TABLE odd (tenant_id uuid NOT NULL)');
    await expect(restoreInto(await anEmptyDatabase(), file, odd)).rejects.toThrow('another version');
    const url = await anEmptyDatabase();
    await migrate(url, odd);
    await expect(restoreInto(url)).rejects.toThrow('has been through other migrations');
  });

  it('is the same whatever options the URL of the database has', async () => {
    const withOptions = (url: string) => `${url}?options=${encodeURIComponent('-c datestyle=SQL,DMY')}`;
    const [url, other] = [await anEmptyDatabase(), path.join(dir, 'options.backup')];
    await backUp(withOptions(source.url), other, silent);
    await restoreInto(withOptions(url), other);
    expect(await contentAt(url)).toEqual(await contentAt(source.url));
    const rowsIn = async (at: string) =>
      gunzipSync(await readFile(at))
        .toString('utf8')
        .split('\n')
        .slice(1);
    expect(await rowsIn(other)).toEqual(await rowsIn(file));
  });

  it('leaves no file behind when it fails', async () => {
    const url = await anEmptyDatabase();
    await expect(backUp(url, path.join(dir, 'none.backup'), silent)).rejects.toThrow('nothing to back up');
    expect((await readdir(dir)).filter((name) => name.startsWith('none'))).toEqual([]);
  });

  /** A login that may act as the service's roles, and nothing else. */
  async function aPlainLogin(): Promise<string> {
    const login = `plain_${randomUUID().slice(0, 8)}`;
    await withOwner(source.url, async (owner) => {
      await owner.query(`CREATE ROLE ${login} LOGIN PASSWORD 'secret' NOSUPERUSER NOBYPASSRLS`);
      await owner.query(`GRANT wavekeeper_app, wavekeeper_system, wavekeeper_queue TO ${login}`);
    });
    unwanted.push(() =>
      withOwner(source.url, async (owner) => {
        await owner.query(`DROP ROLE ${login}`);
      }),
    );
    return login;
  }

  async function anEmptyDatabaseOf(login: string): Promise<string> {
    const url = new URL(await anEmptyDatabase());
    await withOwner(url.href, (owner) =>
      owner.query(`ALTER DATABASE ${url.pathname.slice(1)} OWNER TO ${login}`),
    );
    url.username = login;
    url.password = 'secret';
    return url.href;
  }
});

async function aRichMission(database: TestDatabase): Promise<TestMission> {
  const mission = await aMission(database, { title: ODD, budget: { limit_usd: '12.345678901' } });
  await mission.submit(
    { title: 'First', instructions: ODD, metadata: { odd: ODD, none: null } },
    'Second',
    'Third',
  );
  await mission.finish('T1');
  await mission.say(ODD);
  await mission.run((tx) => addDirective(tx, mission.id, ODD, A_KEY));
  await mission.wave(
    toAsk(ODD, { refs: ['T3'], deadline_minutes: 60 }),
    toNote(ODD),
    toDispatch('T2'),
    toHandOff(),
  );
  await mission.mustClaim();
  await mission.say('And this.');
  await mission.mustOpenWave();
  await mission.schedule();
  const artifact = randomUUID();
  await mission.query(
    `INSERT INTO artifact (tenant_id, id, mission_id, name, media_type, size_bytes, sha256, bytes)
     VALUES ($1, $3, $2, 'photo', 'image/png', 700000, 'x', $4)`,
    [artifact, randomBytes(300_000)],
  );
  await database.owner.query(
    'INSERT INTO artifact_part (tenant_id, artifact_id, number, bytes) VALUES ($1, $2, 1, $3)',
    [mission.tenantId, artifact, randomBytes(400_000)],
  );
  return mission;
}

/** Whether a connection of this name is at, or was last at, such a statement. */
async function isThere(owner: pg.Pool, name: string, statement: string): Promise<boolean> {
  const { rowCount } = await owner.query(
    `SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1 AND starts_with(query, $2)`,
    [name, statement],
  );
  return rowCount === 1;
}

/** What migrations make, and a load takes apart for a while. */
async function schemaOf(owner: pg.Pool): Promise<unknown[]> {
  const { rows } = await owner.query(`
    SELECT relname AS name, relforcerowsecurity::text AS what FROM pg_class
     WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
    UNION ALL
    SELECT conrelid::regclass || '.' || conname, pg_get_constraintdef(oid) FROM pg_constraint
     WHERE connamespace = 'public'::regnamespace
     ORDER BY 1, 2`);
  return rows;
}

const packed = (lines: readonly string[]): Buffer => gzipSync(lines.join('\n'));

function withoutTable(lines: readonly string[], table: string): string[] {
  const from = lines.findIndex((line) => line.startsWith(`{"table":"${table}"`));
  const to = lines.findIndex((line) => line.startsWith(`{"end_of":"${table}"`));
  return lines.toSpliced(from, to - from + 1);
}

async function withOwner<Result>(url: string, work: (owner: pg.Pool) => Promise<Result>): Promise<Result> {
  const { username, password } = new URL(process.env.TEST_DATABASE_ADMIN_URL ?? '');
  const asAdmin = Object.assign(new URL(url), { username, password });
  const owner = new pg.Pool({ connectionString: asAdmin.href, max: 2 });
  try {
    return await work(owner);
  } finally {
    await owner.end();
  }
}
