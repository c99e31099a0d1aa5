import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';
import { expectInvariants } from '../../../test/support/invariants.js';
import { aMission, type TestMission } from '../../../test/support/mission.js';
import { startRelay, type Relay, type RelayScript } from '../../../test/support/relay.js';
import {
  BudgetError,
  ContextBoundError,
  ModelFailure,
  type ModelGateway,
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

  const gatewayTo = async (script: RelayScript = {}): Promise<ModelGateway> => {
    relay = await startRelay(database.transactions, script);
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
});
