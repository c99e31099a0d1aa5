import { jest } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.js';
import { play } from '../harness/play.js';
import { realTasks } from './real-tasks.js';
import { benchReplay } from './replay.js';

/** Whole missions: room for slow machines. */
jest.setTimeout(120_000);

describe('the replay of the reported mission', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  it('completes every task within the budget and tells what other policies would have cost', async () => {
    const { checks, report, tables } = await benchReplay({
      transactions: database.transactions,
      databaseUrl: database.url,
      size: 4,
      say: () => undefined,
    });

    expect(checks.filter(({ holds }) => !holds)).toEqual([]);
    expect(tables[0]?.rows.map(([policy]) => policy)).toEqual([
      'policy',
      'waves',
      'one conversation',
      'compacted at 50000',
      'compacted at 100000',
    ]);
    expect(report).toMatchObject({ runs: [{ waves: 2 }, { waves: 8 }] });
  });

  it('charges a warm cache what the simulator does, request by request', async () => {
    const charged: unknown[] = [];
    const metered: unknown[] = [];
    await play({
      transactions: database.transactions,
      mission: {},
      tasks: await realTasks(4),
      rhythm: { burst: 2, results: 'with_next_burst' },
      onRequest: ({ answer, usage }) => {
        charged.push(answer.usage);
        metered.push(usage.always_warm);
      },
    });

    expect(charged.length).toBeGreaterThan(2);
    expect(metered).toEqual(charged);
  });
});
