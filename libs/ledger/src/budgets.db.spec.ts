import { encodeId, USAGE_GROUPS } from '#contracts';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';
import { expectInvariants } from '../../../test/support/invariants.js';
import { A_KEY, aMission, type TestMission } from '../../../test/support/mission.js';
import { aCall } from '../../../test/support/model-call.js';
import { toHandOff } from '../../../test/support/writes.js';
import {
  permitModelCall,
  readTenantBudget,
  readUsageBy,
  readUsageTotals,
  setTenantBudget,
  settleModelCall,
  settleOrphanedCall,
  updateMission,
  type CallPermission,
} from './index.js';

const permit = (mission: TestMission, reservedUsd = '0.10'): Promise<CallPermission> =>
  mission.run((tx) => permitModelCall(tx, aCall(mission, reservedUsd)));
const mustPermit = async (mission: TestMission, reservedUsd?: string): Promise<string> => {
  const permission = await permit(mission, reservedUsd);
  if (permission.kind !== 'ok') throw new Error(permission.kind);
  return permission.callId;
};
const settle = (mission: TestMission, callId: string, costUsd: string, failure: string | null = null) =>
  mission.run((tx) =>
    settleModelCall(tx, callId, {
      billingUncertain: false,
      stopReason: null,
      tokens: { input: 10, cacheWrite: 20, cacheRead: 30, output: 40 },
      costUsd,
      failure,
    }),
  );
const money = async (mission: TestMission) => {
  const { reserved_usd: reserved, spent_usd: spent } = await mission.row();
  return { reserved: Number(reserved), spent: Number(spent) };
};
const raise = (mission: TestMission, limit_usd: string | null) =>
  mission.run((tx) => updateMission(tx, mission.id, { budget: { limit_usd } }, A_KEY));
/** Everything of the mission's tenant becomes a day older. */
const aDayPasses = async (mission: TestMission): Promise<void> => {
  await mission.query(
    `UPDATE model_call SET sent_at = sent_at - interval '1 day' WHERE tenant_id = $1 AND $2::uuid IS NOT NULL`,
  );
  for (const table of ['mission', 'tenant_budget'])
    await mission.query(
      `UPDATE ${table} SET budget_day = budget_day - 1 WHERE tenant_id = $1 AND $2::uuid IS NOT NULL`,
    );
};

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterEach(() => expectInvariants(database));
afterAll(() => database.drop());

describe('a model request', () => {
  it('is on record with its worst case before it is sent, and settled with what it cost', async () => {
    const mission = await aMission(database);
    const callId = await mustPermit(mission);
    expect(await money(mission)).toEqual({ reserved: 0.1, spent: 0 });
    await settle(mission, callId, '0.04');
    expect(await money(mission)).toEqual({ reserved: 0, spent: 0.04 });
  });

  it('is settled once, however often that is said, and also when it failed', async () => {
    const mission = await aMission(database);
    const callId = await mustPermit(mission);
    await Promise.all([
      settle(mission, callId, '0.04', 'outage'),
      settle(mission, callId, '0.04', 'outage'),
      mission.run((tx) => settleOrphanedCall(tx, callId)),
    ]);
    expect((await money(mission)).reserved).toBe(0);
    expect([0.04, 0.1]).toContain((await money(mission)).spent);
  });

  it('is settled at its worst case when nobody comes back from it, for good', async () => {
    const mission = await aMission(database);
    const callId = await mustPermit(mission);
    await mission.run((tx) => settleOrphanedCall(tx, callId));
    await settle(mission, callId, '0.01');
    expect(await money(mission)).toEqual({ reserved: 0, spent: 0.1 });
  });

  it('is counted towards the tokens that its tenant has spent lately', async () => {
    const mission = await aMission(database);
    await settle(mission, await mustPermit(mission), '0.01');
    const [tenant] = await mission.query(
      'SELECT recent_tokens FROM tenant WHERE id = $1 AND $2::uuid IS NOT NULL',
    );
    expect(tenant?.recent_tokens).toBe(100);
  });
});

describe('a budget', () => {
  it('is never overshot by thirty requests at once', async () => {
    const mission = await aMission(database, { budget: { limit_usd: '1.00' } });
    const permissions = await Promise.all(Array.from({ length: 30 }, () => permit(mission)));
    const kinds = permissions.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'ok')).toHaveLength(10);
    expect(new Set(kinds)).toEqual(new Set(['ok', 'wait']));
    expect(await money(mission)).toEqual({ reserved: 1, spent: 0 });
  });

  it('lets a request wait while others may free room, and go on when they have', async () => {
    const mission = await aMission(database, { budget: { limit_usd: '0.15' } });
    const first = await mustPermit(mission);
    expect(await permit(mission)).toEqual({ kind: 'wait' });
    await settle(mission, first, '0.01');
    expect(await permit(mission)).toMatchObject({ kind: 'ok' });
    expect(await mission.row()).toMatchObject({ holds: [] });
  });

  it('holds the mission when it is reached, with one event however often it is', async () => {
    const mission = await aMission(database, { budget: { limit_usd: '0.15' } });
    await mission.submit('A');
    await settle(mission, await mustPermit(mission), '0.10');
    await Promise.all([permit(mission), permit(mission), permit(mission)]);
    expect(await permit(mission)).toEqual({ kind: 'reached' });
    expect(await mission.row()).toMatchObject({ holds: ['budget'], wave_due_at: null });
    expect(await mission.events('mission.budget')).toEqual([
      ...['mission.budget_threshold_reached', 'mission.budget_threshold_reached'], // 50 %, then 100
      'mission.budget_reached',
    ]);
    expect(await mission.openWave()).toBeNull();
  });

  it.each([
    ['raised', '5'],
    ['removed', null],
  ])('lets the mission go on when it is %s', async (_what, limit) => {
    const mission = await aMission(database, { budget: { limit_usd: '0.05' } });
    await mission.submit('A');
    expect(await permit(mission)).toEqual({ kind: 'reached' });
    await raise(mission, limit);
    expect(await mission.row()).toMatchObject({ holds: [] });
    await mission.wave(toHandOff());
    expect(await permit(mission)).toMatchObject({ kind: 'ok' });
  });

  it('keeps the mission held when it is set to no more than what is spent', async () => {
    const mission = await aMission(database, { budget: { limit_usd: '0.10' } });
    await settle(mission, await mustPermit(mission), '0.10');
    await permit(mission);
    await raise(mission, '0.10');
    expect(await mission.row()).toMatchObject({ holds: ['budget'] });
  });

  it('of a day counts what that day has spent and reserved, and nothing of the day before', async () => {
    const mission = await aMission(database, { budget: { daily_usd: '0.25' } });
    await settle(mission, await mustPermit(mission), '0.10');
    const open = await mustPermit(mission);
    expect(await permit(mission)).toEqual({ kind: 'wait' });
    await settle(mission, open, '0.10');
    expect(await permit(mission)).toEqual({ kind: 'reached' });
    await aDayPasses(mission);
    expect(await permit(mission)).toMatchObject({ kind: 'ok' });
  });
});

describe('the limits of a tenant', () => {
  const aPair = async (limits: { limit_usd?: string; daily_usd?: string }) => {
    const first = await aMission(database);
    const second = await aMission(database, {}, first.tenantId);
    await first.run((tx) => setTenantBudget(tx, limits));
    return { first, second };
  };
  const eventsOfTenant = async (mission: TestMission) => {
    const rows = await mission.query(
      'SELECT type FROM event WHERE tenant_id = $1 AND mission_id IS NULL AND $2::uuid IS NOT NULL ORDER BY created_at',
    );
    return rows.map((row) => String(row.type));
  };

  it('bind all its missions together, and nobody else', async () => {
    const { first, second } = await aPair({ limit_usd: '0.15' });
    const stranger = await aMission(database);
    await settle(first, await mustPermit(first), '0.10');
    expect(await permit(second)).toEqual({ kind: 'wait' });
    expect(await permit(stranger)).toMatchObject({ kind: 'ok' });
    expect(await first.run(readTenantBudget)).toEqual({
      limitUsd: '0.15',
      dailyUsd: null,
      spentUsd: '0.1',
      reservedUsd: '0',
    });
  });

  it('hold no mission and say so once', async () => {
    const { first, second } = await aPair({ limit_usd: '0.05' });
    await Promise.all([permit(first), permit(second), permit(first)]);
    expect(await first.row()).toMatchObject({ holds: [] });
    expect(await eventsOfTenant(first)).toEqual(['tenant.budget_threshold_reached', 'tenant.budget_reached']);
  });

  it('let its missions go on when they are raised, and are announced again', async () => {
    const { first, second } = await aPair({ limit_usd: '0.15' });
    await settle(first, await mustPermit(first), '0.10');
    await permit(second);
    await first.run((tx) => setTenantBudget(tx, { limit_usd: '0.25' }));
    await mustPermit(second);
    await permit(first);
    await settle(first, await mustPermit(first, '0.05'), '0.05');
    expect(await permit(first)).toEqual({ kind: 'wait' });
  });

  it('of a day count that day alone', async () => {
    const { first } = await aPair({ daily_usd: '0.15' });
    await settle(first, await mustPermit(first), '0.10');
    expect(await permit(first)).toEqual({ kind: 'wait' });
    await aDayPasses(first);
    expect(await permit(first)).toMatchObject({ kind: 'ok' });
  });

  it('are kept by fifty requests at once on money for twenty, at every single write', async () => {
    const { first, second } = await aPair({ limit_usd: '2.00' });
    await database.owner.query(`
      CREATE TABLE seen_over AS SELECT tenant_id, spent_usd FROM tenant_budget LIMIT 0;
      CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW.spent_usd + NEW.reserved_usd > NEW.limit_usd THEN
          INSERT INTO seen_over VALUES (NEW.tenant_id, NEW.spent_usd); END IF;
        RETURN NULL; END $$;
      GRANT INSERT ON seen_over TO wavekeeper_app;
      CREATE TRIGGER see AFTER UPDATE ON tenant_budget FOR EACH ROW EXECUTE FUNCTION see();`);
    const spend = async (mission: TestMission): Promise<string> => {
      const permission = await permit(mission);
      if (permission.kind === 'ok') await settle(mission, permission.callId, '0.10');
      return permission.kind;
    };
    const kinds = await Promise.all(
      Array.from({ length: 50 }, (_, place) => spend(place % 2 === 0 ? first : second)),
    );
    const { rows } = await database.owner.query('SELECT * FROM seen_over');
    await database.owner.query('DROP TRIGGER see ON tenant_budget; DROP FUNCTION see; DROP TABLE seen_over');
    expect(rows).toEqual([]);
    expect(kinds.filter((kind) => kind === 'ok').length).toBeLessThanOrEqual(20);
    for (let kind = 'ok'; kind === 'ok';) kind = await spend(first);
    expect(await first.run(readTenantBudget)).toMatchObject({ spentUsd: '2', reservedUsd: '0' });
  });

  it('are the last word of the database: no statement reserves beyond them', async () => {
    const { first } = await aPair({ limit_usd: '1.00' });
    await expect(
      first.query(
        'UPDATE tenant_budget SET reserved_usd = 1.01 WHERE tenant_id = $1 AND $2::uuid IS NOT NULL',
      ),
    ).rejects.toThrow('exceeds limit_usd');
    const mission = await aMission(database, { budget: { daily_usd: '1.00' } });
    await expect(
      mission.query(
        'UPDATE mission SET reserved_usd = 1.01, day_reserved_usd = 1.01 WHERE tenant_id = $1 AND id = $2',
      ),
    ).rejects.toThrow('exceeds daily_usd');
  });
});

describe('usage', () => {
  it('sums to the books, however it is grouped', async () => {
    const mission = await aMission(database);
    const other = await aMission(database, {}, mission.tenantId);
    await settle(mission, await mustPermit(mission), '0.04');
    await settle(mission, await mustPermit(mission), '0.02', 'outage');
    await settle(other, await mustPermit(other), '0.01');
    await mustPermit(other);
    const all = { missionId: null, from: null, to: null };
    const totals = await mission.run((tx) => readUsageTotals(tx, all));
    expect(totals).toEqual({
      ...{ requests: 4, failedRequests: 1, costUsd: '0.07' },
      ...{ inputTokens: 30, cacheWriteTokens: 60, cacheReadTokens: 90, outputTokens: 120 },
    });
    expect((await mission.run(readTenantBudget)).spentUsd).toBe(totals.costUsd);
    for (const group of USAGE_GROUPS) {
      const groups = await mission.run((tx) => readUsageBy(tx, group, all, { after: null, take: 10 }));
      expect(groups).toHaveLength(group === 'mission' ? 2 : 1);
      expect(groups.reduce((sum, { requests }) => sum + requests, 0)).toBe(4);
    }
  });

  it('goes on after a key, and knows nothing of another tenant', async () => {
    const mission = await aMission(database);
    const other = await aMission(database, {}, mission.tenantId);
    await mustPermit(await aMission(database));
    for (const asking of [mission, other]) await mustPermit(asking);
    const all = { missionId: null, from: null, to: null };
    const read = (after: string | null) =>
      mission.run((tx) => readUsageBy(tx, 'mission', all, { after, take: 1 }));
    const [one] = await read(null);
    const [two] = await read(one?.key ?? '');
    expect([one?.key, two?.key]).toEqual([mission.id, other.id].map((id) => encodeId('mission', id)));
    expect(await read(two?.key ?? '')).toEqual([]);
  });
});
