import { createTestDatabase, type TestDatabase } from './support/database.js';
import { expectInvariants } from './support/invariants.js';
import { aMission } from './support/mission.js';
import { startRelay, type Relay } from './support/relay.js';

describe('a mission, from submission to completion', () => {
  let database: TestDatabase;
  let relay: Relay;

  beforeAll(async () => {
    database = await createTestDatabase();
    relay = await startRelay(database.transactions);
  });
  afterEach(() => expectInvariants(database));
  afterAll(async () => {
    await relay.close();
    await database.drop();
  });

  it('completes every task after its dependencies, and then itself', async () => {
    const mission = await aMission(database);
    await mission.submit(
      { title: 'Dig', key: 'dig' },
      { title: 'Pour', key: 'pour', depends_on: ['dig'] },
      { title: 'Build', key: 'build', depends_on: ['pour', 'dig'] },
    );

    await expect(relay.settle()).resolves.toEqual({ waves: 4, attempts: 3 });

    expect(await mission.row()).toMatchObject({ state: 'completed', tasks_completed: 3, inbox_unseen: 0 });
    const ends = await mission.query(
      `SELECT t.key FROM event e JOIN task t ON t.tenant_id = e.tenant_id AND t.id = e.task_id
        WHERE e.tenant_id = $1 AND e.mission_id = $2 AND e.type = 'task.completed' ORDER BY e.seq`,
    );
    expect(ends.map((end) => end.key)).toEqual(['dig', 'pour', 'build']);
    expect(await mission.events('mission.')).toEqual(['mission.created', 'mission.completed']);
  });

  it('costs nothing while there is nothing to do', async () => {
    const mission = await aMission(database);
    await mission.submit('Dig');
    await relay.settle();
    const requests = relay.simulator.requests().length;
    const { spent_usd: spentUsd } = await mission.row();

    await expect(relay.settle()).resolves.toEqual({ waves: 0, attempts: 0 });

    expect(relay.simulator.requests()).toHaveLength(requests);
    expect((await mission.row()).spent_usd).toBe(spentUsd);
  });

  it('sends no request that is larger than the smallest budget, however much there is to read', async () => {
    const mission = await aMission(database, { policy: { context_budget_tokens: 8_000 } });
    await mission.submit(
      ...Array.from({ length: 30 }, (_task, place) => ({
        title: `Part ${place}`,
        instructions: 'Look closely. '.repeat(500),
        metadata: { outcome: `Part ${place} is done. ${'It took a while. '.repeat(300)}` },
      })),
    );

    await relay.settle();

    expect(await mission.row()).toMatchObject({ state: 'completed', tasks_completed: 30 });
    const [{ peak } = {}] = await mission.query(
      `SELECT max(input_tokens + cache_write_tokens + cache_read_tokens) AS peak FROM model_call
        WHERE tenant_id = $1 AND mission_id = $2 AND role = 'conductor'`,
    );
    expect(Number(peak)).toBeLessThanOrEqual(8_000);
  });
});
