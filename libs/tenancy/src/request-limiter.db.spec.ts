import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';
import { aTenant } from '../../../test/support/mission.js';
import { RequestLimiter } from './request-limiter.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const aLimiter = () => new RequestLimiter(database.transactions, () => performance.now());
/** How many of so many requests are let through, one after another. */
const letThrough = async (limiter: RequestLimiter, tenantId: string, limit: number, requests: number) => {
  let allowed = 0;
  for (let count = 0; count < requests; count += 1)
    if ((await limiter.take(tenantId, limit))?.allowed === true) allowed += 1;
  return allowed;
};

describe('the requests of a tenant', () => {
  it('are counted once, whichever of several processes they come to', async () => {
    const tenantId = await aTenant(database.transactions);
    const beganAtMs = performance.now();
    const counts = await Promise.all(
      [aLimiter(), aLimiter(), aLimiter()].map((limiter) => letThrough(limiter, tenantId, 30, 30)),
    );
    const refilled = Math.ceil((performance.now() - beganAtMs) / 2_000); // one every two seconds
    const allowed = counts.reduce((sum, count) => sum + count, 0);
    expect(allowed).toBeGreaterThanOrEqual(30);
    expect(allowed).toBeLessThanOrEqual(30 + refilled);
  });

  it('are those of this tenant alone, and none where there is no limit', async () => {
    const limiter = aLimiter();
    const [one, other] = [await aTenant(database.transactions), await aTenant(database.transactions)];
    expect(await limiter.take(one, 1)).toEqual({ allowed: true, remaining: 0, resetSeconds: 60 });
    expect(await limiter.take(one, 1)).toMatchObject({ allowed: false, remaining: 0 });
    expect(await limiter.take(other, 1)).toMatchObject({ allowed: true });
    expect(await limiter.take(one, 0)).toBeNull();
  });

  it('come by a limit that was raised at once', async () => {
    const limiter = aLimiter();
    const tenantId = await aTenant(database.transactions);
    await limiter.take(tenantId, 1);
    expect(await limiter.take(tenantId, 1)).toMatchObject({ allowed: false, resetSeconds: 60 });
    await database.owner.query(
      `UPDATE request_bucket SET filled_at = filled_at - interval '1 second' WHERE tenant_id = $1`,
      [tenantId],
    );
    expect(await limiter.take(tenantId, 600)).toMatchObject({ allowed: true });
  });

  it('are taken by the second’s worth: most of them write nothing', async () => {
    const tenantId = await aTenant(database.transactions);
    expect(await letThrough(aLimiter(), tenantId, 6_000, 100)).toBe(100);
    const { rows } = await database.owner.query('SELECT tokens FROM request_bucket WHERE tenant_id = $1', [
      tenantId,
    ]);
    expect(rows).toEqual([{ tokens: 5_900 }]);
  });

  it('share what one of them takes when they come at once, and no more of them pass than may', async () => {
    const tenantId = await aTenant(database.transactions);
    const limiter = aLimiter();
    const verdicts = await Promise.all(Array.from({ length: 90 }, () => limiter.take(tenantId, 30)));
    const allowed = verdicts.filter((verdict) => verdict?.allowed === true);
    expect(allowed.length).toBeGreaterThanOrEqual(30);
    expect(allowed.length).toBeLessThan(60);
    expect(verdicts.at(-1)?.resetSeconds).toBeGreaterThan(0);
  });
});
