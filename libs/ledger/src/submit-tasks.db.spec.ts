import { taskInputSchema } from '#contracts';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';
import { expectInvariants } from '../../../test/support/invariants.js';
import { A_KEY, aMission, refOf, rowIdOf } from '../../../test/support/mission.js';
import { toDispatch, toHandOff } from '../../../test/support/writes.js';
import { cancelTask, controlMission, submitTasks } from './index.js';

describe('submitTasks', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterEach(() => expectInvariants(database));
  afterAll(() => database.drop());

  it('takes in tasks with their dependencies, and makes the mission due', async () => {
    const mission = await aMission(database);
    const answers = await mission.submit(
      { title: 'Build', key: 'build', depends_on: ['dig', 'pour'] },
      { title: 'Dig', key: 'dig' },
      { title: 'Pour', key: 'pour', depends_on: ['dig'] },
    );
    expect(answers.map(refOf)).toEqual(['T1', 'T2', 'T3']);
    expect(await mission.task('T1')).toMatchObject({ state: 'blocked', open_dependencies: 2 });
    expect(await mission.task('T2')).toMatchObject({ state: 'queued', open_dependencies: 0 });
    expect((await mission.row()).wave_due_at).not.toBeNull();
  });

  it('writes one inbox item for the whole request', async () => {
    const mission = await aMission(database);
    await mission.submit('A', 'B', 'C');
    await mission.submit('D');
    expect(
      await mission.query('SELECT body FROM inbox_item WHERE tenant_id = $1 AND mission_id = $2'),
    ).toEqual([
      { body: { first: 'T1', last: 'T3', count: 3 } },
      { body: { first: 'T4', last: 'T4', count: 1 } },
    ]);
  });

  it('returns the task that has a key already, and submits nothing', async () => {
    const mission = await aMission(database);
    const [first] = await mission.submit({ title: 'Dig', key: 'dig' });
    const [second] = await mission.submit({ title: 'Dig deeper', key: 'dig' });
    expect(second).toEqual({ ...first, existing: true });
    expect(await mission.task('T1')).toMatchObject({ title: 'Dig' });
    expect(await mission.row()).toMatchObject({ last_task_number: 1, last_inbox_seq: 1 });
  });

  it('makes one task of a key that many requests submit at once', async () => {
    const mission = await aMission(database);
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => mission.submit({ title: 'Dig', key: 'dig' })),
    );
    const created = answers.flat().filter((answer) => 'existing' in answer && !answer.existing);
    expect(created).toHaveLength(1);
    expect(new Set(answers.flat().map((answer) => refOf(answer)))).toEqual(new Set(['T1']));
  });

  it('holds an unknown dependency, a cycle and a key given twice against those items alone', async () => {
    const mission = await aMission(database);
    const answers = await mission.submit(
      { title: 'Fine', key: 'fine' },
      { title: 'Unknown', depends_on: ['nowhere'] },
      { title: 'Egg', key: 'egg', depends_on: ['hen'] },
      { title: 'Hen', key: 'hen', depends_on: ['egg'] },
      { title: 'Fine again', key: 'fine' },
      { title: 'After the hen', depends_on: ['hen'] },
      { title: 'After what is fine', depends_on: ['fine'] },
    );
    expect(answers.map((answer) => ('problem' in answer ? answer.problem.code : answer.ref))).toEqual([
      'T1',
      'unknown_dependency',
      'dependency_cycle',
      'dependency_cycle',
      'duplicate_key',
      expect.stringMatching(/^dependency_/),
      'T2',
    ]);
    expect(await mission.row()).toMatchObject({ last_task_number: 2, tasks_queued: 1, tasks_blocked: 1 });
  });

  it('names dependencies by key, ref or id, and takes a completed one as met', async () => {
    const mission = await aMission(database);
    const [done] = await mission.submit({ title: 'Done', key: 'done' });
    await mission.finish('T1');
    const id = done !== undefined && 'id' in done ? done.id : '';
    await mission.submit(
      { depends_on: ['done'] },
      { depends_on: ['T1'] },
      { depends_on: [id, 'T1', 'done'] },
    );
    for (const ref of ['T2', 'T3', 'T4'])
      expect(await mission.task(ref)).toMatchObject({ state: 'queued', open_dependencies: 0 });
    expect(
      await mission.query('SELECT 1 FROM task_dependency WHERE tenant_id = $1 AND $2::uuid IS NOT NULL'),
    ).toHaveLength(3);
  });

  it('blocks a task that depends on one which was canceled, and says why', async () => {
    const mission = await aMission(database);
    const [dig] = await mission.submit({ key: 'dig' });
    await mission.run((tx) => cancelTask(tx, rowIdOf(dig), A_KEY));
    await mission.submit({ key: 'pour', depends_on: ['dig'] });
    expect(await mission.task('T2')).toMatchObject({ state: 'blocked', state_reason: 'dependency_failed' });
  });

  it('takes in 1,000 tasks that depend on each other in one request', async () => {
    const mission = await aMission(database);
    const keys = Array.from({ length: 1_000 }, (_key, place) => `k${place}`);
    const answers = await mission.submit(
      ...keys.map((key, place) => ({ key, depends_on: keys.slice(Math.max(0, place - 1), place) })),
    );
    expect(answers.every((answer) => 'ref' in answer)).toBe(true);
    expect(await mission.row()).toMatchObject({ tasks_queued: 1, tasks_blocked: 999, inbox_unseen: 1 });
  });

  it('refuses to let a mission grow beyond its limit, and takes nothing in', async () => {
    const mission = await aMission(database, {
      policy: { limits: { tasks_max: 2 } },
    });
    await expect(mission.submit('A', 'B', 'C')).rejects.toMatchObject({ code: 'tasks_max_reached' });
    expect(await mission.row()).toMatchObject({ last_task_number: 0, inbox_unseen: 0 });
  });

  it('takes a completed mission up again', async () => {
    const mission = await aMission(database);
    await mission.submit('A');
    await mission.finish('T1');
    await mission.say('Are you done?');
    await mission.wave(toHandOff({ done: true }));
    expect(await mission.row()).toMatchObject({ state: 'completed' });

    await mission.submit('B');
    expect(await mission.row()).toMatchObject({ state: 'active' });
    await mission.wave(toDispatch('T2'));
    expect(await mission.events('mission.')).toEqual([
      'mission.created',
      'mission.completed',
      'mission.resumed',
    ]);
  });

  it('leaves a completed mission completed when a repeated key brings nothing new', async () => {
    const mission = await aMission(database);
    await mission.submit({ key: 'a' });
    await mission.finish('T1');
    await mission.say('Are you done?');
    await mission.wave(toHandOff({ done: true }));

    await mission.submit({ key: 'a' });
    expect(await mission.row()).toMatchObject({ state: 'completed' });
  });

  it.each(['cancel', 'archive'] as const)('refuses work for a mission after %s', async (action) => {
    const mission = await aMission(database);
    await mission.run((tx) => controlMission(tx, mission.id, action, A_KEY));
    await expect(mission.submit('A')).rejects.toMatchObject({ kind: 'conflict', code: 'mission_ended' });
    expect(await mission.row()).toMatchObject({ last_task_number: 0 });
  });

  it('leaves nothing of a transaction that is rolled back, and rings for nothing', async () => {
    const mission = await aMission(database);
    const before = await mission.row();
    const rings: unknown[] = [];
    const stop = database.transactions.onCommit((rung) => rings.push(...rung));
    const items = [{ task: taskInputSchema.parse({ title: 'A' }) }];
    const rolledBack = mission.run(async (tx) => {
      await submitTasks(tx, mission.id, items, A_KEY);
      throw new Error('the client went away');
    });
    await expect(rolledBack).rejects.toThrow('the client went away');
    expect(rings).toEqual([]);
    expect(await mission.row()).toEqual(before);
    await mission.submit('A');
    stop();
    expect(rings).toEqual([{ ticket: 'wave', delayMs: expect.any(Number) }]);
  });
});
