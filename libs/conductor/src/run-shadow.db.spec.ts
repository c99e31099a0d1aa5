import type { ShadowInput } from '#contracts';
import {
  controlMission,
  holdMission,
  inMission,
  permitModelCall,
  readShadowedWave,
  readTenantBudget,
  readUsageBy,
  setTenantBudget,
  settleOrphanedCall,
} from '#ledger';
import {
  BudgetError,
  ContextBoundError,
  ModelFailure,
  ModelGateway,
  type ModelAnswer,
  type ModelRequest,
} from '#model';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';
import { contentOf } from '../../../test/support/every-table.js';
import { expectInvariantsThenClear } from '../../../test/support/invariants.js';
import { A_KEY, aMission, type TestMission } from '../../../test/support/mission.js';
import { aCall } from '../../../test/support/model-call.js';
import { startRelay, type Relay, type RelayScript } from '../../../test/support/relay.js';
import { OvercommittedError, runShadow } from './index.js';

const OTHER_MODEL = 'claude-opus-5-5';
const SAME: ShadowInput = { policy: {} };
const OTHER: ShadowInput = { model: OTHER_MODEL, policy: {} };

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

/** Its first request is larger to it than to the model of the wave. */
class CountsMoreAtFirst extends ModelGateway {
  private asked = 0;

  override ask(request: ModelRequest): Promise<ModelAnswer> {
    this.asked += 1;
    return this.asked === 1 ? Promise.reject(new ContextBoundError(30_000, 24_000)) : super.ask(request);
  }
}

/** A mission whose first wave has dispatched two tasks. */
async function aWave(
  script: RelayScript = {},
  input: Parameters<typeof aMission>[1] = {},
): Promise<{ readonly relay: Relay; readonly mission: TestMission; readonly waveId: string }> {
  relay = await startRelay(database.transactions, script);
  const mission = await aMission(database, input);
  await mission.submit({ key: 'dig', title: 'Dig' }, { key: 'pour', title: 'Pour' });
  await relay.handlers.wave();
  const [wave] = await mission.waves();
  return { relay, mission, waveId: String(wave?.id) };
}

async function shadow(
  of: { readonly relay: Relay; readonly mission: TestMission; readonly waveId: string },
  change: ShadowInput,
) {
  const wave = await of.mission.run((tx) => readShadowedWave(tx, of.waveId));
  const lease = { signal: new AbortController().signal, mayGoOn: () => Promise.resolve(true) };
  return runShadow({ transactions: database.transactions, gateway: of.relay.gateway, lease }, wave, change);
}

/** All that a tenant has but for what its models cost. */
async function allButTheBooks(mission: TestMission): Promise<unknown> {
  const content = await contentOf(database.owner, mission.tenantId);
  const missions = await mission.query(
    `SELECT to_jsonb(m) - ARRAY['spent_usd', 'reserved_usd', 'day_spent_usd', 'day_reserved_usd', 'budget_day'] AS row
       FROM mission m WHERE tenant_id = $1 AND id = $2`,
  );
  return { ...content, mission: missions, model_call: null, tenant_budget: null };
}

const ofRole = (mission: TestMission, role: string) =>
  mission.run(async (tx) => {
    const rows = await readUsageBy(
      tx,
      'role',
      { missionId: mission.id, from: null, to: null },
      { after: null, take: 10 },
    );
    return rows.find(({ key }) => key === role);
  });

describe('a shadow', () => {
  it('asks another model the very question of the wave, and finds what it decides alike', async () => {
    const of = await aWave();
    const { model, context, decisions, stop_reason } = await shadow(of, OTHER);
    expect({ model, stop_reason, isStored: context.is_stored_request }).toEqual({
      model: OTHER_MODEL,
      stop_reason: 'handoff',
      isStored: true,
    });
    const [original, again] = of.relay.simulator.requests();
    expect(again).toMatchObject({ model: OTHER_MODEL, inputTokens: original?.inputTokens });
    expect(decisions.same.map(({ tool, subject }) => [tool, subject])).toEqual([
      ['task_dispatch', 'T1'],
      ['task_dispatch', 'T2'],
      ['handoff', 'wave'],
    ]);
    expect(decisions).toMatchObject({ changed: [], only_original: [], only_shadow: [] });
  });

  it('tells what another model decides in another way or not at all', async () => {
    const { decisions } = await shadow(
      await aWave({ conductors: { [OTHER_MODEL]: 'never_progress' } }),
      OTHER,
    );
    expect(decisions).toMatchObject({
      same: [],
      changed: [{ tool: 'handoff', shadow: { note: 'Nothing was decided.' } }],
      only_original: [{ subject: 'T1' }, { subject: 'T2' }],
      only_shadow: [],
    });
  });

  it('decides as the wave did even when all that was decided has been done since', async () => {
    const of = await aWave();
    await of.relay.settle();
    expect(await of.mission.row()).toMatchObject({ state: 'completed' });
    const { decisions } = await shadow(of, SAME);
    expect(decisions.same).toHaveLength(3);
  });

  it.each(['plan', 'explode', 'curious'] as const)(
    'leaves every row but the books as it was, whatever the model does: %s',
    async (policy) => {
      const of = await aWave({ conductors: { [OTHER_MODEL]: policy } });
      await of.relay.settle();
      const before = await allButTheBooks(of.mission);
      const { reads } = await shadow(of, OTHER);
      expect(await allButTheBooks(of.mission)).toEqual(before);
      expect(reads > 0).toBe(policy === 'curious');
    },
  );

  it('is paid from the budgets of the mission and the tenant, in a role of its own, to the last digit', async () => {
    const of = await aWave();
    const before = await of.mission.row();
    const { usage, requests } = await shadow(of, OTHER);
    const booked = await ofRole(of.mission, 'shadow');
    expect(booked).toMatchObject({ requests, costUsd: usage.cost_usd, outputTokens: usage.output_tokens });
    expect(Number(usage.cost_usd)).toBeGreaterThan(0);
    const after = await of.mission.row();
    expect(Number(after.spent_usd)).toBeCloseTo(Number(before.spent_usd) + Number(usage.cost_usd), 9);
    const { spentUsd, reservedUsd } = await of.mission.run(readTenantBudget);
    expect([Number(spentUsd), reservedUsd]).toEqual([Number(after.spent_usd), '0']);
  });

  it('packs what the wave knew anew for another budget, and no request of it is larger', async () => {
    const of = await aWave({ conductors: { [OTHER_MODEL]: 'curious' } });
    const { context, decisions } = await shadow(of, {
      model: OTHER_MODEL,
      policy: { context_budget_tokens: 8_000, requests_per_wave_max: 3 },
    });
    expect(context).toMatchObject({ is_stored_request: false, budget: 8_000 });
    expect(context.tokens).toBeLessThanOrEqual(8_000);
    expect(context.total_tokens).toBeLessThanOrEqual(6_400);
    expect(decisions.only_original).toMatchObject([
      { subject: 'T1' },
      { subject: 'T2' },
      { subject: 'wave' },
    ]);
    expect(of.relay.gateway.counters().budget_overruns_total).toBe(0);
  });

  it('packs for less where its model counts more in the stored request than fits', async () => {
    const of = await aWave();
    const gateway = new CountsMoreAtFirst({
      transactions: database.transactions,
      apiKey: 'test',
      baseUrl: of.relay.simulator.url,
    });
    const { context, requests } = await shadow({ ...of, relay: { ...of.relay, gateway } }, OTHER);
    expect({ requests, isStored: context.is_stored_request }).toEqual({ requests: 1, isStored: false });
  });

  it.each<[string, ShadowInput['policy'], string]>([
    ['a budget that no window holds', { context_budget_tokens: 199_000 }, 'context_budget_too_large'],
    ['a target above its budget', { context_target_tokens: 24_001 }, 'context_target_too_large'],
  ])('refuses %s', async (_, policy, code) => {
    await expect(shadow(await aWave(), { policy })).rejects.toMatchObject({ code });
  });

  it('refuses a budget that cannot hold what the wave has to be told, before anything is sent', async () => {
    const of = await aWave(
      {},
      { directives: Array.from({ length: 4 }, () => 'Always remember the well. '.repeat(60)) },
    );
    await expect(shadow(of, { policy: { context_budget_tokens: 8_000 } })).rejects.toThrow(
      OvercommittedError,
    );
    expect(await ofRole(of.mission, 'shadow')).toBeUndefined();
  });
});

describe('a shadow that may not be paid', () => {
  it.each(['mission', 'tenant'] as const)(
    'is refused before anything is sent where it would use what is left for the work, and holds nobody: %s',
    async (whose) => {
      const of = await aWave({}, whose === 'mission' ? { budget: { limit_usd: '0.3' } } : {});
      if (whose === 'tenant') await of.mission.run((tx) => setTenantBudget(tx, { limit_usd: '0.3' }));
      const before = await allButTheBooks(of.mission);
      const sent = of.relay.simulator.requests().length;
      await expect(shadow(of, OTHER)).rejects.toThrow(BudgetError);
      expect(of.relay.simulator.requests()).toHaveLength(sent);
      expect(await allButTheBooks(of.mission)).toEqual(before);
      expect(await of.mission.row()).toMatchObject({ holds: [], budget_reached: null });
    },
  );

  it('is charged at its worst when its process dies with a request on its way, as every request is', async () => {
    const of = await aWave();
    const permission = await of.mission.run((tx) =>
      permitModelCall(tx, { ...aCall(of.mission), role: 'shadow', deadlineMs: 0 }),
    );
    if (permission.kind !== 'ok') throw new Error('there is no limit');
    await of.mission.run((tx) => settleOrphanedCall(tx, permission.callId));
    expect(await ofRole(of.mission, 'shadow')).toMatchObject({ requests: 1, costUsd: '0.1' });
  });
});

describe('a shadow whose model fails', () => {
  it('asks no other model instead, and what it cost is in the books', async () => {
    const of = await aWave({ faults: [{ match: { role: 'conductor', nth: 2 }, do: 'refusal' }] });
    await expect(shadow(of, OTHER)).rejects.toThrow(ModelFailure);
    expect(of.relay.simulator.requests().map(({ model }) => model)).toEqual([
      'claude-sonnet-5-5',
      OTHER_MODEL,
    ]);
    expect(await ofRole(of.mission, 'shadow')).toMatchObject({ requests: 1 });
    expect(await of.mission.row()).toMatchObject({ holds: [], aborts_in_row: 0 });
  });
});

describe('a wave that has no shadow', () => {
  it('is one that runs, or was aborted: it has kept no request', async () => {
    const mission = await aMission(database);
    await mission.submit('Dig');
    const { waveId } = await mission.mustOpenWave();
    const read = () => mission.run((tx) => readShadowedWave(tx, waveId));
    await expect(read()).rejects.toMatchObject({ code: 'no_stored_request' });
    await mission.run((tx) => controlMission(tx, mission.id, 'cancel', A_KEY));
    await expect(read()).rejects.toMatchObject({ code: 'mission_ended' });
  });

  it('is one whose mission waits for a person to see to its provider', async () => {
    const { mission, waveId } = await aWave();
    await mission.run((tx) =>
      inMission(tx, mission.id, (ledger) => holdMission(ledger, 'provider', 'No key.')),
    );
    const read = mission.run((tx) => readShadowedWave(tx, waveId));
    await expect(read).rejects.toMatchObject({ code: 'provider_blocked' });
  });

  it('is another tenant’s', async () => {
    const { waveId } = await aWave();
    const stranger = await aMission(database);
    const read = stranger.run((tx) => readShadowedWave(tx, waveId));
    await expect(read).rejects.toMatchObject({ code: 'not_found' });
  });
});
