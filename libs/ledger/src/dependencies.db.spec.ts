import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';
import { expectInvariants } from '../../../test/support/invariants.js';
import { A_KEY, A_WORKER, aMission, rowIdOf, type TestMission } from '../../../test/support/mission.js';
import { toAccept, toDispatch, toFail, toHandOff, toSendBack } from '../../../test/support/writes.js';
import { cancelTask, controlMission, failAttempt, retryTask, updateTask } from './index.js';

/** Dispatches a ready task and lets its worker fail for good. */
async function ruin(mission: TestMission, ref: string): Promise<void> {
  await mission.wave(toDispatch(ref));
  const { attemptId, leaseToken } = await mission.mustClaim();
  await mission.run((tx) =>
    failAttempt(tx, attemptId, { leaseToken, error: { message: 'No.', retryable: false } }, A_WORKER),
  );
}

const retry = (mission: TestMission, id: string) => mission.run((tx) => retryTask(tx, id, A_KEY));
const cancel = (mission: TestMission, id: string) => mission.run((tx) => cancelTask(tx, id, A_KEY));

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterEach(() => expectInvariants(database));
afterAll(() => database.drop());

describe('a completed dependency', () => {
  it('makes ready what waited for nothing else, and that can be dispatched in the same wave', async () => {
    const mission = await aMission(database);
    await mission.submit(
      { key: 'a' },
      { key: 'b' },
      { key: 'c', depends_on: ['a'] },
      { depends_on: ['a', 'b'] },
    );
    await mission.wave(toDispatch('T1'));
    await mission.complete(await mission.mustClaim());
    await mission.wave(toAccept('T1'), toDispatch('T3'));
    expect(await mission.task('T3')).toMatchObject({ state: 'queued', attempt_count: 1 });
    expect(await mission.task('T4')).toMatchObject({ state: 'blocked', open_dependencies: 1 });
  });

  it('shows its result to those who waited for it', async () => {
    const mission = await aMission(database);
    await mission.submit({ key: 'a', title: 'Dig' }, { depends_on: ['a'] });
    await mission.wave(toDispatch('T1'));
    await mission.complete(await mission.mustClaim(), 'Two metres deep.');
    await mission.wave(toAccept('T1'), toDispatch('T2'));
    const { brief } = await mission.mustClaim();
    expect(brief.dependencies).toEqual([{ ref: 'T1', title: 'Dig', summary: 'Two metres deep.' }]);
  });
});

describe('a dependency that fails', () => {
  it('leaves its dependants blocked, with one inbox item for all of them', async () => {
    const mission = await aMission(database);
    await mission.submit({ key: 'a' }, { depends_on: ['a'] }, { depends_on: ['a'] });
    await ruin(mission, 'T1');
    for (const ref of ['T2', 'T3'])
      expect(await mission.task(ref)).toMatchObject({ state: 'blocked', state_reason: 'dependency_failed' });
    expect(await mission.unseen()).toEqual(['dependency_failed', 'attempt_exhausted']);
  });

  it('is the same when it is canceled, or failed in review', async () => {
    const mission = await aMission(database);
    const [a] = await mission.submit(
      { key: 'a' },
      { key: 'b' },
      { depends_on: ['a'] },
      { depends_on: ['b'] },
    );
    await cancel(mission, rowIdOf(a));
    await mission.wave(toDispatch('T2'));
    await mission.complete(await mission.mustClaim());
    await mission.wave(toFail('T2', 'Not what was asked.'));
    for (const ref of ['T3', 'T4'])
      expect(await mission.task(ref)).toMatchObject({ state: 'blocked', state_reason: 'dependency_failed' });
    expect(await mission.unseen()).toEqual(['dependency_failed']);
  });

  it('revives its dependants by a retry, which is its next generation', async () => {
    const mission = await aMission(database);
    const [a] = await mission.submit({ key: 'a' }, { depends_on: ['a'] });
    await ruin(mission, 'T1');
    await retry(mission, rowIdOf(a));
    expect(await mission.task('T1')).toMatchObject({
      state: 'queued',
      generation: 2,
      failures: 0,
      expiries: 0,
      result: null,
    });
    expect(await mission.task('T2')).toMatchObject({
      state: 'blocked',
      state_reason: null,
      failed_dependencies: 0,
    });
    await mission.finish('T1');
    await mission.finish('T2');
    expect(await mission.row()).toMatchObject({ tasks_completed: 2 });
  });

  it('revives nothing as long as another one has failed', async () => {
    const mission = await aMission(database);
    const [a, b] = await mission.submit({ key: 'a' }, { key: 'b' }, { depends_on: ['a', 'b'] });
    await cancel(mission, rowIdOf(a));
    await cancel(mission, rowIdOf(b));
    await retry(mission, rowIdOf(a));
    expect(await mission.task('T3')).toMatchObject({
      state_reason: 'dependency_failed',
      failed_dependencies: 1,
    });
    await retry(mission, rowIdOf(b));
    expect(await mission.task('T3')).toMatchObject({ state_reason: null, failed_dependencies: 0 });
  });
});

describe('retryTask', () => {
  it('refuses a completed task, and one that is open', async () => {
    const mission = await aMission(database);
    const [a, b] = await mission.submit('A', 'B');
    await mission.finish('T1');
    await expect(retry(mission, rowIdOf(a))).rejects.toMatchObject({
      kind: 'conflict',
      code: 'task_completed',
    });
    await expect(retry(mission, rowIdOf(b))).rejects.toMatchObject({ kind: 'conflict', code: 'task_queued' });
  });

  it('blocks a task whose dependencies have not completed', async () => {
    const mission = await aMission(database);
    const [, b] = await mission.submit({ key: 'a' }, { depends_on: ['a'] });
    await cancel(mission, rowIdOf(b));
    await retry(mission, rowIdOf(b));
    expect(await mission.task('T2')).toMatchObject({ state: 'blocked', open_dependencies: 1, generation: 2 });
  });

  it('takes its completed mission up again, and makes it due', async () => {
    const mission = await aMission(database);
    const [a] = await mission.submit('A');
    await cancel(mission, rowIdOf(a));
    await mission.wave(toHandOff({ done: true }));
    expect(await mission.row()).toMatchObject({ state: 'completed' });
    await retry(mission, rowIdOf(a));
    expect(await mission.row()).toMatchObject({ state: 'active', wave_due_at: expect.any(Date) });
  });

  it('counts attempts on: the next one never has the number of an earlier one', async () => {
    const mission = await aMission(database);
    const [a] = await mission.submit('A');
    await ruin(mission, 'T1');
    await retry(mission, rowIdOf(a));
    await mission.wave(toDispatch('T1'));
    expect((await mission.mustClaim()).brief.attempt).toMatchObject({ number: 2, feedback: null });
  });
});

describe('cancelTask', () => {
  it('refuses what has ended', async () => {
    const mission = await aMission(database);
    const [a] = await mission.submit('A');
    await cancel(mission, rowIdOf(a));
    await expect(cancel(mission, rowIdOf(a))).rejects.toMatchObject({ code: 'task_canceled' });
  });

  it('frees the slot of its attempt for what is ready', async () => {
    const mission = await aMission(database);
    const attempt = await mission.workingOn();
    await mission.submit('Another');
    await mission.wave(toHandOff({ defer_ready: true }));
    expect((await mission.row()).wave_due_at).toBeNull();
    await cancel(mission, attempt.taskId);
    expect(await mission.row()).toMatchObject({ attempts_in_flight: 0, tasks_ready: 1 });
  });

  it('cancels all that is open with its mission, however many there are', async () => {
    const mission = await aMission(database);
    await mission.submit(
      ...Array.from({ length: 200 }, (_task, place) => ({
        key: `k${place}`,
        depends_on: place === 0 ? [] : [`k${place - 1}`],
      })),
    );
    await mission.run((tx) => controlMission(tx, mission.id, 'cancel', A_KEY));
    expect(await mission.row()).toMatchObject({ state: 'canceled', tasks_canceled: 200, tasks_blocked: 0 });
    expect(await mission.events('task.canceled')).toHaveLength(200);
  });
});

describe('a task sent back', () => {
  it('goes to the queue with the feedback, which its next worker reads', async () => {
    const mission = await aMission(database);
    await mission.complete(await mission.workingOn());
    await mission.wave(toSendBack('T1', 'Deeper.'), toDispatch('T1'));
    expect((await mission.mustClaim()).brief.attempt).toMatchObject({ number: 2, feedback: 'Deeper.' });
    expect(await mission.task('T1')).toMatchObject({ failures: 0 });
  });
});

describe('updateTask', () => {
  it('changes what has not started, and refuses what has', async () => {
    const mission = await aMission(database);
    const [a] = await mission.submit('A');
    const rename = (title: string) => mission.run((tx) => updateTask(tx, rowIdOf(a), { title }, A_KEY));
    await rename('B');
    expect(await mission.task('T1')).toMatchObject({ title: 'B', version: 2 });
    await mission.wave(toDispatch('T1'));
    await expect(rename('C')).rejects.toMatchObject({ code: 'task_started' });
  });
});
