import { taskInputSchema, type PolicyPatch } from '#contracts';
import {
  cancelTask,
  controlMission,
  expireWave,
  readTenantBudget,
  setTenantBudget,
  submitTasks,
  updateMission,
} from '#ledger';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';
import { expectInvariantsThenClear } from '../../../test/support/invariants.js';
import { A_KEY, aMission, rowIdOf, type TestMission } from '../../../test/support/mission.js';
import { startRelay, type Relay, type RelayScript } from '../../../test/support/relay.js';
import { rebuildWaveContext } from './index.js';

/** A response that is refused costs a second request, so that something can happen between the two. */
const TWO_REQUESTS: RelayScript = {
  faults: [{ match: { role: 'conductor', nth: 1 }, do: 'malformed_tool_input' }],
};

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

const relayWith = async (script: RelayScript = {}): Promise<Relay> => {
  relay = await startRelay(database.transactions, script);
  return relay;
};

describe('a wave', () => {
  it('says that nothing was due', async () => {
    const { handlers } = await relayWith();
    await aMission(database);
    expect(await handlers.wave()).toBe(false);
  });

  it('keeps the exact bytes that it saw, and can make them again', async () => {
    const { handlers } = await relayWith();
    const mission = await aMission(database, { directives: ['Be brief.'] });
    await mission.submit('Dig');
    await handlers.wave();
    const [wave] = await mission.waves();
    const rebuilt = await mission.run((tx) => rebuildWaveContext(tx, String(wave?.id)));
    expect(rebuilt).toMatchObject({ equal: true });
    expect(wave).toMatchObject({ state: 'committed', stop_reason: 'handoff', requests: 1 });
    expect(Number(wave?.peak_request_tokens)).toBeGreaterThan(0);
  });

  it('leaves nothing but its bill when it is fenced off before its commit', async () => {
    const { handlers, onNextAnswer } = await relayWith();
    const mission = await aMission(database);
    await mission.submit('Dig');
    onNextAnswer(async () => {
      await mission.expireWaveLease();
      await mission.run((tx) => expireWave(tx, mission.id));
    });
    expect(await handlers.wave()).toBe(true);
    expect(await mission.waves()).toMatchObject([
      { state: 'aborted', stop_reason: 'lease_lost', decisions: [] },
    ]);
    expect(await mission.task('T1')).toMatchObject({ attempt_count: 0 });
    expect(await mission.unseen()).toEqual(['submission']);
    expect(Number((await mission.row()).spent_usd)).toBeGreaterThan(0);
  });

  it('is given up when its process is to stop, and its mission is due again at once', async () => {
    const { handlers, shutDown } = await relayWith();
    const mission = await aMission(database);
    await mission.submit('Dig');
    shutDown();
    await handlers.wave();
    expect(await mission.waves()).toMatchObject([{ state: 'aborted', stop_reason: 'lease_lost' }]);
    expect(await mission.row()).toMatchObject({ aborts_in_row: 0 });
    expect(await mission.openWave()).not.toBeNull();
  });

  it('asks nothing more once its mission is paused, and leaves its page to the time after', async () => {
    const { handlers, onNextAnswer, settle, simulator } = await relayWith(TWO_REQUESTS);
    const mission = await aMission(database);
    await mission.submit('Dig');
    onNextAnswer(() => mission.run((tx) => controlMission(tx, mission.id, 'pause', A_KEY)));
    await handlers.wave();
    expect(simulator.requests()).toHaveLength(1);
    expect(await mission.waves()).toMatchObject([{ state: 'committed', stop_reason: 'paused' }]);
    expect(await mission.unseen()).toEqual(['submission']);

    await mission.run((tx) => controlMission(tx, mission.id, 'resume', A_KEY));
    await settle();
    expect(await mission.row()).toMatchObject({ state: 'completed' });
  });

  it('asks nothing more once it could cost more than a wave may, and leaves its page to the next one', async () => {
    const { handlers, simulator } = await relayWith(TWO_REQUESTS);
    const mission = await aMission(database, { policy: { wave_usd_max: '0.001' } });
    await mission.submit('Dig');
    await handlers.wave();
    expect(simulator.requests()).toHaveLength(1);
    expect(await mission.waves()).toMatchObject([{ state: 'committed', stop_reason: 'price_limit' }]);
    expect(await mission.unseen()).toEqual(['submission']);
  });

  it('asks nothing more once its mission is canceled', async () => {
    const { handlers, onNextAnswer, simulator } = await relayWith(TWO_REQUESTS);
    const mission = await aMission(database);
    await mission.submit('Dig');
    onNextAnswer(() => mission.run((tx) => controlMission(tx, mission.id, 'cancel', A_KEY)));
    await handlers.wave();
    expect(simulator.requests()).toHaveLength(1);
    expect(await mission.waves()).toMatchObject([{ state: 'aborted', stop_reason: 'mission_cancel' }]);
  });

  it('is told at once what does not hold any more, and decides again in the same wave', async () => {
    const { handlers, onNextAnswer, settle } = await relayWith();
    const mission = await aMission(database);
    const [dig] = await mission.submit('Dig', 'Pour');
    onNextAnswer(() => mission.run((tx) => cancelTask(tx, rowIdOf(dig), A_KEY)));
    await handlers.wave();
    const [wave, ...more] = await mission.waves();
    expect(more).toEqual([]);
    expect(wave).toMatchObject({ state: 'committed', stop_reason: 'handoff' });
    expect(Number(wave?.requests)).toBeGreaterThan(1);
    expect(await mission.task('T2')).toMatchObject({ attempt_count: 1 });
    expect(await mission.task('T1')).toMatchObject({ state: 'canceled', attempt_count: 0 });
    await settle();
    expect(await mission.row()).toMatchObject({ state: 'completed', tasks_completed: 1, tasks_canceled: 1 });
  });

  it('leaves to the next wave what arrives while it runs', async () => {
    const { handlers, onNextAnswer } = await relayWith();
    const mission = await aMission(database);
    await mission.submit('Dig');
    onNextAnswer(() => mission.say('Stop.'));
    await handlers.wave();
    expect(await mission.unseen()).toEqual(['message']);
    await handlers.wave();
    const [seen] = await mission.query(
      `SELECT w.number FROM inbox_item i JOIN wave w ON w.tenant_id = i.tenant_id AND w.id = i.seen_by_wave
        WHERE i.tenant_id = $1 AND i.mission_id = $2 AND i.kind = 'message'`,
    );
    expect(seen).toEqual({ number: 2 });
  });

  it('holds a mission that obliges its conductor to read more than fits, before anything is sent', async () => {
    const { handlers, simulator } = await relayWith();
    const mission = await aMission(database, {
      policy: { context_budget_tokens: 8_000 },
      directives: Array.from({ length: 12 }, () => 'Always remember the well. '.repeat(150)),
    });
    await mission.submit('Dig');
    await handlers.wave();
    expect(simulator.requests()).toEqual([]);
    expect(await mission.row()).toMatchObject({ holds: ['overcommitted'] });
    expect(await mission.events('mission.context_overcommitted')).toHaveLength(1);
  });

  it('sends nothing once the budget is reached, and asks once', async () => {
    const { handlers, simulator } = await relayWith();
    const mission = await aMission(database, { budget: { limit_usd: '0.000001' } });
    await mission.submit('Dig');
    expect(await handlers.wave()).toBe(true);
    expect(await handlers.wave()).toBe(false);
    expect(simulator.requests()).toEqual([]);
    expect(await mission.row()).toMatchObject({ holds: ['budget'] });
    expect(await mission.events('mission.budget_reached')).toHaveLength(1);
  });
});

describe('a mission whose policy cannot be read', () => {
  it('is held once, keeps nobody from their turn, and goes on when a person has set it anew', async () => {
    const { handlers, settle } = await relayWith({});
    const broken = await aMission(database);
    const behind = await aMission(database, {}, broken.tenantId);
    for (const mission of [broken, behind]) await mission.submit('Dig');
    await broken.query(
      `UPDATE mission SET policy = policy || '{"planning": "by vote", "limits": 7}' WHERE tenant_id = $1 AND id = $2`,
    );
    expect(await handlers.wave()).toBe(false); // it was due longest
    expect(await broken.row()).toMatchObject({ holds: ['stalled'] });
    await settle();
    expect(await behind.row()).toMatchObject({ tasks_completed: 1 });
    expect(await broken.row()).toMatchObject({ last_wave_number: 0, holds: ['stalled'] });
    expect(await broken.events('mission.stalled')).toHaveLength(1);
    const { prompt } = await broken.request('Q1');
    expect(prompt).toContain('(planning, limits)');

    await broken.run((tx) =>
      updateMission(tx, broken.id, { policy: { planning: 'conductor', limits: { depth_max: 3 } } }, A_KEY),
    );
    await broken.answer('Q1', 'resume');
    await settle();
    expect(await broken.row()).toMatchObject({
      tasks_completed: 1,
      policy: { planning: 'conductor', debounce_ms: 0, limits: { depth_max: 3, tasks_max: 100_000 } },
    });
  });
});

describe('nothing is done by a policy that nobody has chosen', () => {
  const unreadable = (mission: TestMission, fields: object) =>
    mission.query(
      `UPDATE mission SET policy = policy || '${JSON.stringify(fields)}' WHERE tenant_id = $1 AND id = $2`,
    );

  it('no task is dispatched by rule, no attempt asks a model, nothing is spent', async () => {
    const { handlers, simulator } = await relayWith({});
    const mission = await aMission(database, { policy: { planning: 'auto' } });
    const task = taskInputSchema.parse({ title: 'Dig', worker: 'builtin' });
    const submit = () => mission.run((tx) => submitTasks(tx, mission.id, [{ task }], A_KEY));
    await submit();
    await unreadable(mission, { approval: 'by vote', worker_model: 7 });
    await submit();
    await handlers.attempt();
    await handlers.wave();
    expect(simulator.requests()).toEqual([]);
    expect(await mission.row()).toMatchObject({ holds: ['stalled'], attempts_in_flight: 1 });
  });

  it('no default takes the place of what cannot be read', async () => {
    const mission = await aMission(database);
    await unreadable(mission, { approval: 'by vote' });
    const change = (policy: PolicyPatch) =>
      mission.run((tx) => updateMission(tx, mission.id, { policy }, A_KEY));
    await expect(change({ debounce_ms: 1 })).rejects.toMatchObject({ code: 'policy_unreadable' });
    expect(await mission.row()).toMatchObject({ policy: { approval: 'by vote' } });
    await change({ approval: 'completion' });
    expect(await mission.row()).toMatchObject({ policy: { approval: 'completion', debounce_ms: 0 } });
  });
});

describe('a conductor that is of no use', () => {
  it('stalls its mission when it never decides anything, and a person is asked once', async () => {
    const { settle, simulator } = await relayWith({ conductor: 'never_progress' });
    const mission = await aMission(database, { policy: { no_progress_waves_max: 3 } });
    await mission.submit('Dig');
    expect(await settle()).toEqual({ waves: 3, attempts: 0 });
    expect(simulator.requests()).toHaveLength(3);
    expect(await mission.row()).toMatchObject({ holds: ['stalled'] });
    expect(await mission.events('mission.stalled')).toHaveLength(1);
  });

  it('cannot make more tasks than its mission may hold, nor more in a wave than a wave may', async () => {
    const { settle } = await relayWith({ conductor: 'explode' });
    const mission = await aMission(database, {
      policy: { limits: { tasks_max: 12, tasks_per_wave_max: 5 } },
    });
    await mission.submit('Dig');
    await settle();
    expect(await mission.row()).toMatchObject({ last_task_number: 12, holds: ['stalled'] });
    const perWave = await mission.query(
      'SELECT count(*)::int AS made FROM task WHERE tenant_id = $1 AND mission_id = $2 AND created_by_wave IS NOT NULL GROUP BY created_by_wave',
    );
    for (const { made } of perWave) expect(made).toBeLessThanOrEqual(5);
  });

  it('cannot plan on nothing but its own plans for longer than depth_max; then a person is asked, whose word begins it anew', async () => {
    const { settle } = await relayWith({ conductor: 'explode' });
    const mission = await aMission(database, {
      policy: { limits: { depth_max: 2, tasks_per_wave_max: 5 } },
    });
    await mission.submit('Dig');
    await settle();
    expect(await mission.row()).toMatchObject({ last_task_number: 1 + 2 * 5, holds: ['stalled'] });
    expect(await mission.events('mission.stalled')).toHaveLength(1);
    await mission.answer('Q1', 'resume');
    await settle();
    expect(await mission.row()).toMatchObject({ last_task_number: 1 + 4 * 5, holds: ['stalled'] });
  });

  it('spends no more than its mission’s limit, to the last request, and a person is asked once', async () => {
    const { settle } = await relayWith({ conductor: 'explode' });
    const mission = await aMission(database, { budget: { limit_usd: '0.50' } });
    await mission.submit('Dig');
    await settle();
    const { spent_usd: spent, reserved_usd: reserved, holds } = await mission.row();
    expect({ holds, reserved: Number(reserved) }).toEqual({ holds: ['budget'], reserved: 0 });
    expect(Number(spent)).toBeGreaterThan(0);
    expect(Number(spent)).toBeLessThanOrEqual(0.5);
    expect(await mission.events('mission.budget_reached')).toHaveLength(1);
  });

  it('starts nothing more of a tenant whose limit is reached, whichever of its missions reached it', async () => {
    const { settle } = await relayWith({ conductor: 'explode' });
    const one = await aMission(database);
    const other = await aMission(database, {}, one.tenantId);
    await one.run((tx) => setTenantBudget(tx, { limit_usd: '0.50' }));
    for (const mission of [one, other]) await mission.submit('Dig');
    await settle();
    const budget = await one.run(readTenantBudget);
    expect(Number(budget.spentUsd)).toBeLessThanOrEqual(0.5);
    expect(budget.reservedUsd).toBe('0');
    for (const mission of [one, other]) expect(await mission.row()).toMatchObject({ holds: [] });
  });
});
