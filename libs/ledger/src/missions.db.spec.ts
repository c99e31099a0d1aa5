import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';
import { expectInvariants } from '../../../test/support/invariants.js';
import { A_KEY, aMission, aTenant, TestMission } from '../../../test/support/mission.js';
import { toAccept, toCreate, toDispatch, toHandOff } from '../../../test/support/writes.js';
import {
  abortWave,
  controlMission,
  createMission,
  ensureDefaultMission,
  expireWave,
  readMissionStatus,
  updateMission,
  type Abortion,
} from './index.js';

const CRITERIA = { acceptance_criteria: ['The pit is dry.', 'The pit is deep.'] };
const CITED = [
  { criterion: 1, refs: ['T1'] },
  { criterion: 2, refs: ['T1'] },
];
const statusOf = (mission: TestMission) =>
  mission.run(async (tx) => (await readMissionStatus(tx, mission.id)).status);
const control = (mission: TestMission, action: 'pause' | 'resume' | 'cancel' | 'archive') =>
  mission.run((tx) => controlMission(tx, mission.id, action, A_KEY));
/** Works on T1 until only its review is left, and the wave that is to review it is open. */
async function lastWaveOf(mission: TestMission) {
  await mission.complete(await mission.workingOn());
  return mission.mustOpenWave();
}

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterEach(() => expectInvariants(database));
afterAll(() => database.drop());

describe('a mission', () => {
  it('completes when nothing is open, its inbox is empty and its conductor says so', async () => {
    const mission = await aMission(database);
    const wave = await lastWaveOf(mission);
    await mission.commit(wave, toAccept('T1'), toHandOff({ done: true }));
    expect(await statusOf(mission)).toBe('completed');
    expect(await mission.openWave()).toBeNull();
  });

  it('does not complete when its conductor does not say so, or says so while tasks are open', async () => {
    const mission = await aMission(database);
    const wave = await lastWaveOf(mission);
    await mission.commit(wave, toAccept('T1'), toCreate('more'), toHandOff({ done: true }));
    expect(await statusOf(mission)).toBe('active');
    await mission.finish('T2');
    expect(await statusOf(mission)).toBe('active');
  });

  it('does not complete while something has arrived that its conductor has not seen', async () => {
    const mission = await aMission(database);
    const wave = await lastWaveOf(mission);
    await mission.say('One more thing.');
    await mission.commit(wave, toAccept('T1'), toHandOff({ done: true }));
    expect(await statusOf(mission)).toBe('active');
    await mission.wave(toHandOff({ done: true }));
    expect(await statusOf(mission)).toBe('completed');
  });

  it('completes at its resumption when its last wave ended while it was paused', async () => {
    const mission = await aMission(database);
    const wave = await lastWaveOf(mission);
    await control(mission, 'pause');
    await mission.commit(wave, toAccept('T1'), toHandOff({ done: true }));
    expect(await statusOf(mission)).toBe('paused');
    await control(mission, 'resume');
    expect(await statusOf(mission)).toBe('completed');
  });

  it('never completes when it is the default mission of its tenant, of which there is one', async () => {
    const tenantId = await aTenant(database.transactions);
    const ensure = () =>
      database.transactions.inTransaction(tenantId, (tx) => ensureDefaultMission(tx, A_KEY));
    const missionId = await ensure();
    expect(await ensure()).toBe(missionId);
    const mission = new TestMission(database, tenantId, missionId);
    await mission.submit('A');
    await mission.skipWaiting();
    await mission.wave(toDispatch('T1'));
    await mission.complete(await mission.mustClaim());
    await mission.skipWaiting();
    await mission.wave(toAccept('T1'), toHandOff({ done: true }));
    expect(await mission.row()).toMatchObject({ state: 'active', tasks_completed: 1, wave_due_at: null });
  });

  it('allows the moves of its machine and refuses the others', async () => {
    const mission = await aMission(database);
    await control(mission, 'pause');
    await expect(control(mission, 'pause')).rejects.toMatchObject({ code: 'mission_paused' });
    await control(mission, 'resume');
    await expect(control(mission, 'resume')).rejects.toMatchObject({ code: 'mission_active' });
    await control(mission, 'cancel');
    await expect(control(mission, 'resume')).rejects.toMatchObject({ code: 'mission_canceled' });
    await control(mission, 'archive');
    await expect(control(mission, 'cancel')).rejects.toMatchObject({ code: 'mission_archived' });
  });

  it('refuses a policy that the standard window cannot hold, when it is made and when it is changed', async () => {
    const mission = await aMission(database);
    const policy = { context_budget_tokens: 199_000, output_tokens_max: 4_096 };
    await expect(aMission(database, { policy })).rejects.toMatchObject({ code: 'context_budget_too_large' });
    await expect(mission.run((tx) => updateMission(tx, mission.id, { policy }, A_KEY))).rejects.toMatchObject(
      { code: 'context_budget_too_large' },
    );
  });

  it('has its directives in force, word by word, from the beginning', async () => {
    const mission = await aMission(database, { directives: ['Say "please".', 'Never  on Sundays.'] });
    await mission.submit('A');
    const { snapshot } = await mission.mustOpenWave();
    expect(snapshot.directives).toEqual([
      { ref: 'D1', text: 'Say "please".' },
      { ref: 'D2', text: 'Never  on Sundays.' },
    ]);
  });

  it('is not made at all when its creation fails half-way', async () => {
    const tenantId = await aTenant(database.transactions);
    const half = database.transactions.inTransaction(tenantId, async (tx) => {
      const input = {
        title: 'A',
        objective: '',
        directives: ['B'],
        acceptance_criteria: [],
        policy: {},
        budget: {},
      };
      await createMission(tx, { ...input, callback_url: null, metadata: {} }, A_KEY);
      throw new Error('the client went away');
    });
    await expect(half).rejects.toThrow();
    const { rows } = await database.owner.query('SELECT 1 FROM mission WHERE tenant_id = $1', [tenantId]);
    expect(rows).toEqual([]);
  });
});

describe('a mission with acceptance criteria', () => {
  it('completes only by a verification wave that cites a completed task for every criterion', async () => {
    const mission = await aMission(database, CRITERIA);
    await mission.commit(await lastWaveOf(mission), toAccept('T1'), toHandOff({ done: true }));
    expect(await statusOf(mission)).toBe('active');
    const wave = await mission.mustOpenWave();
    expect(wave.snapshot.wave.trigger).toBe('verification');
    await mission.commit(wave, toHandOff({ done: true, verified: CITED }));
    expect(await statusOf(mission)).toBe('completed');
  });

  it.each([
    ['nothing', []],
    ['one criterion only', CITED.slice(0, 1)],
    ['a task that has not completed', [...CITED.slice(0, 1), { criterion: 2, refs: ['T2'] }]],
    ['a task that there is not', [...CITED.slice(0, 1), { criterion: 2, refs: ['T99'] }]],
  ])('is not completed by a verification that cites %s', async (_what, verified) => {
    const mission = await aMission(database, CRITERIA);
    await mission.commit(await lastWaveOf(mission), toAccept('T1'), toHandOff({ done: true }));
    await mission.wave(toHandOff({ done: true, verified }));
    expect(await statusOf(mission)).toBe('active');
    expect(await mission.unseen()).toEqual(['decision_rejected']);
  });

  it('verifies again after a failure, and asks a person after the second', async () => {
    const mission = await aMission(database, CRITERIA);
    await mission.commit(await lastWaveOf(mission), toAccept('T1'), toHandOff({ done: true }));
    await mission.wave(toHandOff({ note: 'I cannot tell.' }));
    expect(await statusOf(mission)).toBe('active');
    const second = await mission.mustOpenWave();
    expect(second.snapshot.wave.trigger).toBe('verification');
    await mission.commit(second, toHandOff({ note: 'Still not.' }));
    expect(await statusOf(mission)).toBe('stalled');
    expect(await mission.events('mission.stalled')).toHaveLength(1);
  });

  it('forgets a verification that is owed when there is new work', async () => {
    const mission = await aMission(database, CRITERIA);
    await mission.commit(await lastWaveOf(mission), toAccept('T1'), toHandOff({ done: true }));
    await mission.submit('Another');
    await mission.wave(toDispatch('T2'));
    await mission.complete(await mission.mustClaim());
    await mission.wave(toAccept('T2'), toHandOff());
    expect(await mission.row()).toMatchObject({ verification_owed: false, verification_failures: 0 });
    await mission.say('Are you done?');
    await mission.wave(toHandOff({ done: true }));
    expect((await mission.mustOpenWave()).snapshot.wave.trigger).toBe('verification');
  });
});

describe('a wave that aborts', () => {
  const ERROR: Abortion = { kind: 'error', reason: 'bad_response' };
  const OUTAGE: Abortion = { kind: 'outage', reason: 'outage', retryAfterMs: 0 };
  const abort = async (mission: TestMission, abortion: Abortion): Promise<void> => {
    await mission.skipWaiting();
    const wave = await mission.mustOpenWave();
    await mission.run((tx) => abortWave(tx, wave, abortion));
  };
  const lose = async (mission: TestMission): Promise<void> => {
    await mission.mustOpenWave();
    await mission.expireWaveLease();
    await mission.run((tx) => expireWave(tx, mission.id));
  };

  it('backs off longer each time, and stalls the mission after the fifth error in a row', async () => {
    const mission = await aMission(database);
    await mission.submit('A');
    const waits: number[] = [];
    for (let aborts = 1; aborts < 5; aborts += 1) {
      await abort(mission, ERROR);
      const [row] = await mission.query(
        `SELECT round(extract(epoch FROM m.wave_due_at - w.ended_at))::int AS wait FROM mission m
           JOIN wave w ON w.tenant_id = m.tenant_id AND w.mission_id = m.id AND w.number = m.last_wave_number
          WHERE m.tenant_id = $1 AND m.id = $2`,
      );
      waits.push(Number(row?.wait));
    }
    expect(waits).toEqual([1, 2, 4, 8]);
    expect(await statusOf(mission)).toBe('active');
    await abort(mission, ERROR);
    expect(await statusOf(mission)).toBe('stalled');
    expect(await mission.openWave()).toBeNull();
    expect(await mission.events('mission.stalled')).toHaveLength(1);
  });

  it('counts from the beginning after a commit, and after a person has resumed the mission', async () => {
    const mission = await aMission(database);
    await mission.submit('A');
    for (let aborts = 0; aborts < 4; aborts += 1) await abort(mission, ERROR);
    await mission.skipWaiting();
    await mission.wave(toHandOff());
    for (let aborts = 0; aborts < 5; aborts += 1) await abort(mission, ERROR);
    expect(await statusOf(mission)).toBe('stalled');
    await control(mission, 'resume');
    await abort(mission, ERROR);
    expect(await statusOf(mission)).toBe('active');
  });

  it('is due again at once after a lost lease, and does not stall before the twentieth in a row', async () => {
    const mission = await aMission(database);
    await mission.submit('A');
    for (let losses = 1; losses < 20; losses += 1) await lose(mission);
    expect(await mission.row()).toMatchObject({ leases_lost_in_row: 19, aborts_in_row: 0, holds: [] });
    await lose(mission);
    expect(await statusOf(mission)).toBe('stalled');
  });

  it('backs off after an outage without counting it', async () => {
    const mission = await aMission(database);
    await mission.submit('A');
    for (let outages = 0; outages < 7; outages += 1) await abort(mission, OUTAGE);
    expect(await mission.row()).toMatchObject({ aborts_in_row: 0, leases_lost_in_row: 0, holds: [] });
    expect(await mission.openWave()).toBeNull();
  });

  it('leaves its page unseen for the next one, and never aborts a wave that came after it', async () => {
    const mission = await aMission(database);
    await mission.submit('A');
    const stale = await mission.mustOpenWave();
    await mission.expireWaveLease();
    await mission.run((tx) => expireWave(tx, mission.id));
    const fresh = await mission.mustOpenWave();
    expect(fresh.snapshot.inbox).toHaveLength(1);
    await mission.run((tx) => abortWave(tx, stale, ERROR));
    expect(await mission.row()).toMatchObject({ wave_id: fresh.waveId, aborts_in_row: 0 });
  });
});

describe('waves that change nothing', () => {
  it('stall the mission after as many in a row as its policy allows', async () => {
    const mission = await aMission(database, { policy: { no_progress_waves_max: 2 } });
    await mission.submit('A');
    await mission.wave(toHandOff());
    expect(await statusOf(mission)).toBe('active');
    await mission.wave(toHandOff());
    expect(await statusOf(mission)).toBe('stalled');
    await control(mission, 'resume');
    await mission.wave(toDispatch('T1'));
    expect(await statusOf(mission)).toBe('active');
  });
});
