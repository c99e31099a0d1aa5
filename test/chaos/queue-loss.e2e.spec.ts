import type { QueueBackend } from '#config';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { expectInvariants } from '../support/invariants.js';
import { aMission } from '../support/mission.js';
import { BULL_QUEUES_HERE, startRedis, type TestRedis } from '../support/redis-server.js';
import { startService, type TestService } from '../support/service.js';

interface Loss {
  readonly queue: Exclude<QueueBackend, 'none'>;
  readonly name: string;
  readonly lose: (places: {
    readonly database: TestDatabase;
    readonly redis: TestRedis | null;
  }) => Promise<unknown>;
}

const LOSSES: readonly Loss[] = [
  {
    queue: 'postgres',
    name: 'DROP SCHEMA',
    lose: ({ database }) => database.owner.query('DROP SCHEMA bullmq CASCADE'),
  },
  { queue: 'redis', name: 'FLUSHALL', lose: async ({ redis }) => redis?.command('FLUSHALL') },
  {
    queue: 'redis',
    name: 'kill -9 of the server, which comes back empty',
    lose: async ({ redis }) => {
      await redis?.kill();
      await redis?.start();
    },
  },
];

// The queue is a doorbell: take it away in the middle of the work, and the ledger still knows what is due.
describe.each(LOSSES.filter(({ queue }) => BULL_QUEUES_HERE.includes(queue)))(
  'losing the whole queue on $queue by $name',
  ({ queue, lose }) => {
    let database: TestDatabase;
    let redis: TestRedis | null = null;
    let service: TestService;

    beforeAll(async () => {
      database = await createTestDatabase();
      redis = queue === 'redis' ? await startRedis() : null;
      service = await startService(database, { queue, redisUrl: redis?.url });
    });
    afterAll(async () => {
      await service.stop();
      await redis?.close();
      await expectInvariants(database);
      await database.drop();
    });

    it('loses no task and does none twice, and the work goes on by itself', async () => {
      const mission = await aMission(database);
      await mission.submit(...Array.from({ length: 30 }, (_, place) => `Task ${place}`));
      const completed = async () => Number((await mission.row()).tasks_completed);
      await eventually('some of it is done', async () => (await completed()) > 0, 60_000);
      expect(await completed()).toBeLessThan(30);

      await lose({ database, redis });

      await eventually('all of it is done', async () => (await completed()) === 30, 60_000);
      expect(await mission.events('task.completed')).toHaveLength(30);
      const later = await aMission(database);
      await later.submit('One more');
      await eventually('what comes later is done too', async () => (await later.row()).state === 'completed');
    }, 180_000);
  },
);
