import type { Server } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import request from 'supertest';
import { encodeId } from '#contracts';
import { permitModelCall, settleModelCall } from '#ledger';
import { createApiKey } from '#tenancy';
import { createTestDatabase } from '../../../../test/support/database.js';
import { aMission, type TestMission } from '../../../../test/support/mission.js';
import { aCall } from '../../../../test/support/model-call.js';
import { aTenant } from '../../test-support/a-tenant.js';
import { anApi } from '../../test-support/api.js';

const database = await createTestDatabase();
const { transactions } = database;
let app: INestApplication<Server>;
beforeAll(async () => {
  app = await anApi(transactions);
});
afterAll(async () => {
  await app.close();
  await database.drop();
});

const get = (apiKey: string, path: string) =>
  request(app.getHttpServer())
    .get(path)
    .set({ Authorization: `Bearer ${apiKey}` });
const put = (apiKey: string, body: object) =>
  request(app.getHttpServer())
    .put('/v1/budget')
    .set({ Authorization: `Bearer ${apiKey}` })
    .send(body);
const spendOn = (mission: TestMission) =>
  mission.run(async (tx) => {
    const permission = await permitModelCall(tx, aCall(mission));
    if (permission.kind !== 'ok') throw new Error(permission.kind);
    await settleModelCall(tx, permission.callId, {
      tokens: { input: 10, cacheWrite: 20, cacheRead: 30, output: 40 },
      costUsd: '0.04',
      billingUncertain: false,
      stopReason: 'end_turn',
      failure: null,
    });
  });
const SPENT = {
  ...{ requests: 1, failed_requests: 0, cost_usd: '0.04' },
  ...{ input_tokens: 10, cache_write_tokens: 20, cache_read_tokens: 30, output_tokens: 40 },
};

describe('the budget of a tenant', () => {
  it('is set, read back, and changed in part', async () => {
    const { apiKey } = await aTenant(transactions);
    const none = { limit_usd: null, daily_usd: null, spent_usd: '0', reserved_usd: '0' };
    expect((await get(apiKey, '/v1/budget')).body).toEqual(none);
    expect((await put(apiKey, { limit_usd: '12.50', daily_usd: '2' })).body).toEqual({
      ...none,
      limit_usd: '12.5',
      daily_usd: '2',
    });
    await put(apiKey, { daily_usd: null });
    expect((await get(apiKey, '/v1/budget')).body).toEqual({ ...none, limit_usd: '12.5' });
  });

  it('is nobody else’s: another tenant reads and sets its own', async () => {
    const [one, other] = [await aTenant(transactions), await aTenant(transactions)];
    await put(one.apiKey, { limit_usd: '5' });
    expect((await get(other.apiKey, '/v1/budget')).body.limit_usd).toBeNull();
  });

  it.each([{ limit_usd: '-1' }, { limit_usd: 5 }, { spent_usd: '0' }])('refuses %j', async (body) => {
    const { apiKey } = await aTenant(transactions);
    expect((await put(apiKey, body)).status).toBe(422);
  });
});

describe('usage', () => {
  it('is summed up by mission and by day, in pages', async () => {
    const { tenantId, apiKey } = await aTenant(transactions);
    const missions = [
      await aMission(database, {}, tenantId),
      await aMission(database, {}, tenantId),
    ] as const;
    for (const mission of missions) await spendOn(mission);
    const first = await get(apiKey, '/v1/usage?group_by=mission&limit=1');
    const cursor = String(first.body.next_cursor);
    const second = await get(apiKey, `/v1/usage?group_by=mission&limit=1&cursor=${cursor}`);
    expect([...first.body.data, ...second.body.data]).toEqual(
      missions.map(({ id }) => ({ key: encodeId('mission', id), ...SPENT })),
    );
    expect(second.body.next_cursor).toBeNull();
    expect(first.body.totals).toMatchObject({ requests: 2, cost_usd: '0.08', input_tokens: 20 });
    const byDay = await get(apiKey, '/v1/usage?group_by=day&from=2020-01-01');
    expect(byDay.body.data).toMatchObject([{ key: expect.stringMatching(/^\d{4}-\d\d-\d\d$/), requests: 2 }]);
    const before = await get(apiKey, '/v1/usage?group_by=day&to=2020-01-01T00:00:00Z');
    expect(before.body).toMatchObject({ data: [], totals: { requests: 0, cost_usd: '0' } });
  });

  it('of another tenant is not to be seen, nor another mission’s by a key of one mission', async () => {
    const { tenantId, apiKey } = await aTenant(transactions);
    const [own, other] = [await aMission(database, {}, tenantId), await aMission(database, {}, tenantId)];
    for (const mission of [own, other]) await spendOn(mission);
    const bound = await transactions.inTransaction(tenantId, (tx) =>
      createApiKey(tx, {
        ...{ name: 'k', scopes: ['missions:read'], missionId: own.id, expiresAt: null },
        environment: 'local',
      }),
    );
    expect((await get(bound.apiKey, '/v1/usage')).body).toMatchObject({
      data: [{ key: encodeId('mission', own.id) }],
      totals: SPENT,
    });
    expect((await get(apiKey, '/v1/usage')).body.totals.requests).toBe(2);
    const stranger = await aTenant(transactions);
    expect((await get(stranger.apiKey, '/v1/usage')).body).toMatchObject({
      data: [],
      totals: { requests: 0 },
    });
  });

  it.each(['group_by=moon', 'from=yesterday', 'limit=0', 'cursor=e30'])('refuses %s', async (query) => {
    const { apiKey } = await aTenant(transactions);
    expect((await get(apiKey, `/v1/usage?${query}`)).status).toBe(422);
  });
});
