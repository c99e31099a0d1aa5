import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { expectInvariants } from '../support/invariants.js';
import { aMission } from '../support/mission.js';
import { ServiceHost } from '../../bench/harness/service-process.js';

describe('a service that is told to stop while it works', () => {
  let database: TestDatabase;
  let host: ServiceHost;

  beforeAll(async () => {
    database = await createTestDatabase();
    host = await ServiceHost.create(database);
  });

  afterAll(async () => {
    await host.remove();
    await expectInvariants(database);
    await database.drop();
  });

  it('ends by itself with nothing in hand, and the next one finishes the work', async () => {
    const mission = await aMission(database);
    await mission.submit(...Array.from({ length: 40 }, (_, place) => `Task ${place}`));
    const service = await host.start();
    await eventually('it works', async () => Number((await mission.row()).tasks_completed) > 0, 60_000);
    await service.stop();

    expect(await service.ended).toBeNull(); // no signal ended it
    expect(await mission.row()).toMatchObject({ wave_id: null });
    const leased = await mission.query(
      `SELECT id FROM attempt WHERE tenant_id = $1 AND mission_id = $2 AND state = 'leased'`,
    );
    expect(leased).toEqual([]);

    const next = await host.start();
    await eventually(
      'the mission completes',
      async () => (await mission.row()).state === 'completed',
      120_000,
    );
    await next.stop();
  }, 300_000);
});
