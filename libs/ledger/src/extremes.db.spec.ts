import { taskInputSchema } from '#contracts';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';
import { expectInvariants } from '../../../test/support/invariants.js';
import { A_KEY, aMission, type TestMission } from '../../../test/support/mission.js';
import { toAccept, toDispatch, toHandOff, toNote } from '../../../test/support/writes.js';
import { addDirective, controlMission, permitModelCall } from './index.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  await expectInvariants(database);
  await database.drop();
});

const numbered = (count: number) =>
  Array.from({ length: count }, (_, place) => ({ title: `Task ${place}`, key: `k${place}` }));

describe('a large mission', () => {
  it('is canceled whole in one transaction, with everything that is open in it', async () => {
    const mission = await aMission(database);
    for (let batch = 0; batch < 5; batch += 1)
      await mission.submit(...numbered(1_000).map((task) => ({ ...task, key: `${batch}-${task.key}` })));
    await mission.wave(toDispatch('T1', 'T2', 'T3'));
    const attempt = await mission.mustClaim();

    await mission.run((tx) => controlMission(tx, mission.id, 'cancel', A_KEY));

    expect(await mission.row()).toMatchObject({
      state: 'canceled',
      tasks_canceled: 5_000,
      attempts_in_flight: 0,
    });
    expect(await mission.complete(attempt)).toMatchObject({ accepted: false, code: 'attempt_canceled' });
    expect((await mission.events('task.canceled')).length).toBe(5_000);
  });

  it('takes a thousand tasks with a hundred dependencies each in one request', async () => {
    const mission = await aMission(database);
    const tasks = numbered(1_000).map((task, place) => ({
      ...task,
      depends_on: Array.from({ length: Math.min(100, place) }, (_, before) => `k${place - 1 - before}`),
    }));
    const answers = await mission.submit(...tasks);
    expect(answers.every((answer) => 'id' in answer)).toBe(true);
    expect(await mission.row()).toMatchObject({ tasks_blocked: 999, tasks_ready: 1 });
  });

  it('refuses a directive that a conductor could not be shown', async () => {
    const mission = await aMission(database);
    await mission.query('UPDATE mission SET last_directive_number = 499 WHERE tenant_id = $1 AND id = $2');
    const add = () => mission.run((tx) => addDirective(tx, mission.id, 'One more.', A_KEY));
    await add();
    await expect(add()).rejects.toMatchObject({ kind: 'conflict', code: 'directives_max_reached' });
  });
});

describe('a key', () => {
  it.each(['T1', 'A9', 'tsk_01jzzzzzzzfzzbzzzzzzzzzzzz'])(
    'may not look like what the ledger gives: %s',
    (key) => {
      expect(taskInputSchema.safeParse({ title: 'A', key }).success).toBe(false);
    },
  );
});

describe("a day's limit", () => {
  it('is not overshot by requests that reserve at the same moment', async () => {
    const mission = await aMission(database, { budget: { daily_usd: '1.00' } });
    const permissions = await Promise.all(Array.from({ length: 10 }, () => permit(mission, '0.30')));
    expect(permissions.filter(({ kind }) => kind === 'ok')).toHaveLength(3);
  });
});

describe('a conductor that says nothing of the end', () => {
  it('is asked once more when all is done, and is stalled when it keeps silent', async () => {
    const mission = await aMission(database);
    await mission.submit('A');
    await mission.wave(toDispatch('T1'));
    await mission.complete(await mission.mustClaim());
    await mission.wave(toAccept('T1'));
    expect(await mission.row()).toMatchObject({ state: 'active', verification_owed: true });

    await mission.skipWaiting();
    await mission.wave();
    await mission.skipWaiting();
    await mission.wave();
    expect(await mission.row()).toMatchObject({ state: 'active', holds: ['stalled'] });
  });

  it('completes its mission when it says so after all', async () => {
    const mission = await aMission(database);
    await mission.submit('A');
    await mission.wave(toDispatch('T1'));
    await mission.complete(await mission.mustClaim());
    await mission.wave(toAccept('T1'));
    await mission.skipWaiting();
    await mission.wave(toHandOff({ done: true }));
    expect(await mission.row()).toMatchObject({ state: 'completed' });
  });
});

describe('a conductor that only takes notes', () => {
  it('is stalled like one that does nothing: notes alone do not move the work on', async () => {
    const mission = await aMission(database, { policy: { no_progress_waves_max: 2 } });
    await mission.submit('A');
    await mission.wave(toNote('It is a nice day.'));
    await mission.skipWaiting();
    await mission.wave(toNote('It still is.'));
    expect(await mission.row()).toMatchObject({ holds: ['stalled'] });
  });
});

function permit(mission: TestMission, reservedUsd: string) {
  return mission.run((tx) =>
    permitModelCall(tx, {
      missionId: mission.id,
      waveId: null,
      attemptId: null,
      role: 'worker',
      model: 'claude-sonnet-5-5',
      budgetTokens: 24_000,
      countedTokens: null,
      reservedUsd,
      deadlineMs: 60_000,
    }),
  );
}
