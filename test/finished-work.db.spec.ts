import { benchFinished } from '../bench/finished/finished.js';
import { createTestDatabase, type TestDatabase } from './support/database.js';
import { aMission, aTenant } from './support/mission.js';

describe('a mission with thousands of finished tasks', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  it('gives its conductor no larger a context than one with a few hundred', async () => {
    const tenantId = await aTenant(database.transactions);
    const report = await benchFinished({
      transactions: database.transactions,
      tenantId,
      newMission: async () => {
        const mission = await aMission(database, {}, tenantId);
        await mission.submit('Open task');
        return mission.id;
      },
      smallTasks: 250,
      largeTasks: 2_500,
      runs: 1,
    });
    expect(report.tokens_ratio).toBeLessThan(1.15);
    expect([report.small.live_nodes, report.large.live_nodes]).toEqual([12, 15]);
  });
});
