import type { TenantLimits } from '#contracts';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';
import { expectInvariantsThenClear } from '../../../test/support/invariants.js';
import { aMission, aTenant, type TestMission } from '../../../test/support/mission.js';
import { toDispatch } from '../../../test/support/writes.js';
import { claimAttempts, type ClaimedAttempt, type ClaimRequest } from './index.js';

describe('claimAttempts', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterEach(() => expectInvariantsThenClear(database));
  afterAll(() => database.drop());

  const claim = (request: Partial<ClaimRequest> = {}): Promise<ClaimedAttempt[]> =>
    claimAttempts(database.transactions, {
      tenantId: null,
      missionId: null,
      pool: 'builtin',
      max: 1,
      leaseSeconds: 60,
      worker: 'a worker',
      ...request,
    });
  const offering = async (count: number, tenantId?: string): Promise<TestMission> => {
    const mission = await aMission(database, {}, tenantId);
    await mission.submit(...Array.from({ length: count }, (_task, place) => `Task ${place}`));
    await mission.wave(toDispatch(...Array.from({ length: count }, (_ref, place) => `T${place + 1}`)));
    return mission;
  };
  const limitedTo = (limits: Partial<TenantLimits>) => aTenant(database.transactions, limits);

  it('gives eight workers at once all of 20 offers of two tenants, none of them twice', async () => {
    await offering(12);
    await offering(8);
    const claimAll = async (): Promise<ClaimedAttempt[]> => {
      const claimed = await claim({ max: 2 });
      return claimed.length === 0 ? [] : [...claimed, ...(await claimAll())];
    };
    const claimed = (await Promise.all(Array.from({ length: 8 }, claimAll))).flat();
    const left = await claim({ max: 20 });
    const ids = [...claimed, ...left].map(({ attemptId }) => attemptId);
    expect(ids).toHaveLength(20);
    expect(new Set(ids).size).toBe(20);
  });

  it('goes from mission to mission until it has as many as it asked for', async () => {
    const tenantId = await limitedTo({});
    const missions = [await offering(2, tenantId), await offering(2, tenantId)];
    const claimed = await claim({ tenantId, max: 3 });
    expect(claimed).toHaveLength(3);
    expect(new Set(claimed.map(({ missionId }) => missionId))).toEqual(new Set(missions.map(({ id }) => id)));
  });

  it('gives a worker of one tenant, or of one mission, nothing of another', async () => {
    const [own, theirs] = [await offering(1), await offering(1)];
    expect(await claim({ tenantId: own.tenantId, max: 5 })).toMatchObject([{ missionId: own.id }]);
    expect(await claim({ tenantId: own.tenantId, missionId: theirs.id })).toEqual([]);
    expect(await claim({ tenantId: own.tenantId, max: 5 })).toEqual([]);
  });

  it('never gives out more of a tenant than it may work on at once, not even to one that asks for many', async () => {
    const tenantId = await limitedTo({ concurrent_attempts: 2 });
    const [first, second] = [await offering(1, tenantId), await offering(2, tenantId)];
    expect(await claim({ tenantId, missionId: first.id })).toHaveLength(1);
    expect(await claim({ tenantId, missionId: second.id, max: 10 })).toHaveLength(1);
    expect(await claim({ tenantId, max: 10 })).toEqual([]);
  });

  it('never gives out more of a tenant than it may work on when eight workers ask at once', async () => {
    const tenantId = await limitedTo({ concurrent_attempts: 3 });
    for (let missions = 0; missions < 4; missions += 1) await offering(2, tenantId);
    const claimed = await Promise.all(Array.from({ length: 8 }, () => claim({ tenantId, max: 2 })));
    expect(claimed.flat()).toHaveLength(3);
  });

  it('tells a worker all that it needs', async () => {
    const mission = await aMission(database, { directives: ['Be brief.'] });
    await mission.submit({
      title: 'Dig',
      instructions: 'Deep.',
      acceptance_criteria: ['Dry.'],
      metadata: { outcome: 'Dug.' },
    });
    await mission.wave(toDispatch('T1'));
    const [claimed] = await claim();
    expect(claimed?.brief).toMatchObject({
      mission: { title: 'A mission', objective: 'Do what is asked.' },
      directives: [{ ref: 'D1', text: 'Be brief.' }],
      task: { ref: 'T1', title: 'Dig', instructions: 'Deep.', acceptance_criteria: ['Dry.'] },
      attempt: { number: 1, idempotency_key: claimed?.taskId, feedback: null },
      outcome: 'Dug.',
    });
  });
});
