import type { ContextManifest } from '#contracts';
import { createTestDatabase, type TestDatabase } from './support/database.js';
import { expectInvariants } from './support/invariants.js';
import { aMission } from './support/mission.js';
import { startRelay, type Relay } from './support/relay.js';

const WAVES = 100;
/** Each so many rounds a task is submitted; in the others somebody says something. */
const ROUNDS_PER_TASK = 6;
const SETTLED_PREFIX = ['Z0', 'Z1', 'Z2', 'Z3'] as const;

describe('the cached prefix of a mission', () => {
  let database: TestDatabase;
  let relay: Relay;
  beforeAll(async () => {
    database = await createTestDatabase();
    relay = await startRelay(database.transactions);
  });
  afterAll(async () => {
    await relay.close();
    await database.drop();
  });

  it('is the same to the byte up to the directives in a hundred waves, and to the finished work for one task more', async () => {
    const mission = await aMission(database);
    const manifests = async (): Promise<Pick<ContextManifest, 'prefix_sha256'>[]> =>
      (
        await mission.query(
          `SELECT c.manifest FROM wave w JOIN wave_context c ON c.tenant_id = w.tenant_id AND c.wave_id = w.id
            WHERE w.tenant_id = $1 AND w.mission_id = $2 ORDER BY w.number`,
        )
      ).map((row) => row.manifest as Pick<ContextManifest, 'prefix_sha256'>);

    let waves = 0;
    for (let round = 0; waves < WAVES; round += 1) {
      if (round % ROUNDS_PER_TASK === 0) await mission.submit(`Task of round ${round}`);
      else await mission.say(`Word of round ${round}`);
      waves += (await relay.settle()).waves;
    }
    await mission.say('The last word');
    expect(await relay.handlers.wave()).toBe(true);
    await mission.submit('Another, unrelated');
    expect(await relay.handlers.wave()).toBe(true);

    const prefixes = (await manifests()).map(({ prefix_sha256: prefix }) => prefix);
    expect(prefixes.length).toBeGreaterThanOrEqual(WAVES + 2);
    for (const section of SETTLED_PREFIX)
      expect(new Set(prefixes.map((prefix) => prefix[section])).size).toBe(1);
    const [before, after] = prefixes.slice(-2);
    expect(after?.Z4).toBe(before?.Z4);
    // The finished work did grow meanwhile: that its hash can change is what makes the rest worth saying.
    expect(new Set(prefixes.map(({ Z4 }) => Z4)).size).toBeGreaterThan(8);
    await expectInvariants(database);
  });
});
