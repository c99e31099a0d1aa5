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
    // The workers are at its tables all the time: a deadlock with one of them is broken by trying again.
    lose: ({ database }) =>
      eventually('the schema is dropped', () =>
        database.owner.query('DROP SCHEMA bullmq CASCADE').then(
          () => true,
          () => false,
        ),
      ),
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

/** Five stages of three: however quick the rest is, each stage waits for a wave that has judged the one before. */
const IN_STAGES = Array.from({ length: 15 }, (_, place) => ({
  title: `Task ${place}`,
  key: `t${place}`,
  depends_on: place < 3 ? [] : [`t${place - 3}`],
}));

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
      await mission.submit(...IN_STAGES);
      const completed = async () => Number((await mission.row()).tasks_completed);
      await eventually('some of it is done', async () => (await completed()) > 0);
      expect(await completed()).toBeLessThan(IN_STAGES.length);

      await lose({ database, redis });

      await eventually('all of it is done', async () => (await completed()) === IN_STAGES.length);
      expect(await mission.events('task.completed')).toHaveLength(IN_STAGES.length);
      const later = await aMission(database);
      await later.submit('One more');
      await eventually('what comes later is done too', async () => (await later.row()).state === 'completed');
    }, 400_000);
  },
);
