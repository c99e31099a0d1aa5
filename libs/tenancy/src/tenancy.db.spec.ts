import { newUuid } from '#contracts';
import { createTestDatabase } from '../../../test/support/database.js';
import {
  authenticate,
  createApiKey,
  createTenant,
  deleteTenant,
  findTenant,
  formatApiKey,
  listApiKeys,
  listTenants,
  lockTenant,
  rerollApiKey,
  findEndedKeys,
  revokeApiKey,
  updateTenant,
} from './index.js';

const OPERATOR_KEY = 'the-operator-key-of-these-tests';
const { transactions, drop } = await createTestDatabase();
const signIn = (apiKey: string) => authenticate(transactions, apiKey, OPERATOR_KEY);
const aKey = (tenantId: string, expiresAt: Date | null = null) =>
  transactions.inTransaction(tenantId, (tx) =>
    createApiKey(tx, {
      name: 'ci',
      scopes: ['tasks:read'],
      missionId: null,
      expiresAt,
      environment: 'local',
    }),
  );
const keysOf = (tenantId: string) =>
  transactions.inTransaction(tenantId, (tx) => listApiKeys(tx, { after: null, take: 100 }));

const aTenant = (requestsPerMinute = 0) =>
  transactions.inSystemTransaction(async (system) => {
    const limits = { requests_per_minute: requestsPerMinute };
    const { row, apiKey } = await createTenant(system, { name: 'a tenant', limits, environment: 'local' });
    return { tenantId: row.id, apiKey };
  });

afterAll(() => drop());

describe('authenticate', () => {
  it('knows a tenant by its key, with the scopes and the request limit of that moment', async () => {
    const { tenantId } = await aTenant(120);
    const { row, apiKey } = await aKey(tenantId);
    await expect(signIn(apiKey)).resolves.toEqual({
      kind: 'tenant',
      tenantId,
      keyId: row.id,
      scopes: ['tasks:read'],
      missionId: null,
      requestsPerMinute: 120,
      session: null,
    });
  });

  it('knows the operator', async () => {
    await expect(signIn(OPERATOR_KEY)).resolves.toEqual({ kind: 'operator' });
  });

  it('refuses a key that nobody was given', async () => {
    await expect(signIn(formatApiKey('live', new Uint8Array(32).fill(9)))).resolves.toBeNull();
    await expect(signIn('')).resolves.toBeNull();
  });

  it('refuses a key from the first request after it was revoked', async () => {
    const { tenantId, apiKey } = await aTenant();
    const [key] = await keysOf(tenantId);
    await transactions.inTransaction(tenantId, (tx) => revokeApiKey(tx, key?.id ?? ''));
    await expect(signIn(apiKey)).resolves.toBeNull();
  });

  it('tells of many keys at once which have ended', async () => {
    const [good, revoked] = [await aTenant(), await aTenant()];
    const keys = await Promise.all(
      [good, revoked].map(async ({ tenantId }) => ({
        tenantId,
        keyId: (await keysOf(tenantId))[0]?.id ?? '',
      })),
    );
    const ended = () => transactions.inSystemTransaction((system) => findEndedKeys(system, keys));
    expect(await ended()).toEqual([]);
    await transactions.inTransaction(revoked.tenantId, (tx) => revokeApiKey(tx, keys[1]?.keyId ?? ''));
    expect(await ended()).toEqual([keys[1]?.keyId]);
  });

  it('refuses a key that has expired', async () => {
    const { tenantId } = await aTenant();
    const { apiKey } = await aKey(tenantId, new Date(0));
    await expect(signIn(apiKey)).resolves.toBeNull();
  });

  it('notes the use of a key at most once a minute', async () => {
    const { tenantId, apiKey } = await aTenant();
    await signIn(apiKey);
    const [first] = await keysOf(tenantId);
    expect(first?.lastUsedAt).toBeInstanceOf(Date);
    await signIn(apiKey);
    const [second] = await keysOf(tenantId);
    expect(second?.lastUsedAt).toEqual(first?.lastUsedAt);
  });
});

describe('API keys', () => {
  it('never leave their secret in the database', async () => {
    const { tenantId, apiKey } = await aTenant();
    const rows = await transactions.inTransaction(tenantId, (tx) => tx.db.apiKey.findMany());
    expect(JSON.stringify(rows)).not.toContain(apiKey);
    expect(rows[0]?.prefix).toBe(apiKey.slice(0, 13));
    expect(rows[0]?.last4).toBe(apiKey.slice(-4));
  });

  it('of another tenant are neither listed nor revoked', async () => {
    const owner = await aTenant();
    const other = await aTenant();
    const [key] = await keysOf(owner.tenantId);
    await expect(
      transactions.inTransaction(other.tenantId, (tx) => revokeApiKey(tx, key?.id ?? '')),
    ).resolves.toBe(false);
    expect(await keysOf(other.tenantId)).not.toContainEqual(key);
    await expect(signIn(owner.apiKey)).resolves.not.toBeNull();
  });

  it('are revoked once: a second time keeps the first', async () => {
    const { tenantId } = await aTenant();
    const { row } = await aKey(tenantId);
    const revoke = () => transactions.inTransaction(tenantId, (tx) => revokeApiKey(tx, row.id));
    await expect(revoke()).resolves.toBe(true);
    const revokedAt = (await keysOf(tenantId)).find((key) => key.id === row.id)?.revokedAt;
    await expect(revoke()).resolves.toBe(true);
    expect((await keysOf(tenantId)).find((key) => key.id === row.id)?.revokedAt).toEqual(revokedAt);
  });
});

describe('tenants', () => {
  it('are listed newest first, page by page, each once', async () => {
    const made = [await aTenant(), await aTenant(), await aTenant()];
    const [first, second, ...rest] = await transactions.inSystemTransaction((system) =>
      listTenants(system, { after: null, take: 100 }),
    );
    expect([first?.id, second?.id, rest[0]?.id]).toEqual(made.map((tenant) => tenant.tenantId).reverse());
    const next = await transactions.inSystemTransaction((system) =>
      listTenants(system, { after: first ?? null, take: 1 }),
    );
    expect(next).toEqual([second]);
  });

  it('keep the limits that a change does not name', async () => {
    const { tenantId } = await aTenant(7);
    const changed = await transactions.inSystemTransaction(async (system) => {
      const before = await lockTenant(system, tenantId);
      return before && updateTenant(system, before, { limits: { weight: 3 } });
    });
    expect(changed).toMatchObject({ name: 'a tenant', limits: { requests_per_minute: 7, weight: 3 } });
  });

  it('are removed with everything they own, and their keys end', async () => {
    const { tenantId, apiKey } = await aTenant();
    const missionId = newUuid();
    await transactions.inTransaction(tenantId, async (tx) => {
      await tx.db.mission.create({
        data: {
          tenantId,
          id: missionId,
          title: 'm',
          objective: '',
          acceptanceCriteria: [],
          policy: {},
          metadata: {},
          fenceSecret: new Uint8Array(32),
        },
      });
      await createApiKey(tx, {
        name: 'bound',
        scopes: ['workers:claim'],
        missionId,
        expiresAt: null,
        environment: 'local',
      });
    });
    await expect(deleteTenant(transactions, tenantId)).resolves.toBe(true);
    await expect(deleteTenant(transactions, tenantId)).resolves.toBe(false);
    await expect(signIn(apiKey)).resolves.toBeNull();
    await expect(
      transactions.inSystemTransaction((system) => findTenant(system, tenantId)),
    ).resolves.toBeNull();
    expect(await transactions.inTransaction(tenantId, (tx) => tx.db.mission.count())).toBe(0);
  });

  it('are not made at all when their first key cannot be', async () => {
    const failing = transactions.inSystemTransaction(async (system) => {
      const made = await createTenant(system, { name: 'half', limits: {}, environment: 'local' });
      throw new Error(made.row.id);
    });
    const tenantId = await failing.catch((error: unknown) => String(error).replace('Error: ', ''));
    await expect(
      transactions.inSystemTransaction((system) => findTenant(system, tenantId)),
    ).resolves.toBeNull();
  });
});

describe('rerolling a key', () => {
  const reroll = (tenantId: string, keyId: string, overlapSeconds = 3_600) =>
    transactions.inTransaction(tenantId, (tx) =>
      rerollApiKey(tx, keyId, { overlapSeconds, environment: 'local' }),
    );

  it('makes a key with the same rights, and lets the old one go on for the time given', async () => {
    const { tenantId } = await aTenant();
    const { row, apiKey } = await aKey(tenantId);
    const rerolled = await reroll(tenantId, row.id);
    expect(rerolled?.row).toMatchObject({
      name: 'ci',
      scopes: ['tasks:read'],
      missionId: null,
      expiresAt: null,
    });
    expect(rerolled?.apiKey).not.toBe(apiKey);
    for (const key of [apiKey, rerolled?.apiKey ?? '']) await expect(signIn(key)).resolves.not.toBeNull();
    const old = (await keysOf(tenantId)).find(({ id }) => id === row.id);
    const leftMs = (old?.expiresAt?.getTime() ?? 0) - (rerolled?.row.createdAt.getTime() ?? 0);
    expect(Math.abs(leftMs - 3_600_000)).toBeLessThan(60_000);
  });

  it('ends the old key at once when there is to be no overlap', async () => {
    const { tenantId } = await aTenant();
    const { row, apiKey } = await aKey(tenantId);
    await reroll(tenantId, row.id, 0);
    await expect(signIn(apiKey)).resolves.toBeNull();
  });

  it('never prolongs a life: the old key keeps an end that is sooner, and the new one has it too', async () => {
    const { tenantId } = await aTenant();
    const soon = new Date(Date.now() + 600_000);
    const { row } = await aKey(tenantId, soon);
    const rerolled = await reroll(tenantId, row.id);
    expect([rerolled?.row.expiresAt, rerolled?.replaced.expiresAt]).toEqual([soon, soon]);
  });

  it('is refused for a key that has ended, and for another tenant’s', async () => {
    const [{ tenantId }, other] = [await aTenant(), await aTenant()];
    const expired = await aKey(tenantId, new Date(0));
    const revoked = await aKey(tenantId);
    await transactions.inTransaction(tenantId, (tx) => revokeApiKey(tx, revoked.row.id));
    const good = await aKey(tenantId);
    for (const [tenant, id] of [
      [tenantId, expired.row.id],
      [tenantId, revoked.row.id],
      [other.tenantId, good.row.id],
    ] as const)
      await expect(reroll(tenant, id)).resolves.toBeNull();
  });
});
