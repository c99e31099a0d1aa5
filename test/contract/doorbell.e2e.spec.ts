import type { Ticket } from '#contracts';
import type { QueueBackend } from '#config';
import { startDispatch, type RunningDispatch } from '#dispatch';
import { silentLogger } from '#telemetry';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { BULL_QUEUES_HERE, startRedis, type TestRedis } from '../support/redis-server.js';

/** Nobody’s: a ring names no tenant. */
const TENANT_ID = '00000000-0000-7000-8000-000000000000';
const SLOTS = { wave: 2, attempt: 2, delivery: 2, digest: 1 } as const;

// What the ledger asks of a queue, held against each of them: a ring is heard, late rather than early, and nobody ever
// waits for one, whatever has become of the store.
describe.each<QueueBackend>(BULL_QUEUES_HERE)('the doorbell on %s', (queue) => {
  let database: TestDatabase;
  let redis: TestRedis | null = null;
  let dispatch: RunningDispatch;
  const heard: { ticket: Ticket; at: number }[] = [];
  /** How many pieces of work there are behind the next tickets. */
  let work = 0;
  let failure: Error | null = null;

  const handlerOf = (ticket: Ticket) => (): Promise<boolean> => {
    heard.push({ ticket, at: performance.now() });
    if (failure !== null) return Promise.reject(failure);
    work -= 1;
    return Promise.resolve(work >= 0);
  };

  beforeAll(async () => {
    database = await createTestDatabase();
    redis = queue === 'redis' ? await startRedis() : null;
    dispatch = await startDispatch({
      config: { queue, redisUrl: redis?.url ?? null, sweepIntervalMs: 60_000, contextDays: 30 },
      databaseUrl: database.url,
      transactions: database.transactions,
      logger: silentLogger,
      handlers: {
        wave: handlerOf('wave'),
        attempt: handlerOf('attempt'),
        delivery: handlerOf('delivery'),
        digest: handlerOf('digest'),
      },
      slots: SLOTS,
      countDueDeliveries: () => Promise.resolve(0),
    });
  });

  beforeEach(() => {
    heard.length = 0;
    work = 0;
    failure = null;
  });

  afterAll(async () => {
    await dispatch.stop();
    await redis?.close();
    await database.drop();
  });

  const ringAfterCommit = (ticket: Ticket, delayMs = 0) =>
    database.transactions.inTransaction(TENANT_ID, (tx) => {
      tx.ring(ticket, delayMs);
      return Promise.resolve();
    });
  const heardOf = (ticket: Ticket) => heard.filter((one) => one.ticket === ticket);

  it('is heard by the handler of its kind, and by no other', async () => {
    await ringAfterCommit('attempt');
    await eventually('the ring is heard', () => Promise.resolve(heardOf('attempt').length === 1));
    expect(heard).toHaveLength(1);
  });

  it('is not heard when the transaction that asked for it is rolled back', async () => {
    const failed = database.transactions.inTransaction(TENANT_ID, (tx) => {
      tx.ring('wave');
      return Promise.reject(new Error('no'));
    });
    await expect(failed).rejects.toThrow('no');
    await ringAfterCommit('delivery');
    await eventually('the later ring is heard', () => Promise.resolve(heardOf('delivery').length === 1));
    expect(heardOf('wave')).toEqual([]);
  });

  it('rings on while there is work, and then is quiet', async () => {
    work = 5;
    await ringAfterCommit('wave');
    await eventually('all of it is found', () => Promise.resolve(heard.length === 6));
    expect(work).toBe(-1);
  });

  it('is heard late rather than early when it is for later', async () => {
    const rungAt = performance.now();
    await ringAfterCommit('wave', 400);
    await eventually('the ring is heard', () => Promise.resolve(heard.length === 1));
    expect(Number(heard[0]?.at) - rungAt).toBeGreaterThanOrEqual(400);
  });

  it('goes on after a handler has failed, whatever its error says', async () => {
    failure = new Error('boom \u0000 \ud800');
    await ringAfterCommit('wave');
    await eventually('the failing one is heard', () => Promise.resolve(heard.length === 1));
    failure = null;
    await ringAfterCommit('wave');
    await eventually('the next one is heard', () => Promise.resolve(heard.length === 2));
  });

  it('takes a burst of rings without keeping anybody waiting', async () => {
    await Promise.all(Array.from({ length: 60 }, () => ringAfterCommit('delivery')));
    await eventually('all of them are heard', () => Promise.resolve(heard.length === 60));
  });
});

describe.each(BULL_QUEUES_HERE.filter((queue) => queue === 'redis'))(
  'the doorbell while %s is away',
  (queue) => {
    it('lets commits through, and rings again once Redis is back', async () => {
      const database = await createTestDatabase();
      const redis = await startRedis();
      let heard = 0;
      const dispatch = await startDispatch({
        config: { queue, redisUrl: redis.url, sweepIntervalMs: 60_000, contextDays: 30 },
        databaseUrl: database.url,
        transactions: database.transactions,
        logger: silentLogger,
        handlers: {
          wave: () => {
            heard += 1;
            return Promise.resolve(false);
          },
          attempt: () => Promise.resolve(false),
          delivery: () => Promise.resolve(false),
          digest: () => Promise.resolve(false),
        },
        slots: SLOTS,
        countDueDeliveries: () => Promise.resolve(0),
      });
      const ring = () =>
        database.transactions.inTransaction(TENANT_ID, (tx) => {
          tx.ring('wave');
          return Promise.resolve('committed');
        });
      await ring();
      await eventually('it is heard', () => Promise.resolve(heard === 1));

      await redis.kill();
      const commits = await Promise.all(Array.from({ length: 50 }, ring));
      expect(new Set(commits)).toEqual(new Set(['committed']));

      await redis.start();
      await eventually('it is heard again', async () => {
        await ring();
        return heard > 1;
      });
      await dispatch.stop();
      await redis.close();
      await database.drop();
    });
  },
);
