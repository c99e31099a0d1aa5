import { runWithKills, VICTIMS } from '../../bench/kill/kill-run.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { expectInvariants } from '../support/invariants.js';

describe('kill -9 again and again while tasks arrive and are worked on', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(async () => {
    await expectInvariants(database);
    await database.drop();
  });

  it.each(VICTIMS)(
    'loses no task, takes none twice and completes each once: %s',
    async (victim) => {
      const report = await runWithKills({
        transactions: database.transactions,
        databaseUrl: database.url,
        tasks: 24,
        kills: 3,
        victim,
        queue: 'postgres',
        say: () => undefined,
      });
      expect(report).toMatchObject({
        kills: 3,
        tasks: 24,
        completions: { least: 1, most: 1 },
        broken_invariants: [],
      });
    },
    120_000,
  );
});
