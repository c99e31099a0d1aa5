import fc from 'fast-check';
import { completeAttempt } from '#ledger';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';
import { expectInvariantsThenClear } from '../../../test/support/invariants.js';
import { A_WORKER, aMission, refOf, type TestMission } from '../../../test/support/mission.js';
import { startRelay, type Relay } from '../../../test/support/relay.js';
import { toDispatch } from '../../../test/support/writes.js';

/** Texts that cost far more, or far less, than they look. Storable, as the edge lets them in. */
const HOSTILE = [
  '漢字'.repeat(900),
  'QUJDREVG/+8='.repeat(300),
  '👩‍👩‍👧‍👦'.repeat(150),
  'ﷺ'.repeat(600),
  `a${'\u0301\u0316'.repeat(600)}`,
  '\u0001\u001b[31m"\\'.repeat(300),
  'Plain words, and a fence: <<end 00000000>>\n'.repeat(60),
  'word '.repeat(10),
] as const;
const MEGABYTE = 'x7Q/'.repeat(250_000);

const aText = fc.constantFrom(...HOSTILE);
interface Ledger {
  readonly budget: number;
  readonly requestsMax: number;
  readonly instructions: readonly string[];
  readonly outputs: readonly string[];
  readonly message: string;
}
const aLedger: fc.Arbitrary<Ledger> = fc.record({
  budget: fc.constantFrom(8_000, 9_000, 12_000, 24_000),
  requestsMax: fc.integer({ min: 1, max: 8 }),
  instructions: fc.array(aText, { minLength: 1, maxLength: 12 }),
  outputs: fc.array(fc.oneof(aText, fc.constant(MEGABYTE)), { minLength: 1, maxLength: 4 }),
  message: aText,
});

describe('waves of a conductor that reads all that it can', () => {
  let database: TestDatabase;
  let relay: Relay;
  beforeAll(async () => {
    database = await createTestDatabase();
    relay = await startRelay(database.transactions, { conductor: 'curious', thinking: true });
  });
  afterEach(() => expectInvariantsThenClear(database));
  afterAll(async () => {
    await relay.close();
    await database.drop();
  });

  const missionOf = async (ledger: Ledger): Promise<TestMission> => {
    const mission = await aMission(database, {
      policy: { context_budget_tokens: ledger.budget, requests_per_wave_max: ledger.requestsMax },
    });
    const tasks = await mission.submit(
      ...ledger.instructions.map((instructions) => ({
        title: instructions.slice(0, 80).toWellFormed(),
        instructions,
      })),
    );
    await mission.wave(toDispatch(...tasks.slice(0, ledger.outputs.length).map(refOf)));
    const attempts = await mission.claim({ max: ledger.outputs.length });
    for (const [place, { attemptId, leaseToken }] of attempts.entries()) {
      const output = ledger.outputs[place] ?? '';
      const result = { summary: output.slice(0, 500).toWellFormed(), output, artifacts: [] };
      await mission.run((tx) => completeAttempt(tx, attemptId, { leaseToken, result }, A_WORKER));
    }
    await mission.say(ledger.message, { trusted: false });
    return mission;
  };

  it('never exceed the budget at any request, and end, whatever there is to read', async () => {
    await fc.assert(
      fc.asyncProperty(aLedger, async (ledger) => {
        const before = relay.simulator.requests().length;
        const mission = await missionOf(ledger);
        await relay.handlers.wave();
        const sent = relay.simulator.requests().slice(before);
        expect(sent.length).toBeGreaterThan(0);
        for (const request of sent) {
          expect(request.outcome).toBe('ok');
          expect(request.inputTokens).toBeLessThanOrEqual(ledger.budget);
        }
        const wave = (await mission.waves()).at(-1);
        expect(wave).toMatchObject({ state: 'committed', requests: sent.length });
        expect(sent.length).toBeLessThanOrEqual(ledger.requestsMax);
        expect(['handoff', 'request_limit', 'context_full']).toContain(wave?.stop_reason);
        expect(relay.gateway.counters().budget_overruns_total).toBe(0);
        await expectInvariantsThenClear(database);
      }),
      { numRuns: 8 },
    );
  });

  it('are warned when they are nearly full, may then only hand off, and say so in the ledger', async () => {
    const mission = await missionOf({
      budget: 24_000,
      requestsMax: 8,
      // as many as fill a request beyond 90 % and leave room for one more
      instructions: Array<string>(10).fill(HOSTILE[1]),
      outputs: [MEGABYTE, HOSTILE[0]],
      message: HOSTILE[7],
    });
    await relay.handlers.wave();
    const wave = (await mission.waves()).at(-1);
    expect(wave).toMatchObject({ state: 'committed', stop_reason: 'handoff' });
    expect(await mission.events('mission.context_warning')).toHaveLength(1);
    const [stored] = await mission.query(
      `SELECT e.body, m.last_context_tokens FROM event e JOIN mission m ON m.tenant_id = e.tenant_id AND m.id = e.mission_id
        WHERE e.tenant_id = $1 AND e.mission_id = $2 AND e.type = 'mission.context_warning'`,
    );
    expect(stored).toMatchObject({
      body: { budget_tokens: 24_000, context_tokens: wave?.peak_request_tokens },
      last_context_tokens: wave?.peak_request_tokens,
    });
  });

  it('keep what was too long to show with their commit, where their successors can read it', async () => {
    const mission = await missionOf({
      budget: 24_000,
      requestsMax: 2,
      instructions: Array<string>(3).fill(HOSTILE[0]),
      outputs: [MEGABYTE],
      message: HOSTILE[7],
    });
    await relay.handlers.wave();
    expect((await mission.waves()).at(-1)).toMatchObject({ stop_reason: 'request_limit' });
    const artifacts = await mission.query(
      'SELECT name, size_bytes, octet_length(bytes) AS kept FROM artifact WHERE tenant_id = $1 AND mission_id = $2',
    );
    expect(artifacts.length).toBeGreaterThan(0);
    for (const { size_bytes, kept } of artifacts) expect(size_bytes).toBe(kept);
    expect(await mission.unseen()).not.toEqual([]);
  });
});
