import type { TenantLimits } from '#contracts';
import {
  controlMission,
  holdMission,
  inMission,
  leaseAttempts,
  openWave,
  permitModelCall,
  setTenantBudget,
  type OpenWave,
} from '#ledger';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';
import { expectInvariantsThenClear } from '../../../test/support/invariants.js';
import { A_KEY, aMission, aTenant, type TestMission } from '../../../test/support/mission.js';
import { aCall } from '../../../test/support/model-call.js';
import { toDispatch, toHandOff } from '../../../test/support/writes.js';
import { pickDueMission, pickMissionWithOffers, type OfferScope } from './index.js';

describe('the fair pick', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterEach(() => expectInvariantsThenClear(database));
  afterAll(() => database.drop());

  /** Picks and opens in one transaction, as a ticket's handler does. */
  const takeWave = (): Promise<OpenWave | null> =>
    database.transactions.inSystemTransaction(async (system) => {
      const picked = await pickDueMission(system);
      return picked === null ? null : openWave(await system.become(picked.tenantId), picked.missionId);
    });
  const pickOffer = (scope: Partial<OfferScope> = {}) =>
    database.transactions.inSystemTransaction((system) =>
      pickMissionWithOffers(system, { pool: 'builtin', tenantId: null, missionId: null, ...scope }),
    );
  const dueMissions = async (count: number, limits: Partial<TenantLimits> = {}): Promise<TestMission[]> => {
    const tenantId = await aTenant(database.transactions, limits);
    const missions: TestMission[] = [];
    for (let made = 0; made < count; made += 1) {
      const mission = await aMission(database, {}, tenantId);
      await mission.submit('A');
      missions.push(mission);
    }
    return missions;
  };
  const spend = (tenantId: string, tokens: number) =>
    database.owner.query(
      'UPDATE tenant SET recent_tokens = $2, recent_tokens_at = clock_timestamp() WHERE id = $1',
      [tenantId, tokens],
    );

  const reachLimit = async (mission: TestMission | undefined, limit = 'limit_usd'): Promise<void> => {
    await mission?.run((tx) => setTenantBudget(tx, { [limit]: '0.05' }));
    await mission?.run((tx) => permitModelCall(tx, aCall(mission)));
  };

  it('finds nothing where nothing is due', async () => {
    await aMission(database);
    expect(await takeWave()).toBeNull();
    expect(await pickOffer()).toBeNull();
  });

  it('takes what has been due longest first, and each mission once', async () => {
    const missions = await dueMissions(3);
    const taken = [await takeWave(), await takeWave(), await takeWave(), await takeWave()];
    expect(taken.map((wave) => wave?.missionId)).toEqual([
      ...missions.map((mission) => mission.id),
      undefined,
    ]);
  });

  it('never opens two waves of a mission for eight pickers at once', async () => {
    const missions = await dueMissions(5, { concurrent_waves: 0 });
    const taken = await Promise.all(Array.from({ length: 8 }, takeWave));
    const ids = taken.flatMap((wave) => wave?.missionId ?? []);
    expect(ids.toSorted()).toEqual(missions.map((mission) => mission.id).toSorted());
  });

  it('prefers the tenant that has spent less lately, for its weight', async () => {
    const [busy] = await dueMissions(1);
    const [heavy] = await dueMissions(1, { weight: 100 });
    const [idle] = await dueMissions(1);
    await spend(String(busy?.tenantId), 50_000);
    await spend(String(heavy?.tenantId), 100_000);
    const order = [await takeWave(), await takeWave(), await takeWave()];
    expect(order.map((wave) => wave?.missionId)).toEqual([idle?.id, heavy?.id, busy?.id]);
  });

  it('forgets what was spent long ago', async () => {
    const [early] = await dueMissions(1);
    const [late] = await dueMissions(1);
    await spend(String(early?.tenantId), 1_000_000);
    await spend(String(late?.tenantId), 1_000);
    await database.owner.query(
      `UPDATE tenant SET recent_tokens_at = clock_timestamp() - interval '3 hours' WHERE id = $1`,
      [early?.tenantId],
    );
    expect((await takeWave())?.missionId).toBe(early?.id);
  });

  it('does not let a tenant with 200 due missions delay one with a single one', async () => {
    const [first] = await dueMissions(1, { concurrent_waves: 4 });
    await database.owner.query(
      `INSERT INTO mission (tenant_id, id, title, objective, acceptance_criteria, policy, metadata, fence_secret, inbox_unseen, wave_due_at)
       SELECT tenant_id, gen_random_uuid(), title, objective, acceptance_criteria, policy, metadata, fence_secret, 0, wave_due_at
         FROM mission, generate_series(1, 199) WHERE id = $1`,
      [first?.id],
    );
    const [quiet] = await dueMissions(1);
    const busyTenant = String(first?.tenantId);
    await spend(busyTenant, 1);
    expect((await takeWave())?.missionId).toBe(quiet?.id);
  });

  it('gives the next wave to another tenant while one has waves running that are not paid for yet', async () => {
    const [busy] = await dueMissions(3, { concurrent_waves: 0 });
    const [quiet] = await dueMissions(1);
    const order = [await takeWave(), await takeWave()];
    expect(order.map((wave) => wave?.tenantId)).toEqual([busy?.tenantId, quiet?.tenantId]);
  });

  it('takes no mission of a tenant whose limit is reached, until it is raised', async () => {
    const [due] = await dueMissions(1);
    await reachLimit(due);
    expect(await takeWave()).toBeNull();
    await due?.run((tx) => setTenantBudget(tx, { limit_usd: null }));
    expect((await takeWave())?.missionId).toBe(due?.id);
  });

  it('takes up the missions of a tenant by itself when the day of its limit is over', async () => {
    const [due] = await dueMissions(1);
    await reachLimit(due, 'daily_usd');
    expect(await takeWave()).toBeNull();
    await due?.query(
      'UPDATE tenant_budget SET budget_day = budget_day - 1 WHERE tenant_id = $1 AND $2::uuid IS NOT NULL',
    );
    expect((await takeWave())?.missionId).toBe(due?.id);
  });

  it('runs no more waves of a tenant than it may, and takes the other tenants’ meanwhile', async () => {
    const [busy] = await dueMissions(4, { concurrent_waves: 2 });
    const [quiet] = await dueMissions(1);
    await spend(String(quiet?.tenantId), 1_000_000);
    const taken = [await takeWave(), await takeWave(), await takeWave(), await takeWave()];
    expect(taken.map((wave) => wave?.tenantId)).toEqual([
      busy?.tenantId,
      busy?.tenantId,
      quiet?.tenantId,
      undefined,
    ]);
  });

  it('runs no more waves of a tenant than it may when eight pickers come at once', async () => {
    const [busy] = await dueMissions(8, { concurrent_waves: 2 });
    const taken = await Promise.all(Array.from({ length: 8 }, takeWave));
    expect(taken.filter((wave) => wave !== null).map((wave) => wave.tenantId)).toEqual([
      busy?.tenantId,
      busy?.tenantId,
    ]);
  });

  it('takes no mission that is paused or held', async () => {
    const [paused, held] = await dueMissions(2);
    await paused?.run((tx) => controlMission(tx, paused.id, 'pause', A_KEY));
    await held?.run((tx) =>
      inMission(tx, held.id, (ledger) => holdMission(ledger, 'stalled', 'It went wrong.')),
    );
    expect(await takeWave()).toBeNull();
  });

  describe('of attempts', () => {
    const offering = async (count: number, limits: Partial<TenantLimits> = {}, tenantId?: string) => {
      const mission = await aMission(
        database,
        {},
        tenantId ?? (await aTenant(database.transactions, limits)),
      );
      await mission.submit(...Array.from({ length: count }, (_task, place) => `Task ${place}`));
      await mission.wave(
        toDispatch(...Array.from({ length: count }, (_ref, place) => `T${place + 1}`)),
        toHandOff(),
      );
      return mission;
    };

    it('keeps to the pool, the tenant and the mission that a worker may work for', async () => {
      const own = await offering(1);
      const theirs = await offering(1);
      const scope = { tenantId: own.tenantId };
      expect(await pickOffer(scope)).toEqual({ tenantId: own.tenantId, missionId: own.id });
      expect(await pickOffer({ ...scope, missionId: theirs.id })).toBeNull();
      expect(await pickOffer({ ...scope, pool: 'gpu' })).toBeNull();
    });

    it('prefers the tenant that has spent less lately', async () => {
      const busy = await offering(1);
      const idle = await offering(1);
      await spend(busy.tenantId, 1_000);
      expect(await pickOffer()).toMatchObject({ missionId: idle.id });
    });

    it('passes over offers whose back-off has not passed, and a tenant that works on as many as it may', async () => {
      const waiting = await offering(1);
      await waiting.query(
        `UPDATE attempt SET available_at = clock_timestamp() + interval '1 hour' WHERE tenant_id = $1 AND mission_id = $2`,
      );
      const full = await offering(1, { concurrent_attempts: 1 });
      await full.mustClaim();
      await offering(1, {}, full.tenantId);
      expect(await pickOffer()).toBeNull();
    });

    it('keeps the built-in worker from a tenant whose limit is reached, and no other worker', async () => {
      const mission = await offering(1);
      await reachLimit(mission);
      expect(await pickOffer()).toBeNull();
      await mission.query(`UPDATE attempt SET pool = 'gpu' WHERE tenant_id = $1 AND mission_id = $2`);
      expect(await pickOffer({ pool: 'gpu' })).toMatchObject({ missionId: mission.id });
    });

    it('takes nothing of a mission that was paused', async () => {
      const mission = await offering(1);
      await mission.run((tx) => controlMission(tx, mission.id, 'pause', A_KEY));
      expect(await pickOffer()).toBeNull();
      expect(
        await mission.run((tx) =>
          leaseAttempts(tx, mission.id, { pool: 'builtin', attemptsMax: 1, leaseSeconds: 60, worker: 'w' }),
        ),
      ).toEqual([]);
    });
  });
});
