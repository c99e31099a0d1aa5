import { randomBytes } from 'node:crypto';
import path from 'node:path';
import pg from 'pg';
import { migrate } from '#database';
import { sweep } from '#dispatch';
import { readContextSeries } from '#ledger';
import { silentLogger } from '#telemetry';
import { createTestDatabase } from './support/database.js';
import { aMission, type TestMission } from './support/mission.js';
import { startRelay, type Relay } from './support/relay.js';

const MIGRATIONS = path.resolve(import.meta.dirname, '../prisma/migrations');
const SUMMED = '20261126031000_waves_of_the_picture';
const SUMS = [
  'turns',
  'read_tokens',
  'first_tokens',
  'last_tokens',
  'last_output_tokens',
  'prefix_tokens',
  'news_tokens',
] as const;

const database = await createTestDatabase();
const login = `owner_${randomBytes(6).toString('hex')}`;
let relay: Relay;
let mission: TestMission;
beforeAll(async () => {
  relay = await startRelay(database.transactions);
  mission = await aMission(database, { policy: { workers: ['builtin'] } });
  await workOn('One');
  await workOn('Two');
});
afterAll(async () => {
  await relay.close();
  await database.owner.query(`REASSIGN OWNED BY ${login} TO CURRENT_USER`);
  await database.owner.query(`DROP OWNED BY ${login}`);
  await database.owner.query(`DROP ROLE ${login}`);
  await database.drop();
});

async function workOn(title: string): Promise<void> {
  await mission.submit(title);
  await relay.settle();
}

/** The tables belong to a login that row-level security binds, unless a migration says otherwise. */
async function ownedByAnOrdinaryLogin(): Promise<string> {
  await database.owner.query(`CREATE ROLE ${login} LOGIN PASSWORD 'secret'`);
  await database.owner.query(`GRANT wavekeeper_app, wavekeeper_system, wavekeeper_queue TO ${login}`);
  await database.owner.query(`GRANT ALL ON SCHEMA public TO ${login}`);
  const { rows } = await database.owner.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'`,
  );
  for (const { name } of rows)
    await database.owner.query(`ALTER TABLE ${pg.escapeIdentifier(name)} OWNER TO ${login}`);
  const url = new URL(database.url);
  url.username = login;
  url.password = 'secret';
  return url.href;
}

const readSeries = () => mission.run((tx) => readContextSeries(tx, mission.id));
const readSums = async () =>
  (await database.owner.query(`SELECT number, ${SUMS.join(', ')} FROM wave ORDER BY number`)).rows;

const sweepOnce = () =>
  sweep(database.transactions, {
    countDueDeliveries: () => Promise.resolve(0),
    contextDays: 30,
    logger: silentLogger,
  });

describe('the sums that the picture of a mission is made of', () => {
  it('are made up for by the sweep where a process of the release before has ended a wave', async () => {
    const sums = await readSums();
    await database.owner.query(
      `UPDATE wave SET turns = NULL, read_tokens = 0, first_tokens = 0, prefix_tokens = 0 WHERE number = 1`,
    );
    expect(await readSums()).not.toEqual(sums);
    await sweepOnce();
    expect(await readSums()).toEqual(sums);
  });

  it('are made of all waves after a migration, also when its owner is no superuser', async () => {
    const [series, sums] = [await readSeries(), await readSums()];
    const columns = SUMS.map((column) => `DROP COLUMN ${column}`);
    await database.owner.query('REVOKE SELECT ("turns") ON wave FROM wavekeeper_system');
    await database.owner.query(`ALTER TABLE wave ${columns.join(', ')}`);
    await database.owner.query('DROP POLICY all_tenants ON wave');
    await database.owner.query('DROP INDEX inbox_item_of_message');
    await database.owner.query('DELETE FROM _prisma_migrations WHERE migration_name = $1', [SUMMED]);

    expect(await migrate(await ownedByAnOrdinaryLogin(), MIGRATIONS)).toEqual([SUMMED]);
    await sweepOnce();

    expect(await readSums()).toEqual(sums);
    expect(await readSeries()).toEqual(series);
  });
});
