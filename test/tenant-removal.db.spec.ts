import { deleteTenant } from '#tenancy';
import { createTestDatabase, type TestDatabase } from './support/database.js';
import { aRowInEveryTable, contentOf, rowsOf } from './support/every-table.js';
import { aMission, aTenant } from './support/mission.js';

describe('removing a tenant', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  const sums = async (tenantId: string) => Object.values(await rowsOf(database.owner, tenantId));

  it('ends what is running: nothing of it can be committed, completed or begun', async () => {
    const mission = await aMission(database);
    const attempt = await mission.workingOn('Work');
    await mission.say('Look.');
    const wave = await mission.mustOpenWave();
    expect(await deleteTenant(database.transactions, mission.tenantId)).toBe(true);
    await expect(mission.commit(wave)).rejects.toMatchObject({ kind: 'not_found' });
    await expect(mission.complete(attempt)).rejects.toMatchObject({ kind: 'not_found' });
    await expect(mission.submit('More')).rejects.toMatchObject({ kind: 'not_found' });
    expect((await sums(mission.tenantId)).every((count) => count === 0)).toBe(true);
  });

  it('leaves none of its rows in any table of the catalog, and all of another’s', async () => {
    const [removed, kept] = [await aTenant(database.transactions), await aTenant(database.transactions)];
    for (const tenantId of [removed, kept]) {
      await aRowInEveryTable(database.owner, tenantId);
      expect((await sums(tenantId)).every((count) => count > 0)).toBe(true);
    }
    const before = await contentOf(database.owner, kept);
    expect(await deleteTenant(database.transactions, removed)).toBe(true);
    expect((await sums(removed)).every((count) => count === 0)).toBe(true);
    expect(await contentOf(database.owner, kept)).toEqual(before);
  });
});
