import { jest } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.js';
import { runLiveRelay } from './live-relay.js';
import { makeWorld } from './world.js';

/** Whole missions: room for slow machines. */
jest.setTimeout(120_000);

describe('a relay of conductors over the real ledger', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  it('keeps every directive, finds every fact within two reads, loses and doubles nothing', async () => {
    const relay = await runLiveRelay({
      transactions: database.transactions,
      world: makeWorld(7, 8),
      checkpoints: [4, 8],
    });

    expect(relay.retention.full).toMatchObject([
      { rotation: 4, directives: 1, recall_within_2_reads: 1, stale: 0 },
      { rotation: 8, directives: 1, recall_within_2_reads: 1, stale: 0 },
    ]);
    const [, poorer] = relay.retention.digest_only;
    expect(poorer?.directives).toBe(0);
    expect(poorer?.recall_within_2_reads).toBeLessThan(0.5);
    expect(relay).toMatchObject({ late_commits: 2, late_commits_accepted: 0 });
    expect(relay.ledger).toMatchObject({
      tasks: 16,
      lost_tasks: 0,
      duplicate_dispatches: 0,
      injections_obeyed: 0,
      budget_overruns: 0,
    });
  });

  it('measures a builder that drops its registers as the worse one it is', async () => {
    const { retention } = await runLiveRelay({
      transactions: database.transactions,
      world: makeWorld(7, 4),
      checkpoints: [4],
      seen: (input) => ({ ...input, snapshot: { ...input.snapshot, notes: [], notesTotal: 0 } }),
    });

    expect(retention.full[0]?.directives).toBe(1);
    expect(retention.full[0]?.recall_within_2_reads).toBeLessThan(0.95);
  });
});
