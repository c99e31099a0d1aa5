import { cancelTask, updateMission } from '#ledger';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';
import { expectInvariantsThenClear } from '../../../test/support/invariants.js';
import { A_KEY, aMission, type TestMission } from '../../../test/support/mission.js';
import { startRelay, type Relay, type RelayScript } from '../../../test/support/relay.js';
import { toDispatch } from '../../../test/support/writes.js';

describe('the built-in worker', () => {
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
  const offering = async (input: Parameters<typeof aMission>[1] = {}): Promise<TestMission> => {
    const mission = await aMission(database, input);
    await mission.submit({ title: 'Dig', metadata: { outcome: 'A pit was dug. It is dry.' } });
    await mission.wave(toDispatch('T1'));
    return mission;
  };

  it('hands in what the model answered, with what it cost, and the conductor hears of it', async () => {
    const { handlers } = await relayWith();
    const mission = await offering();
    expect(await handlers.attempt()).toBe(true);
    const [attempt] = await mission.attempts('T1');
    expect(attempt).toMatchObject({
      state: 'succeeded',
      worker: 'builtin',
      result: { summary: 'A pit was dug.' },
    });
    expect(attempt?.usage).toMatchObject({ input_tokens: expect.any(Number), cost_usd: expect.any(String) });
    expect(await mission.unseen()).toEqual(['attempt_succeeded']);
    expect(Number((await mission.row()).spent_usd)).toBeGreaterThan(0);
  });

  it('says that there was nothing to do', async () => {
    const { handlers } = await relayWith();
    await aMission(database);
    expect(await handlers.attempt()).toBe(false);
  });

  it.each(['429', '529', 'mid_stream_error'] as const)(
    'gives the attempt back when the provider answers %s, which is not the task’s fault',
    async (fault) => {
      const { handlers } = await relayWith({ faults: [{ match: { role: 'worker', nth: 1 }, do: fault }] });
      const mission = await offering();
      await handlers.attempt();
      expect(await mission.task('T1')).toMatchObject({
        state: 'queued',
        failures: 0,
        expiries: 0,
        attempt_count: 1,
      });
      expect(await handlers.attempt()).toBe(false);
      await mission.skipWaiting();
      expect(await handlers.attempt()).toBe(true);
      expect(await mission.attempts('T1')).toMatchObject([{ state: 'succeeded', number: 1 }]);
    },
  );

  it.each(['cut', 'garbage'] as const)(
    'counts an answer that is none (%s) as a failure, and the task is tried again',
    async (fault) => {
      const { handlers, simulator } = await relayWith({
        faults: [{ match: { role: 'worker', nth: 1 }, do: fault }],
      });
      const mission = await offering();
      await handlers.attempt();
      expect(await mission.task('T1')).toMatchObject({ state: 'queued', failures: 1, result: null });
      expect(await mission.unseen()).toEqual(['attempt_failed']);
      expect(simulator.requests()).toHaveLength(1);
      await mission.wave(toDispatch('T1'));
      await mission.skipWaiting();
      await handlers.attempt();
      expect((await mission.attempts('T1')).map(({ state }) => state)).toEqual(['failed', 'succeeded']);
    },
  );

  it('asks the fallback model once when the model refuses, and fails when that refuses too', async () => {
    const { handlers, simulator } = await relayWith({
      faults: [
        { match: { role: 'worker', nth: 1 }, do: 'refusal' },
        { match: { role: 'worker', nth: 3 }, do: 'refusal', times: 2 },
      ],
    });
    const one = await offering();
    await handlers.attempt();
    expect(await one.attempts('T1')).toMatchObject([{ state: 'succeeded' }]);
    expect(simulator.requests().map(({ model }) => model)).toEqual(['claude-sonnet-5-5', 'claude-sonnet-5']);
    const other = await offering();
    await handlers.attempt();
    expect(await other.task('T1')).toMatchObject({ state: 'queued', failures: 1 });
  });

  it('gives the attempt back when it is told to stop', async () => {
    const { handlers, shutDown } = await relayWith();
    const mission = await offering();
    shutDown();
    await handlers.attempt();
    expect(await mission.attempts('T1')).toMatchObject([
      { state: 'offered', lease_token: null, started_at: null },
    ]);
    expect(await mission.task('T1')).toMatchObject({ failures: 0, expiries: 0 });
  });

  it('throws nothing when the task is canceled before it has answered', async () => {
    const { handlers, onNextAnswer } = await relayWith();
    const mission = await offering();
    const { id } = await mission.task('T1');
    onNextAnswer(() => mission.run((tx) => cancelTask(tx, String(id), A_KEY)));
    expect(await handlers.attempt()).toBe(true);
    expect(await mission.attempts('T1')).toMatchObject([{ state: 'canceled', result: null }]);
    expect(await mission.task('T1')).toMatchObject({ state: 'canceled', result: null });
  });

  it('asks nothing once the budget is reached, and takes nothing up until it is raised', async () => {
    const { handlers, simulator } = await relayWith();
    const mission = await offering({ budget: { limit_usd: '0.000001' } });
    await handlers.attempt();
    expect(simulator.requests()).toEqual([]);
    expect(await mission.row()).toMatchObject({ holds: ['budget'] });
    await mission.skipWaiting();
    const events = await mission.events();
    expect(await handlers.attempt()).toBe(false);
    expect(await mission.events()).toEqual(events);

    await mission.run((tx) => updateMission(tx, mission.id, { budget: { limit_usd: '10' } }, A_KEY));
    expect(await handlers.attempt()).toBe(true);
    expect(await mission.attempts('T1')).toMatchObject([{ state: 'succeeded', number: 1 }]);
  });

  it('writes its brief to the budget, however long the instructions are', async () => {
    const { handlers, simulator } = await relayWith();
    const mission = await aMission(database, { policy: { context_budget_tokens: 8_000 } });
    await mission.submit({ title: 'Read', instructions: '掘'.repeat(30_000) });
    await mission.wave(toDispatch('T1'));
    await handlers.attempt();
    expect(await mission.attempts('T1')).toMatchObject([{ state: 'succeeded' }]);
    for (const { inputTokens } of simulator.requests()) expect(inputTokens).toBeLessThanOrEqual(8_000);
  });
});
