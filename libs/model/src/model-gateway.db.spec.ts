import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';
import { expectInvariants } from '../../../test/support/invariants.js';
import { aMission, type TestMission } from '../../../test/support/mission.js';
import { startRelay, type Relay, type RelayScript } from '../../../test/support/relay.js';
import {
  BudgetError,
  ContextBoundError,
  ModelFailure,
  UnprovedError,
  type ModelGateway,
  type ModelGatewayOptions,
  type ModelRequest,
} from './index.js';

describe('the model gateway', () => {
  let database: TestDatabase;
  let relay: Relay | undefined;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterEach(async () => {
    await relay?.close();
    await expectInvariants(database);
  });
  afterAll(() => database.drop());

  const gatewayTo = async (
    script: RelayScript = {},
    options: Partial<ModelGatewayOptions> = {},
  ): Promise<ModelGateway> => {
    relay = await startRelay(database.transactions, script, options);
    return relay.gateway;
  };
  const sent = () => relay?.simulator.requests() ?? [];
  const requestOf = (mission: TestMission, fields: Partial<ModelRequest> = {}): ModelRequest => ({
    tenantId: mission.tenantId,
    missionId: mission.id,
    waveId: null,
    attemptId: null,
    role: 'worker',
    body: {
      model: 'claude-sonnet-5-5',
      max_tokens: 1_000,
      system: '# Wavekeeper worker', // by which the simulator knows whom to play
      messages: [{ role: 'user', content: '# Task T1: Dig' }],
    },
    contextBudgetTokens: 8_000,
    provenTokens: null,
    allowPremium: false,
    signal: new AbortController().signal,
    ...fields,
  });
  const callsOf = (mission: TestMission) =>
    mission.query('SELECT * FROM model_call WHERE tenant_id = $1 AND mission_id = $2');

  it('answers with what the provider counted and charged, and has it on record', async () => {
    const gateway = await gatewayTo();
    const mission = await aMission(database);
    const answer = await gateway.ask(requestOf(mission));
    const [call] = await callsOf(mission);
    expect(call).toMatchObject({
      state: 'settled',
      failure: null,
      input_tokens: answer.usage.input,
      output_tokens: answer.usage.output,
      counted_tokens: answer.promptTokens,
    });
    expect(Number(call?.cost_usd)).toBe(Number(answer.costUsd));
    expect(Number((await mission.row()).spent_usd)).toBe(Number(answer.costUsd));
  });

  it('sends nothing that does not fit its budget, and records nothing of it', async () => {
    const gateway = await gatewayTo();
    const mission = await aMission(database);
    const body = {
      model: 'claude-sonnet-5-5',
      max_tokens: 1_000,
      messages: [{ role: 'user' as const, content: '掘る '.repeat(8_000) }],
    };
    await expect(gateway.ask(requestOf(mission, { body }))).rejects.toBeInstanceOf(ContextBoundError);
    expect(sent()).toEqual([]);
    expect(await callsOf(mission)).toEqual([]);
  });

  it('sends nothing that the money does not allow, and holds the mission', async () => {
    const gateway = await gatewayTo();
    const mission = await aMission(database, { budget: { limit_usd: '0.000001' } });
    await expect(gateway.ask(requestOf(mission))).rejects.toBeInstanceOf(BudgetError);
    expect(sent()).toEqual([]);
    expect(await mission.row()).toMatchObject({ holds: ['budget'] });
  });

  it('sends nothing that would be charged a premium, unless that is allowed', async () => {
    const gateway = await gatewayTo();
    const mission = await aMission(database);
    const request = requestOf(mission, { provenTokens: 150_000, contextBudgetTokens: 190_000 });
    const premium = { ...request, body: { ...request.body, model: 'claude-haiku-5-5' } };
    await expect(gateway.ask(premium)).rejects.toMatchObject({ kind: 'premium' });
    expect(sent()).toEqual([]);
    await expect(gateway.ask({ ...premium, allowPremium: true })).resolves.toBeDefined();
  });

  it.each([
    ['429', 'rate_limited'],
    ['529', 'overloaded'],
    ['mid_stream_error', 'stream_error'],
    ['cut', 'broken_stream'],
    ['garbage', 'bad_response'],
  ] as const)('settles a request that failed by %s as %s, and does not repeat it', async (fault, kind) => {
    const gateway = await gatewayTo({ faults: [{ match: { role: 'worker', nth: 1 }, do: fault, times: 9 }] });
    const mission = await aMission(database);
    const asked = gateway.ask(requestOf(mission));
    await expect(asked).rejects.toMatchObject({ name: 'ModelFailure', kind });
    expect(sent()).toHaveLength(1);
    expect(await callsOf(mission)).toMatchObject([{ state: 'failed', failure: kind }]);
    expect(Number((await mission.row()).reserved_usd)).toBe(0);
  });

  it('stops waiting when it is told to, and settles what it had sent', async () => {
    const gateway = await gatewayTo();
    const mission = await aMission(database);
    const asked = gateway.ask(requestOf(mission, { provenTokens: 100, signal: AbortSignal.abort() }));
    await expect(asked).rejects.toMatchObject({ name: 'ModelFailure', kind: 'aborted' });
    expect(await callsOf(mission)).toMatchObject([{ state: 'failed', failure: 'aborted' }]);
  });

  it('says that a provider which cannot be reached is out', async () => {
    const gateway = await gatewayTo();
    const mission = await aMission(database);
    await relay?.close();
    relay = undefined;
    await expect(gateway.ask(requestOf(mission, { provenTokens: 100 }))).rejects.toBeInstanceOf(ModelFailure);
    expect(await callsOf(mission)).toMatchObject([{ state: 'failed', failure: 'unreachable' }]);
  });

  describe('where the provider cannot count', () => {
    const UNCOUNTED: RelayScript = { counts_tokens: false };

    it('sends on an estimate, and has it on record that it was one', async () => {
      const gateway = await gatewayTo(UNCOUNTED);
      const mission = await aMission(database);
      const answer = await gateway.ask(requestOf(mission));
      const [call] = await callsOf(mission);
      expect(call).toMatchObject({ bound_tier: 'estimated', counted_tokens: null });
      expect(Number(call?.bound_tokens)).toBeGreaterThanOrEqual(answer.promptTokens);
      expect(gateway.counters()).toEqual({ proved: 0, counted: 0, estimated: 1, budget_overruns_total: 0 });
    });

    it('takes the rate of a model from what its latest requests really came to', async () => {
      const gateway = await gatewayTo(UNCOUNTED);
      const mission = await aMission(database);
      for (let calls = 0; calls < 9; calls += 1) await gateway.ask(requestOf(mission));
      const bounds = (await callsOf(mission)).map((call) => Number(call.bound_tokens)).sort((a, b) => a - b);
      expect(bounds[0]).toBeLessThan(bounds.at(-1) ?? 0); // the ninth knows eight others
    });

    it('sends nothing when what is unproved is refused', async () => {
      const gateway = await gatewayTo(UNCOUNTED, { unprovedRequests: 'refuse' });
      const mission = await aMission(database);
      await expect(gateway.ask(requestOf(mission))).rejects.toBeInstanceOf(UnprovedError);
      expect(sent()).toEqual([]);
      expect(await callsOf(mission)).toEqual([]);
    });

    it('sends nothing whose estimate does not fit', async () => {
      const gateway = await gatewayTo(UNCOUNTED);
      const mission = await aMission(database);
      const body = {
        ...requestOf(mission).body,
        messages: [{ role: 'user' as const, content: '掘る '.repeat(8_000) }],
      };
      await expect(gateway.ask(requestOf(mission, { body }))).rejects.toBeInstanceOf(ContextBoundError);
      expect(sent()).toEqual([]);
    });
  });

  it('lets nothing leave that is not the body that was proved, and is billed nothing for it', async () => {
    const gateway = await gatewayTo();
    const mission = await aMission(database);
    let reads = 0;
    const body = Object.defineProperty({ ...requestOf(mission).body }, 'system', {
      enumerable: true,
      get: () => `# Wavekeeper worker ${(reads += 1)}`,
    });
    const asked = gateway.ask(requestOf(mission, { body, provenTokens: 100 }));
    await expect(asked).rejects.toMatchObject({ name: 'ModelFailure', kind: 'bad_response' });
    expect(sent()).toEqual([]);
    expect(await callsOf(mission)).toMatchObject([{ billing_uncertain: false, cost_usd: '0.000000000' }]);
  });

  /** A request and the bill of one that met a fault. */
  const billOf = async (fault: NonNullable<RelayScript['faults']>[number]['do']) => {
    const watchdog = { headersMs: 1_000, idleMs: 1_000 };
    const gateway = await gatewayTo(
      { faults: [{ match: { role: 'worker', nth: 1 }, do: fault }] },
      { watchdog },
    );
    const mission = await aMission(database);
    await gateway.ask(requestOf(mission)).catch(() => null);
    const [call] = await callsOf(mission);
    return { call, charged: sent()[0]?.chargedUsd ?? Number.NaN, mission };
  };

  it.each(['cut', 'mid_stream_error', 'stall_body'] as const)(
    'charges after %s what it knows of the input and all the output that was allowed, and says that it is uncertain',
    async (fault) => {
      const { call, charged, mission } = await billOf(fault);
      expect(call).toMatchObject({ state: 'failed', billing_uncertain: true });
      expect(Number(call?.input_tokens)).toBeGreaterThan(0);
      expect(Number(call?.cost_usd)).toBeGreaterThan(charged);
      expect(Number(call?.cost_usd)).toBeLessThan(Number(call?.reserved_usd));
      expect((await mission.row()).spent_usd).toBe(call?.cost_usd);
    },
  );

  it.each(['garbage', 'stall_headers'] as const)(
    'charges after %s all that was reserved, and says that it is uncertain',
    async (fault) => {
      const { call } = await billOf(fault);
      expect(call).toMatchObject({ state: 'failed', billing_uncertain: true, input_tokens: 0 });
      expect(call?.cost_usd).toBe(call?.reserved_usd);
    },
  );

  it.each(['429', '529', 'unauthorized', 'spend_limit'] as const)(
    'charges nothing for an answer %s',
    async (fault) => {
      const { call } = await billOf(fault);
      expect(call).toMatchObject({ state: 'failed', billing_uncertain: false, cost_usd: '0.000000000' });
    },
  );
});
