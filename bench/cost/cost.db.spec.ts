import { jest } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.js';
import { benchCost } from './cost.js';

/** Whole missions: room for slow machines. */
jest.setTimeout(120_000);

describe('the cost of a task', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  it('stays below its goal in bursts of eight, and every request begins with the same bytes', async () => {
    const { checks } = await benchCost({
      transactions: database.transactions,
      databaseUrl: database.url,
      size: 4,
      say: () => undefined,
    });

    expect(checks.filter(({ holds }) => !holds)).toEqual([]);
    expect(checks.map(({ name }) => name)).toContain('bursts_of_8: cache-weighted tokens per task');
    expect(checks.map(({ name }) => name)).toContain(
      'one_by_one: distinct beginnings (Z0 to Z3) of all requests',
    );
  });
});
