import { MISSION_STATES, MISSION_STATUSES, HOLDS, newUuid, policyFrom, type Hold } from '#contracts';
import { createTenant } from '#tenancy';
import { createTestDatabase } from '../../../../test/support/database.js';
import { listMissions } from './missions.store.js';

const { transactions, drop } = await createTestDatabase();
afterAll(() => drop());

const EVERY_SET_OF_HOLDS = HOLDS.reduce<Hold[][]>(
  (sets, hold) => [...sets, ...sets.map((set) => [...set, hold])],
  [[]],
);

describe('listMissions', () => {
  it('filters by status exactly as missionStatus derives it, for every state, hold and question', async () => {
    const { row: tenant } = await transactions.inSystemTransaction((system) =>
      createTenant(system, { name: 'a tenant', limits: {}, environment: 'local' }),
    );
    const tenantId = tenant.id;
    const missions = MISSION_STATES.flatMap((state) =>
      EVERY_SET_OF_HOLDS.flatMap((holds) =>
        [0, 1].flatMap((requestsOpen) =>
          [null, new Date()].map((waveDueAt) => ({ state, holds, requestsOpen, waveDueAt })),
        ),
      ),
    );
    await transactions.inTransaction(tenantId, async (tx) => {
      await tx.db.mission.createMany({
        data: missions.map((mission) => ({
          ...mission,
          tenantId,
          id: newUuid(),
          title: 'a mission',
          objective: '',
          policy: policyFrom({}),
          metadata: {},
          fenceSecret: new Uint8Array(32),
        })),
      });
      const list = (status: (typeof MISSION_STATUSES)[number] | null) =>
        listMissions(tx, { status, onlyId: null, after: null, take: 1_000 });
      const all = await list(null);
      expect(all).toHaveLength(missions.length);
      for (const status of MISSION_STATUSES) {
        const expected = all.filter((mission) => mission.status === status).map(({ id }) => id);
        expect(expected).not.toEqual([]);
        expect((await list(status)).map(({ id }) => id)).toEqual(expected);
      }
    });
  });
});
