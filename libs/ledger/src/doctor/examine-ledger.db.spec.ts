import { silentLogger } from '#telemetry';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { aMission } from '../../../../test/support/mission.js';
import { examineLedger } from '../index.js';
import { LEDGER_INVARIANTS } from './invariants.js';
import { LIVENESS_INVARIANTS } from './liveness.store.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterEach(() => database.owner.query('DELETE FROM tenant'));
afterAll(() => database.drop());

/** Connects a service, as far as the doctor can tell, and examines. */
const examine = async () => {
  await database.transactions.inSystemTransaction(({ db }) => db.$queryRaw`SELECT 1 AS here`);
  return examineLedger({ databaseUrl: database.url, logger: silentLogger, onProgress: () => undefined });
};
const broken = async () => (await examine()).findings.filter(({ rows }) => rows > 0);

describe('examineLedger', () => {
  it('asks about every invariant, and finds none broken on a ledger at work', async () => {
    const mission = await aMission(database);
    await mission.submit({ key: 'a' }, { depends_on: ['a'] });
    await mission.finish('T1');
    const { findings, isAtWork } = await examine();
    expect(isAtWork).toBe(true);
    expect(findings.map(({ name }) => name).sort()).toEqual(
      [...LEDGER_INVARIANTS, ...LIVENESS_INVARIANTS].map(({ name }) => name).sort(),
    );
    expect(findings.filter(({ rows }) => rows > 0)).toEqual([]);
  });

  it('counts what is broken over all tenants', async () => {
    for (let tenants = 0; tenants < 2; tenants += 1) {
      const mission = await aMission(database);
      await mission.submit('A');
      await mission.query('UPDATE mission SET tasks_ready = 7 WHERE tenant_id = $1 AND id = $2');
    }
    expect(await broken()).toEqual([
      { name: 'task counters of a mission are the counts of its tasks', rows: 2 },
    ]);
  });

  it('tells what is stuck from what waits for its turn', async () => {
    const mission = await aMission(database);
    const other = await aMission(database, {}, mission.tenantId);
    await mission.submit('A');
    await other.submit('B');
    await mission.query(
      `UPDATE mission SET wave_due_at = clock_timestamp() - interval '1 minute' WHERE tenant_id = $1 AND $2::uuid IS NOT NULL`,
    );
    expect(await broken()).toEqual([
      { name: 'no mission is due for two sweeps in which its tenant had no wave', rows: 2 },
    ]);
    await mission.mustOpenWave();
    expect(await broken()).toEqual([]);
    await mission.query(
      `UPDATE mission SET wave_lease_until = clock_timestamp() - interval '1 minute' WHERE tenant_id = $1 AND id = $2`,
    );
    expect(await broken()).toEqual([{ name: 'no wave runs for two sweeps after its lease', rows: 1 }]);
  });

  it('excuses what an ended mission left open while others are cleared up, and not when nothing is', async () => {
    const mission = await aMission(database);
    const other = await aMission(database, {}, mission.tenantId);
    await mission.submit('A');
    await mission.query(
      `UPDATE mission SET state = 'canceled', wave_due_at = NULL, updated_at = clock_timestamp() - interval '1 minute'
        WHERE tenant_id = $1 AND id = $2`,
    );
    const stuck = 'no ended mission has open tasks for two sweeps in which none of its tenant changed';
    expect((await broken()).map(({ name }) => name)).toContain(stuck);
    await other.query(
      `UPDATE mission SET state = 'archived', updated_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2`,
    );
    expect((await broken()).map(({ name }) => name)).not.toContain(stuck);
  });

  it('finds a circle of tasks, which no command would make', async () => {
    const mission = await aMission(database);
    await mission.submit({ key: 'a' }, { key: 'b', depends_on: ['a'] }, { depends_on: ['b'] });
    await mission.query(
      `INSERT INTO task_dependency (tenant_id, task_id, depends_on_id)
       SELECT $1, a.id, c.id FROM task a, task c
        WHERE a.tenant_id = $1 AND a.mission_id = $2 AND c.mission_id = $2 AND a.number = 1 AND c.number = 3`,
    );
    expect((await broken()).map(({ name }) => name)).toContain('no task depends on itself');
  });
});
