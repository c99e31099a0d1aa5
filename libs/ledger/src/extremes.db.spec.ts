import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';
import { expectInvariants } from '../../../test/support/invariants.js';
import { A_KEY, aMission, aTenant, type TestMission } from '../../../test/support/mission.js';
import { aCall } from '../../../test/support/model-call.js';
import { toAccept, toCreate, toDispatch, toHandOff, toNote } from '../../../test/support/writes.js';
import {
  addDirective,
  cancelLeftovers,
  controlMission,
  ensureDefaultMission,
  permitModelCall,
} from './index.js';

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
  it('is canceled at once, with all that is in flight, and then task by task in transactions that have a bound', async () => {
    const mission = await aMission(database);
    for (let batch = 0; batch < 3; batch += 1)
      await mission.submit(...numbered(1_000).map((task) => ({ ...task, key: `${batch}-${task.key}` })));
    await mission.wave(toDispatch('T1', 'T2', 'T3'));
    const attempt = await mission.mustClaim();

    await mission.run((tx) => controlMission(tx, mission.id, 'cancel', A_KEY));
    for (const tasks_canceled of [1_000, 2_000, 3_000, 3_000]) {
      expect(await mission.row()).toMatchObject({
        state: 'canceled',
        tasks_canceled,
        tasks_queued: 3_000 - tasks_canceled,
        attempts_in_flight: 0,
      });
      await expectInvariants(database); // whoever is killed here leaves nothing wrong
      await mission.run((tx) => cancelLeftovers(tx, mission.id));
    }
    expect(await mission.complete(attempt)).toMatchObject({ accepted: false, code: 'attempt_canceled' });
    expect((await mission.events('task.canceled')).length).toBe(3_000);
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

  it('shows the next wave what a person says after a thousand tasks came in one request', async () => {
    const mission = await aMission(database);
    await mission.submit(...numbered(1_000));
    await mission.say('Begin with the cellar.');

    const { inbox, inboxSpill } = (await mission.mustOpenWave()).snapshot;

    expect(inbox).toContainEqual(
      expect.objectContaining({ kind: 'message', text: 'Begin with the cellar.' }),
    );
    expect(inbox).toContainEqual(expect.objectContaining({ kind: 'submission', count: 1_000 }));
    expect(inboxSpill).toBe(0);
  });

  it('refuses a directive that a conductor could not be shown', async () => {
    const mission = await aMission(database);
    await mission.query('UPDATE mission SET last_directive_number = 499 WHERE tenant_id = $1 AND id = $2');
    const add = () => mission.run((tx) => addDirective(tx, mission.id, 'One more.', A_KEY));
    await add();
    await expect(add()).rejects.toMatchObject({ kind: 'conflict', code: 'directives_max_reached' });
  });
});

describe('a key that looks like a ref', () => {
  it('names its own task and never another one', async () => {
    const mission = await aMission(database);
    await mission.submit({ title: 'First', key: 'a' }, { title: 'Second', key: 'b' });
    const [named] = await mission.submit({ title: 'Mine', key: 'T2' });
    expect(named).toMatchObject({ ref: 'T3', existing: false });
    const [again] = await mission.submit({ title: 'Mine', key: 'T2' });
    expect(again).toMatchObject({ ref: 'T3', existing: true });
  });

  it('does not divert what a conductor builds on the ref', async () => {
    const mission = await aMission(database);
    await mission.submit({ title: 'First', key: 'a' }, { title: 'Decoy', key: 'T1' });
    await mission.wave(toCreate('built', { depends_on: ['T1'] }));
    const rows = await mission.query(
      `SELECT n.title FROM task t JOIN task_dependency d ON d.task_id = t.id JOIN task n ON n.id = d.depends_on_id
        WHERE t.tenant_id = $1 AND t.mission_id = $2 AND t.key = 'built'`,
    );
    expect(rows).toEqual([{ title: 'First' }]);
  });
});

describe('the default mission', () => {
  it('is made once, however many tasks ask for it at once, and cannot be ended', async () => {
    const tenantId = await aTenant(database.transactions);
    const { transactions } = database;
    const ids = await Promise.all(
      Array.from({ length: 12 }, () =>
        transactions.inTransaction(tenantId, (tx) => ensureDefaultMission(tx, A_KEY)),
      ),
    );
    const [missionId = ''] = ids;
    expect(new Set(ids).size).toBe(1);
    await expect(
      transactions.inTransaction(tenantId, (tx) => controlMission(tx, missionId, 'cancel', A_KEY)),
    ).rejects.toMatchObject({ code: 'default_mission' });
  });
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
  return mission.run((tx) => permitModelCall(tx, aCall(mission, reservedUsd)));
}
