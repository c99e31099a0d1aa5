import { controlMission } from '#ledger';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';
import { expectInvariantsThenClear } from '../../../test/support/invariants.js';
import { A_KEY, aMission, type Row, type TestMission } from '../../../test/support/mission.js';
import { startRelay, type Relay, type RelayScript } from '../../../test/support/relay.js';

type Fault = NonNullable<RelayScript['faults']>[number]['do'];

const ROUNDS_MAX = 12;
/** So that no test of a stall waits for a minute; all others keep the real limits. */
const QUICK_WATCHDOG = { headersMs: 1_000, idleMs: 1_000 };

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

type PlannedFault = readonly [nth: number, fault: Fault];

/** A mission with one task, whose conductor's requests meet these faults, worked on until nothing is due. */
async function run(faults: readonly PlannedFault[], script: RelayScript = {}): Promise<TestMission> {
  relay = await startRelay(
    database.transactions,
    {
      ...script,
      slow_ms: 1,
      faults: faults.map(([nth, fault]) => ({ match: { role: 'conductor', nth }, do: fault })),
    },
    faults.some(([, fault]) => fault.startsWith('stall_')) ? { watchdog: QUICK_WATCHDOG } : {},
  );
  const mission = await aMission(database);
  await mission.submit({ key: 'dig' });
  await settle(mission);
  return mission;
}

async function settle(mission: TestMission): Promise<void> {
  for (let rounds = 0; rounds < ROUNDS_MAX; rounds += 1) {
    await relay?.settle();
    if ((await mission.row()).wave_due_at === null) break;
    await mission.skipWaiting(); // the back-off after an abort
  }
}

function outcomeOf(wave: Row | undefined): string {
  return `${String(wave?.state)}: ${String(wave?.stop_reason)}`;
}

async function expectCompleted(mission: TestMission): Promise<void> {
  expect(await mission.row()).toMatchObject({ state: 'completed', tasks_completed: 1, aborts_in_row: 0 });
  for (const type of ['task.dispatched', 'attempt.succeeded', 'task.completed'])
    expect(await mission.events(type)).toHaveLength(1);
}

/** Every request that the provider took is a call in our books, at its price; where that is uncertain, at no less. */
async function expectBilled(mission: TestMission): Promise<void> {
  const calls = await mission.query(
    'SELECT * FROM model_call WHERE tenant_id = $1 AND mission_id = $2 ORDER BY sent_at',
  );
  const taken = relay?.simulator.requests() ?? [];
  expect(calls).toHaveLength(taken.length);
  for (const [place, { cost_usd, billing_uncertain }] of calls.entries()) {
    const charged = taken[place]?.chargedUsd ?? Number.NaN;
    if (billing_uncertain === true) expect(Number(cost_usd)).toBeGreaterThanOrEqual(charged);
    else expect(Number(cost_usd)).toBeCloseTo(charged, 8);
  }
}

/** Works on; where a person has to act meanwhile, one does. The outcomes of its waves when it has come to its end. */
async function finish(mission: TestMission): Promise<string[]> {
  for (let rounds = 0; rounds < ROUNDS_MAX && (await mission.row()).state !== 'completed'; rounds += 1) {
    expect((await mission.row()).holds).toEqual(['provider']);
    await mission.run((tx) => controlMission(tx, mission.id, 'resume', A_KEY));
    await settle(mission);
  }
  const waves = await mission.waves();
  for (const wave of waves) if (wave.state === 'aborted') expect(wave.decisions).toEqual([]);
  await expectCompleted(mission);
  await expectBilled(mission);
  return waves.map(outcomeOf);
}

/** A response that is refused costs one more request, so a wave can be given as many as a test needs. */
const AGAIN = 'malformed_tool_input';

describe('a wave that meets a fault at its first, a middle or its last request', () => {
  /** Three waves meet it, one at each place; each way to fail has a name of its own. */
  const ABORTING: readonly (readonly [Fault, string])[] = [
    ['429', 'rate_limited'],
    ['529', 'overloaded'],
    ['server_error', 'server_error'],
    ['mid_stream_error', 'stream_error'],
    ['cut', 'broken_stream'],
    ['stall_headers', 'stalled'],
    ['stall_body', 'stalled'],
    ['garbage', 'bad_response'],
    ['unknown_stop', 'unknown_stop'],
    ['spend_limit', 'spend_limit'],
    ['usage_limit', 'spend_limit'],
    ['payment_required', 'spend_limit'],
    ['unauthorized', 'unauthorized'],
    ['forbidden', 'forbidden'],
    ['not_found', 'model_not_found'],
  ];

  it.each(ABORTING)(
    'leaves nothing but its bill behind after %s, and its mission comes to its end',
    async (fault, kind) => {
      const first: PlannedFault[] = [[1, fault]];
      const middle: PlannedFault[] = [
        [2, AGAIN],
        [3, fault],
      ];
      const last: PlannedFault[] = [
        [4, AGAIN],
        [5, AGAIN],
        [6, fault],
      ];
      const outcomes = await finish(await run([...first, ...middle, ...last]));
      expect(outcomes.slice(0, 4)).toEqual([
        ...Array<string>(3).fill(`aborted: ${kind}`),
        'committed: handoff',
      ]);
    },
  );

  /** Each place in a run of its own, since the wave goes on from there. */
  const SURVIVED = (
    ['refusal', 'window_exceeded', 'pause_turn', 'slow_tokens', 'malformed_tool_input'] as const
  ).flatMap((fault) => [1, 2, 3].map((nth) => [fault, nth] as const));

  it.each(SURVIVED)('commits whole all the same: %s at request %d', async (fault, nth) => {
    const before = Array.from({ length: nth - 1 }, (_, place): PlannedFault => [place + 1, AGAIN]);
    const mission = await run([...before, [nth, fault]]);
    expect((await finish(mission))[0]).toBe('committed: handoff');
    expect((await mission.waves())[0]).toMatchObject({ requests: nth + (fault === 'slow_tokens' ? 0 : 1) });
  });

  it('drops a call that was cut by max_tokens, and what else it had staged is committed', async () => {
    const outcomes = await finish(await run([[1, 'truncate']]));
    expect(outcomes[0]).toBe('aborted: truncated');
    await relay?.close();
    const later = await run([
      [1, AGAIN],
      [2, 'truncate'],
    ]);
    expect((await finish(later))[0]).toBe('committed: cut_short');
  });
});

describe('a conductor whose model fails', () => {
  it('passes its thinking back unchanged, which the provider checks to the byte', async () => {
    const mission = await run([[1, 'malformed_tool_input']], { thinking: true });
    const [wave] = await mission.waves();
    expect(wave).toMatchObject({ state: 'committed', requests: 2 });
    expect(
      (relay?.simulator.requests() ?? []).every(({ outcome }) => outcome !== 'invalid_request_error'),
    ).toBe(true);
    await expectCompleted(mission);
  });

  it('asks a person when the fallback model refuses as well', async () => {
    const mission = await run([
      [1, 'refusal'],
      [2, 'refusal'],
    ]);
    expect((relay?.simulator.requests() ?? []).map(({ model }) => model)).toEqual([
      'claude-sonnet-5-5',
      'claude-sonnet-5',
    ]);
    expect(outcomeOf((await mission.waves())[0])).toBe('aborted: refused');
    expect(await mission.row()).toMatchObject({ holds: ['stalled'] });
    expect(await mission.unseen()).toEqual(['submission']);
    const calls = await mission.query(
      'SELECT stop_reason, state FROM model_call WHERE tenant_id = $1 AND mission_id = $2',
    );
    expect(calls).toEqual(Array(2).fill({ stop_reason: 'refusal', state: 'settled' }));
  });

  it('packs for half of its budget, once, when the provider finds a request too large', async () => {
    const mission = await run([
      [1, 'window_exceeded'],
      [2, 'window_exceeded'],
    ]);
    expect(outcomeOf((await mission.waves())[0])).toBe('aborted: window_exceeded');
    const [stored] = await mission.query(
      `SELECT c.manifest->>'target_tokens' AS target FROM wave_context c JOIN wave w ON w.tenant_id = c.tenant_id AND w.id = c.wave_id
        WHERE w.tenant_id = $1 AND w.mission_id = $2 ORDER BY w.number LIMIT 1`,
    );
    expect(stored).toEqual({ target: '16000' });
    await expectCompleted(mission);
  });

  it('holds every mission of its tenant when the provider takes no more of its money', async () => {
    relay = await startRelay(database.transactions, {
      faults: [{ match: { role: 'conductor', nth: 1 }, do: 'spend_limit' }],
    });
    const one = await aMission(database);
    const sibling = await aMission(database, {}, one.tenantId);
    const idle = await aMission(database, {}, one.tenantId);
    const neighbour = await aMission(database);
    await one.submit('Dig');
    await sibling.submit('Pour');
    await relay.handlers.wave();
    for (const mission of [one, sibling]) {
      expect(await mission.row()).toMatchObject({ holds: ['provider'] });
      expect(await mission.events('mission.provider_blocked')).toHaveLength(1);
    }
    for (const mission of [idle, neighbour]) expect(await mission.row()).toMatchObject({ holds: [] });
    expect(await relay.handlers.wave()).toBe(false);
  });

  it('leaves a model alone for as long as the provider asks, all missions of the key together', async () => {
    relay = await startRelay(database.transactions, {
      retry_after_seconds: 30,
      faults: [{ match: { role: 'conductor', nth: 1 }, do: '429' }],
    });
    const one = await aMission(database);
    const neighbour = await aMission(database);
    await one.submit('Dig');
    await relay.handlers.wave();
    await neighbour.submit('Pour');
    await relay.handlers.wave();
    expect(relay.simulator.requests()).toHaveLength(1);
    for (const mission of [one, neighbour]) {
      expect(outcomeOf((await mission.waves())[0])).toBe('aborted: rate_limited');
      expect(await mission.row()).toMatchObject({ aborts_in_row: 0, holds: [] });
      const [{ wait } = {}] = await mission.query(
        'SELECT extract(epoch FROM wave_due_at - clock_timestamp())::int AS wait FROM mission WHERE tenant_id = $1 AND id = $2',
      );
      expect(Number(wait)).toBeGreaterThan(20);
    }
  });

  it('stalls its mission after five errors in a row, asks once, and goes on when it is resumed', async () => {
    const mission = await run([1, 2, 3, 4, 5].map((nth) => [nth, 'garbage']));
    expect(await mission.row()).toMatchObject({ holds: ['stalled'], aborts_in_row: 5 });
    expect(await mission.events('mission.stalled')).toHaveLength(1);
    expect(await mission.unseen()).toEqual(['submission']);
  });
});
