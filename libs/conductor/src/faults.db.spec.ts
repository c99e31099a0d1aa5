import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';
import { expectInvariantsThenClear } from '../../../test/support/invariants.js';
import { aMission, type TestMission } from '../../../test/support/mission.js';
import { startRelay, type Relay, type RelayScript } from '../../../test/support/relay.js';

type Fault = NonNullable<RelayScript['faults']>[number]['do'];

const ROUNDS_MAX = 12;

describe('a conductor whose model fails', () => {
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

  /** Two tasks, one after the other, with these faults; the mission once it has come to an end. */
  const run = async (faults: readonly (readonly [nth: number, fault: Fault])[]): Promise<TestMission> => {
    relay = await startRelay(database.transactions, {
      faults: faults.map(([nth, fault]) => ({ match: { role: 'conductor', nth }, do: fault })),
    });
    const mission = await aMission(database);
    await mission.submit({ key: 'dig' }, { key: 'pour', depends_on: ['dig'] });
    for (let rounds = 0; rounds < ROUNDS_MAX; rounds += 1) {
      await relay.settle();
      if ((await mission.row()).wave_due_at === null) break;
      await mission.skipWaiting(); // the back-off after an abort
    }
    return mission;
  };
  const outcomes = async (mission: TestMission) =>
    (await mission.waves()).map((wave) => `${String(wave.state)}: ${String(wave.stop_reason)}`);
  const expectCompleted = async (mission: TestMission): Promise<void> => {
    expect(await mission.row()).toMatchObject({ state: 'completed', tasks_completed: 2, aborts_in_row: 0 });
    for (const type of ['task.dispatched', 'attempt.succeeded', 'task.completed'])
      expect(await mission.events(type)).toHaveLength(2);
  };

  const ABORTS: readonly (readonly [Fault, string])[] = [
    ['429', 'rate_limited'],
    ['529', 'outage'],
    ['mid_stream_error', 'outage'],
    ['cut', 'bad_response'],
    ['garbage', 'bad_response'],
    ['truncate', 'bad_response'],
    ['refusal', 'bad_response'],
  ];

  it.each(ABORTS)(
    'leaves nothing of a first wave that meets %s, and completes later',
    async (fault, reason) => {
      const mission = await run([[1, fault]]);
      expect((await outcomes(mission)).slice(0, 2)).toEqual([`aborted: ${reason}`, 'committed: handoff']);
      await expectCompleted(mission);
    },
  );

  it.each(ABORTS)('leaves nothing of a wave that meets %s when it reviews', async (fault, reason) => {
    const mission = await run([[2, fault]]);
    expect((await outcomes(mission)).slice(0, 3)).toEqual([
      'committed: handoff',
      `aborted: ${reason}`,
      'committed: handoff',
    ]);
    await expectCompleted(mission);
  });

  it('goes on in the same wave after a call that fits no schema', async () => {
    const mission = await run([[1, 'malformed_tool_input']]);
    expect(await mission.waves()).toMatchObject([
      { state: 'committed', requests: 2 },
      { state: 'committed' },
      { state: 'committed' },
    ]);
    await expectCompleted(mission);
  });

  it.each(ABORTS.filter(([fault]) => fault !== 'truncate'))(
    'leaves nothing of what it staged when its second request meets %s',
    async (fault, reason) => {
      const mission = await run([
        [1, 'malformed_tool_input'],
        [2, fault],
      ]);
      const [first] = await mission.waves();
      expect(first).toMatchObject({ state: 'aborted', stop_reason: reason, requests: 2, decisions: [] });
      await expectCompleted(mission);
    },
  );

  it('bills every request of an aborted wave, failed ones included', async () => {
    const mission = await run([
      [1, 'malformed_tool_input'],
      [2, 'cut'],
    ]);
    const [first] = await mission.waves();
    expect(Number(first?.cost_usd)).toBeGreaterThan(0);
    const [{ total } = {}] = await mission.query(
      'SELECT sum(cost_usd) AS total FROM model_call WHERE tenant_id = $1 AND mission_id = $2',
    );
    expect(total).toBe((await mission.row()).spent_usd);
  });

  it('stalls its mission after five errors in a row, asks once, and goes on when it is resumed', async () => {
    const mission = await run([1, 2, 3, 4, 5].map((nth) => [nth, 'garbage']));
    expect(await mission.row()).toMatchObject({ holds: ['stalled'], aborts_in_row: 5 });
    expect(await mission.events('mission.stalled')).toHaveLength(1);
    expect(await mission.unseen()).toEqual(['submission']);
  });
});
