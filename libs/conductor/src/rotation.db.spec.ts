import { rotateConductor } from '#ledger';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';
import { expectInvariantsThenClear } from '../../../test/support/invariants.js';
import { A_KEY, aMission, type TestMission } from '../../../test/support/mission.js';
import { startRelay, type Relay } from '../../../test/support/relay.js';
import { expectTokens } from './index.js';

let database: TestDatabase;
let relay: Relay | undefined;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterEach(async () => {
  await relay?.close();
  await expectInvariantsThenClear(database);
});
afterAll(() => database.drop());

const rotate = (mission: TestMission, mode: 'now' | 'drain') =>
  mission.run((tx) =>
    rotateConductor(
      tx,
      mission.id,
      { reason: 'a test', mode, keep_note: false },
      { actor: A_KEY, expectTokens },
    ),
  );

describe('a conductor that is archived while it thinks', () => {
  it('leaves nothing but its bill, and a fresh one does all of its work', async () => {
    const { handlers, onNextAnswer, settle } = (relay = await startRelay(database.transactions));
    const mission = await aMission(database);
    await mission.submit('Dig');
    onNextAnswer(() => rotate(mission, 'now'));
    await handlers.wave();
    expect(await mission.waves()).toMatchObject([
      { state: 'aborted', stop_reason: 'rotated', decisions: [] },
    ]);
    expect(Number((await mission.row()).spent_usd)).toBeGreaterThan(0);
    await settle();
    expect(await mission.row()).toMatchObject({ state: 'completed' });
    expect(await mission.attempts('T1')).toHaveLength(1);
  });

  it('commits first when it is let drain', async () => {
    const { handlers, onNextAnswer, settle } = (relay = await startRelay(database.transactions));
    const mission = await aMission(database);
    await mission.submit('Dig');
    onNextAnswer(() => rotate(mission, 'drain'));
    await handlers.wave();
    expect(await mission.waves()).toMatchObject([{ state: 'committed' }]);
    expect(await mission.row()).toMatchObject({ handoff_note: null, pending_rotations: [] });
    await settle();
    expect(await mission.row()).toMatchObject({ state: 'completed' });
  });

  it('is succeeded by one whose first request is as large as was expected', async () => {
    relay = await startRelay(database.transactions);
    const mission = await aMission(database, { directives: ['Be brief.'] });
    await mission.submit('Dig', 'Fill');
    const { expected_tokens: expected } = await rotate(mission, 'now');
    await relay.handlers.wave();
    const [stored] = await mission.query(
      `SELECT manifest FROM wave_context c JOIN wave w ON w.tenant_id = c.tenant_id AND w.id = c.wave_id
        WHERE w.tenant_id = $1 AND w.mission_id = $2`,
    );
    expect(stored).toMatchObject({ manifest: { total_tokens: expected } });
  });
});
