import { createTestDatabase, type TestDatabase } from './support/database.js';
import { createLogger } from '#telemetry';
import { aMission, aTenant, startRelay, submit, type Relay } from './support/relay.js';

describe('a mission, from submission to completion', () => {
  let database: TestDatabase;
  let relay: Relay;

  beforeAll(async () => {
    database = await createTestDatabase();
    relay = await startRelay(database.transactions, { logger: createLogger('warn') });
  });

  afterAll(async () => {
    await relay.close();
    await database.drop();
  });

  it('completes every task after its dependencies, and then itself', async () => {
    const { transactions, owner } = database;
    const tenantId = await aTenant(transactions);
    const missionId = await aMission(transactions, tenantId);
    await submit(transactions, { tenantId, missionId }, [
      { title: 'Dig', key: 'dig' },
      { title: 'Pour', key: 'pour', depends_on: ['dig'] },
      { title: 'Build', key: 'build', depends_on: ['pour', 'dig'] },
    ]);
    const done = await relay.settle();
    console.log(done);
    const { rows } = await owner.query(
      'select title, state, state_reason, result from task where mission_id = $1 order by number',
      [missionId],
    );
    console.log(JSON.stringify(rows));
    console.log(
      (
        await owner.query(
          'select number,state,trigger,stop_reason,requests,peak_request_tokens, decisions from wave where mission_id=$1 order by number',
          [missionId],
        )
      ).rows
        .map((r) => JSON.stringify(r))
        .join('\n'),
    );
    console.log(
      (await owner.query('select seq,type from event where mission_id=$1 order by seq', [missionId])).rows
        .map((r) => r.seq + ' ' + r.type)
        .join('\n'),
    );
    const mission = (await owner.query('select * from mission where id = $1', [missionId])).rows[0];
    expect(mission.state).toBe('completed');
  });
});
