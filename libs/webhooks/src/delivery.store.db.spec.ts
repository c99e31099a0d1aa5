import { randomUUID } from 'node:crypto';
import { aDelivery, anEndpoint, aTenant } from '../test/builders.js';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';
import {
  claimDelivery,
  countDueDeliveries,
  IN_FLIGHT_PER_ENDPOINT_MAX,
  IN_FLIGHT_PER_TENANT_MAX,
  type ClaimedDelivery,
} from './claim-delivery.store.js';
import { DeliveryLeaseLostError, settleDelivery } from './delivery.store.js';
import type { AfterTry } from './domain/schedule.js';

const tried = { status: 200, durationMs: 7, error: null, responseExcerpt: 'ok', isCounted: true };
const delivered: AfterTry = { state: 'delivered' };

let database: TestDatabase;
let tenantId: string;

const claim = (): Promise<ClaimedDelivery | null> =>
  database.transactions.inSystemTransaction((system) =>
    claimDelivery(system, randomUUID(), { unproven: true }),
  );

const claimOne = async (): Promise<ClaimedDelivery> => {
  const claimed = await claim();
  if (claimed === null) throw new Error('nothing was due');
  return claimed;
};

const claimAll = async (): Promise<ClaimedDelivery[]> => {
  const claimed = await claim();
  return claimed === null ? [] : [claimed, ...(await claimAll())];
};

const countDue = (limit = 100): Promise<number> =>
  database.transactions.inSystemTransaction((system) => countDueDeliveries(system, limit));

const settle = (claimed: ClaimedDelivery, after: AfterTry, asTenant = claimed.tenantId): Promise<void> =>
  database.transactions.inTransaction(asTenant, (tx) => settleDelivery(tx, claimed, tried, after));

const severalDeliveries = async (count: number, endpointId: string, ofTenant = tenantId): Promise<void> => {
  for (let index = 0; index < count; index += 1)
    await aDelivery(database, ofTenant, endpointId, { dueInSeconds: index - 1_000 });
};

const expireLeases = (): Promise<unknown> =>
  database.owner.query(`UPDATE webhook_delivery SET lease_until = clock_timestamp() - interval '1 second'
                         WHERE lease_token IS NOT NULL`);

const deliveryRow = async (id: string): Promise<Record<string, unknown>> => {
  const { rows } = await database.owner.query<Record<string, unknown>>(
    'SELECT state, try_count, next_try_at, lease_token, lease_until FROM webhook_delivery WHERE id = $1',
    [id],
  );
  return rows[0] ?? {};
};

const countTries = async (): Promise<number> =>
  (await database.owner.query('SELECT FROM webhook_try')).rowCount ?? 0;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.drop());

beforeEach(async () => {
  await database.owner.query('DELETE FROM tenant');
  tenantId = await aTenant(database);
});

describe('claimDelivery', () => {
  it('gives all that sending needs', async () => {
    const endpointId = await anEndpoint(database, tenantId, { url: 'https://example.com/hook' });
    const { id, eventId } = await aDelivery(database, tenantId, endpointId, {
      payload: '{"a":1}',
      tryCount: 3,
    });
    expect(await claim()).toMatchObject({
      tenantId,
      id,
      endpointId,
      eventId,
      payload: '{"a":1}',
      tryCount: 3,
      leaseToken: expect.any(String) as string,
      claimedAt: expect.any(Date) as Date,
      url: 'https://example.com/hook',
      previousSecretSealed: null,
      previousSecretUntil: null,
    });
  });

  it('finds nothing that is not due, ended, or of a disabled endpoint', async () => {
    const endpointId = await anEndpoint(database, tenantId);
    await aDelivery(database, tenantId, endpointId, { dueInSeconds: 60 });
    await aDelivery(database, tenantId, await anEndpoint(database, tenantId, { state: 'disabled' }));
    const ended = await aDelivery(database, tenantId, endpointId);
    await settle(await claimOne(), delivered);
    expect(await claim()).toBeNull();
    expect(await countDue()).toBe(0);
    expect(await deliveryRow(ended.id)).toMatchObject({ state: 'delivered' });
  });

  it('never gives one delivery to two senders', async () => {
    for (let count = 0; count < 10; count += 1)
      await severalDeliveries(1, await anEndpoint(database, tenantId));
    const claims = await Promise.all(Array.from({ length: 24 }, claim));
    const ids = claims.flatMap((claimed) => (claimed === null ? [] : [claimed.id]));
    expect(new Set(ids).size).toBe(ids.length);
    ids.push(...(await claimAll()).map(({ id }) => id));
    expect(new Set(ids).size).toBe(10);
  });

  it('finds one of many due deliveries while others are being claimed', async () => {
    await severalDeliveries(IN_FLIGHT_PER_ENDPOINT_MAX, await anEndpoint(database, tenantId));
    const claims = await Promise.all(Array.from({ length: IN_FLIGHT_PER_ENDPOINT_MAX }, claim));
    expect(new Set(claims.map((claimed) => claimed?.id)).size).toBe(IN_FLIGHT_PER_ENDPOINT_MAX);
    expect(claims).not.toContain(null);
  });

  it('passes over what another transaction holds, without waiting for it', async () => {
    const endpointId = await anEndpoint(database, tenantId);
    const held = await aDelivery(database, tenantId, endpointId, { dueInSeconds: -9 });
    const free = await aDelivery(database, tenantId, endpointId);
    const holder = await database.owner.connect();
    try {
      await holder.query('BEGIN');
      await holder.query('SELECT FROM webhook_delivery WHERE id = $1 FOR UPDATE', [held.id]);
      expect((await claimAll()).map(({ id }) => id)).toEqual([free.id]);
    } finally {
      await holder.query('ROLLBACK');
      holder.release();
    }
  });

  it('never has more in flight to an endpoint than it may, and goes on when one ends', async () => {
    await severalDeliveries(IN_FLIGHT_PER_ENDPOINT_MAX + 3, await anEndpoint(database, tenantId));
    const [first, ...others] = await claimAll();
    expect(others).toHaveLength(IN_FLIGHT_PER_ENDPOINT_MAX - 1);
    if (first !== undefined) await settle(first, delivered);
    expect(await claimAll()).toHaveLength(1);
  });

  it('takes the oldest of an endpoint first', async () => {
    const endpointId = await anEndpoint(database, tenantId);
    const newer = await aDelivery(database, tenantId, endpointId, { dueInSeconds: -1 });
    const older = await aDelivery(database, tenantId, endpointId, { dueInSeconds: -9 });
    expect((await claimAll()).map(({ id }) => id)).toEqual([older.id, newer.id]);
  });

  it('lets endpoints of a tenant take turns, however much is due at one', async () => {
    const busy = await anEndpoint(database, tenantId);
    await severalDeliveries(20, busy);
    const quiet = await anEndpoint(database, tenantId);
    await aDelivery(database, tenantId, quiet);
    expect((await claimAll()).slice(0, 2).map(({ endpointId }) => endpointId)).toEqual([busy, quiet]);
  });

  it('lets tenants take turns, however much is due or in flight at one', async () => {
    const busyTenantId = await aTenant(database);
    for (let count = 0; count < 5; count += 1)
      await severalDeliveries(20, await anEndpoint(database, busyTenantId), busyTenantId);
    await claimOne();
    await claimOne();
    await severalDeliveries(2, await anEndpoint(database, tenantId));
    const turns = [await claimOne(), await claimOne(), await claimOne()].map((claimed) => claimed.tenantId);
    expect(turns).toEqual([tenantId, tenantId, busyTenantId]);
  });

  it('lets a tenant hold no more senders than its share, however many endpoints wait', async () => {
    for (let count = 0; count < IN_FLIGHT_PER_TENANT_MAX / IN_FLIGHT_PER_ENDPOINT_MAX + 1; count += 1)
      await severalDeliveries(IN_FLIGHT_PER_ENDPOINT_MAX, await anEndpoint(database, tenantId));
    expect(await claimAll()).toHaveLength(IN_FLIGHT_PER_TENANT_MAX);
    const otherTenantId = await aTenant(database);
    await severalDeliveries(1, await anEndpoint(database, otherTenantId), otherTenantId);
    expect((await claimAll()).map((claimed) => claimed.tenantId)).toEqual([otherTenantId]);
  });

  it.each([
    ['failed', { failuresInARow: 1 }],
    ['is new, or was slow', { proven: false }],
    ['has an open circuit and is due for a probe', { failuresInARow: 5, probeInSeconds: -1 }],
  ])('sends one at a time to an endpoint that %s', async (_, fields) => {
    await severalDeliveries(3, await anEndpoint(database, tenantId, fields));
    const [only, ...others] = await Promise.all(Array.from({ length: 6 }, claim));
    expect([only, ...others].filter((claimed) => claimed !== null)).toHaveLength(1);
    expect(await claim()).toBeNull();
  });

  it('sends nothing to an open circuit before its probe, and counts nothing of it as due', async () => {
    await severalDeliveries(
      3,
      await anEndpoint(database, tenantId, { failuresInARow: 5, probeInSeconds: 60 }),
    );
    expect(await claim()).toBeNull();
    expect(await countDue()).toBe(0);
  });

  it('sends what somebody asked for, also to a disabled endpoint and an open circuit', async () => {
    const disabled = await anEndpoint(database, tenantId, { state: 'disabled' });
    const open = await anEndpoint(database, tenantId, { failuresInARow: 5, probeInSeconds: 60 });
    await severalDeliveries(3, disabled);
    const asked = [
      await aDelivery(database, tenantId, disabled, { asked: true }),
      await aDelivery(database, tenantId, open, { asked: true, dueInSeconds: 900 }),
    ];
    expect(await countDue()).toBe(2);
    const claims = await claimAll();
    expect(claims.map(({ id }) => id).sort()).toEqual(asked.map(({ id }) => id).sort());
    expect(claims.every(({ extraTryAt }) => extraTryAt !== null)).toBe(true);
  });

  it('leaves out endpoints that are not proven when it is to, whatever is asked of them', async () => {
    const unproven = await anEndpoint(database, tenantId, { proven: false });
    await aDelivery(database, tenantId, unproven, { dueInSeconds: -900 });
    await aDelivery(database, tenantId, unproven, { asked: true });
    const proven = await aDelivery(database, tenantId, await anEndpoint(database, tenantId));
    const claimProven = () =>
      database.transactions.inSystemTransaction((system) =>
        claimDelivery(system, randomUUID(), { unproven: false }),
      );
    expect(await claimProven()).toMatchObject({ id: proven.id, isProven: true });
    expect(await claimProven()).toBeNull();
    expect(await claim()).toMatchObject({ isProven: false });
  });

  it('says whether there is another, so that its claim can be rung for', async () => {
    await severalDeliveries(2, await anEndpoint(database, tenantId));
    expect((await claimAll()).map(({ hasNext }) => hasNext)).toEqual([true, false]);
  });

  it('gives a delivery again when its lease ran out', async () => {
    await aDelivery(database, tenantId, await anEndpoint(database, tenantId));
    const lost = await claimOne();
    expect(await claim()).toBeNull();
    await expireLeases();
    const again = await claimOne();
    expect(again.id).toBe(lost.id);
    expect(again.leaseToken).not.toBe(lost.leaseToken);
  });

  it('does not count what ran out as in flight', async () => {
    await severalDeliveries(2 * IN_FLIGHT_PER_ENDPOINT_MAX, await anEndpoint(database, tenantId));
    await claimAll();
    await expireLeases();
    expect(await claimAll()).toHaveLength(IN_FLIGHT_PER_ENDPOINT_MAX);
  });
});

describe('settleDelivery', () => {
  it.each<[AfterTry, Record<string, unknown>]>([
    [delivered, { state: 'delivered', next_try_at: null }],
    [
      { state: 'dead', reason: 'exhausted' },
      { state: 'dead', next_try_at: null },
    ],
    [
      { state: 'pending', nextTryAt: new Date('2100-01-01T00:00:00Z') },
      { state: 'pending', next_try_at: new Date('2100-01-01T00:00:00Z') },
    ],
  ])('ends the lease with %j and keeps the try', async (after, row) => {
    const { id } = await aDelivery(database, tenantId, await anEndpoint(database, tenantId), { tryCount: 2 });
    const claimed = await claimOne();
    await settle(claimed, after);
    expect(await deliveryRow(id)).toEqual({ ...row, try_count: 3, lease_token: null, lease_until: null });
    const { rows } = await database.owner.query('SELECT * FROM webhook_try');
    expect(rows).toEqual([
      {
        tenant_id: tenantId,
        delivery_id: id,
        number: 3,
        at: claimed.claimedAt,
        status: 200,
        duration_ms: 7,
        error: null,
        response_excerpt: 'ok',
        url: claimed.url,
        extra: false,
      },
    ]);
  });

  it('keeps a try that somebody asked for out of the schedule, and stands by what was asked meanwhile', async () => {
    const endpointId = await anEndpoint(database, tenantId);
    const { id } = await aDelivery(database, tenantId, endpointId, { asked: true, dueInSeconds: 900 });
    const claimed = await claimOne();
    await database.owner.query(`UPDATE webhook_delivery SET extra_try_at = clock_timestamp() WHERE id = $1`, [
      id,
    ]);
    await database.transactions.inTransaction(tenantId, (tx) =>
      settleDelivery(tx, claimed, { ...tried, status: 500, isCounted: false }, { state: 'unchanged' }),
    );
    const { rows } = await database.owner.query(
      'SELECT state, try_count, tries_uncounted, extra_try_at IS NOT NULL AS asked FROM webhook_delivery',
    );
    expect(rows).toEqual([{ state: 'pending', try_count: 1, tries_uncounted: 1, asked: true }]);
    await settle(await claimOne(), delivered);
    expect(await claim()).toBeNull();
  });

  it('is refused to whoever lost the lease, and changes nothing', async () => {
    await aDelivery(database, tenantId, await anEndpoint(database, tenantId));
    const lost = await claimOne();
    await expireLeases();
    const current = await claimOne();
    await expect(settle(lost, delivered)).rejects.toThrow(DeliveryLeaseLostError);
    expect(await deliveryRow(lost.id)).toMatchObject({ state: 'pending', lease_token: current.leaseToken });
    expect(await countTries()).toBe(0);
    await settle(current, delivered);
    await expect(settle(current, delivered)).rejects.toThrow(DeliveryLeaseLostError);
    expect(await countTries()).toBe(1);
  });

  it('is accepted late when nobody else took the delivery: what was sent was sent', async () => {
    await aDelivery(database, tenantId, await anEndpoint(database, tenantId));
    const claimed = await claimOne();
    await expireLeases();
    await settle(claimed, delivered);
    expect(await deliveryRow(claimed.id)).toMatchObject({ state: 'delivered' });
  });

  it('is refused when the delivery went with its endpoint', async () => {
    await aDelivery(database, tenantId, await anEndpoint(database, tenantId));
    const claimed = await claimOne();
    await database.owner.query('DELETE FROM webhook_endpoint');
    await expect(settle(claimed, delivered)).rejects.toThrow(DeliveryLeaseLostError);
  });

  it('is refused to another tenant', async () => {
    await aDelivery(database, tenantId, await anEndpoint(database, tenantId));
    const claimed = await claimOne();
    await expect(settle(claimed, delivered, await aTenant(database))).rejects.toThrow(DeliveryLeaseLostError);
    expect(await countTries()).toBe(0);
  });
});

describe('countDueDeliveries', () => {
  it('counts what is due and unclaimed, up to the limit', async () => {
    await severalDeliveries(5, await anEndpoint(database, tenantId));
    expect(await countDue()).toBe(5);
    expect(await countDue(3)).toBe(3);
    await claimOne();
    expect(await countDue()).toBe(4);
    await expireLeases();
    expect(await countDue()).toBe(5);
  });
});
