import { encodeId, newUuid, SCHEDULES_PER_MISSION_MAX, type SchedulePatch } from '#contracts';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';
import { expectInvariants } from '../../../test/support/invariants.js';
import { A_KEY, aMission, type TestMission } from '../../../test/support/mission.js';
import { toDispatch } from '../../../test/support/writes.js';
import { controlMission, deleteSchedule, fireSchedule, updateSchedule } from './index.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterEach(() => expectInvariants(database));
afterAll(() => database.drop());

const fire = (mission: TestMission, schedule: string) =>
  mission.run((tx) => fireSchedule(tx, mission.id, schedule));
const change = (mission: TestMission, schedule: string, patch: SchedulePatch) =>
  mission.run((tx) => updateSchedule(tx, schedule, patch, A_KEY));
const runsOf = (mission: TestMission, schedule: string) =>
  mission.query(
    'SELECT due_at FROM schedule_run WHERE tenant_id = $1 AND $2::uuid IS NOT NULL AND schedule_id = $3',
    [schedule],
  );

describe('a schedule', () => {
  it('makes the task that it was given, and says for which moment', async () => {
    const mission = await aMission(database);
    const schedule = await mission.schedule({
      task: {
        title: 'Count the parcels',
        priority: 1,
        acceptance_criteria: ['a number'],
        metadata: { door: 7 },
      },
    });
    await mission.makeDue(schedule);
    await fire(mission, schedule);
    const task = await mission.task('T1');
    const { last_run_at: lastRunAt } = await mission.scheduleRow(schedule);
    const id = encodeId('schedule', schedule);
    expect(task).toMatchObject({
      title: 'Count the parcels',
      priority: 1,
      state: 'queued',
      acceptance_criteria: ['a number'],
      metadata: { door: 7, schedule_id: id, scheduled_at: (lastRunAt as Date).toISOString() },
    });
    const [created] = await mission.query(
      `SELECT actor_kind, actor_id FROM event WHERE tenant_id = $1 AND mission_id = $2 AND type = 'task.created'`,
    );
    expect(created).toEqual({ actor_kind: 'system', actor_id: id });
    expect(await mission.unseen()).toEqual(['submission']);
  });

  it('goes on with the next moment after each run, and counts its runs', async () => {
    const mission = await aMission(database);
    const schedule = await mission.schedule();
    await mission.makeDue(schedule);
    await fire(mission, schedule);
    const row = await mission.scheduleRow(schedule);
    expect(row).toMatchObject({ runs: 1, state: 'active' });
    expect(row.next_run_at).toEqual(nextYear());
    await fire(mission, schedule); // not due any more
    expect(await mission.scheduleRow(schedule)).toEqual(row);
  });

  it('skips what was missed unless it is to catch up', async () => {
    const mission = await aMission(database);
    const schedule = await mission.schedule({ catch_up: 'none' });
    await mission.makeDue(schedule);
    await fire(mission, schedule);
    expect(await mission.scheduleRow(schedule)).toMatchObject({
      runs: 0,
      last_run_at: null,
      next_run_at: nextYear(),
    });
    expect(await mission.row()).toMatchObject({ last_task_number: 0 });
  });

  it('makes the task of a moment that has just come, also where nothing is caught up', async () => {
    const mission = await aMission(database);
    const schedule = await mission.schedule({ cron: '* * * * *', catch_up: 'none' });
    await mission.query(
      `UPDATE schedule SET next_run_at = date_trunc('minute', clock_timestamp()) WHERE tenant_id = $1 AND mission_id = $2`,
    );
    await fire(mission, schedule);
    expect(await mission.row()).toMatchObject({ last_task_number: 1 });
  });

  it('takes a completed mission up again', async () => {
    const mission = await aMission(database);
    const schedule = await mission.schedule();
    await mission.query(`UPDATE mission SET handoff_done = true WHERE tenant_id = $1 AND id = $2`);
    for (const action of ['pause', 'resume'] as const)
      await mission.run((tx) => controlMission(tx, mission.id, action, A_KEY)); // which concludes what is done
    expect(await mission.row()).toMatchObject({ state: 'completed' });
    await mission.makeDue(schedule);
    await fire(mission, schedule);
    expect(await mission.row()).toMatchObject({ state: 'active', last_task_number: 1 });
  });

  it('offers its task at once where dispatching goes by rule', async () => {
    const mission = await aMission(database, { policy: { planning: 'auto' } });
    const schedule = await mission.schedule({ task: { title: 'Again', worker: 'builtin' } });
    await mission.makeDue(schedule);
    await fire(mission, schedule);
    expect(await mission.attempts('T1')).toMatchObject([{ state: 'offered' }]);
    expect(await mission.unseen()).toEqual([]);
  });

  it('lets a moment pass when the mission holds all the tasks that it may', async () => {
    const mission = await aMission(database, { policy: { limits: { tasks_max: 1 } } });
    const schedule = await mission.schedule();
    await mission.submit('A');
    await mission.makeDue(schedule);
    await fire(mission, schedule);
    expect(await mission.scheduleRow(schedule)).toMatchObject({ runs: 0, next_run_at: nextYear() });
  });

  it('is done when it was removed in the meantime, and its tasks stay', async () => {
    const mission = await aMission(database);
    const schedule = await mission.schedule();
    await mission.makeDue(schedule);
    await fire(mission, schedule);
    await mission.run((tx) => deleteSchedule(tx, schedule, A_KEY));
    await fire(mission, schedule);
    expect(await runsOf(mission, schedule)).toEqual([]);
    await mission.wave(toDispatch('T1'));
  });
});

describe('changing a schedule', () => {
  it('pauses and resumes it without catching up', async () => {
    const mission = await aMission(database);
    const schedule = await mission.schedule();
    await mission.makeDue(schedule);
    await change(mission, schedule, { state: 'paused' });
    expect(await mission.scheduleRow(schedule)).toMatchObject({ state: 'paused', next_run_at: null });
    await fire(mission, schedule);
    await change(mission, schedule, { state: 'active' });
    expect(await mission.scheduleRow(schedule)).toMatchObject({
      state: 'active',
      next_run_at: nextYear(),
      runs: 0,
    });
  });

  it('follows another timetable from now on, and keeps the moment when it stays the same', async () => {
    const mission = await aMission(database);
    const schedule = await mission.schedule();
    await mission.makeDue(schedule);
    const { next_run_at: due } = await mission.scheduleRow(schedule);
    await change(mission, schedule, { task: { ...A_TASK, title: 'Another' }, catch_up: 'none' });
    expect(await mission.scheduleRow(schedule)).toMatchObject({ next_run_at: due, catch_up: 'none' });
    await change(mission, schedule, { time_zone: 'Pacific/Kiritimati' });
    const { next_run_at: moved } = await mission.scheduleRow(schedule);
    expect((moved as Date).getTime()).toBe(nextYear().getTime() - 14 * 3_600_000);
  });

  it.each([
    [{ cron: '61 * * * *' }, 'invalid_cron'],
    [{ cron: '0 0 31 2 *' }, 'invalid_cron'],
    [{ time_zone: 'Middle/Earth' }, 'invalid_time_zone'],
  ])('refuses %j', async (patch, code) => {
    const mission = await aMission(database);
    await expect(mission.schedule(patch)).rejects.toMatchObject({ code });
    const schedule = await mission.schedule();
    await expect(change(mission, schedule, patch)).rejects.toMatchObject({ code });
  });

  it('shows in the events of the mission', async () => {
    const mission = await aMission(database);
    const schedule = await mission.schedule();
    await change(mission, schedule, { state: 'paused' });
    await mission.run((tx) => deleteSchedule(tx, schedule, A_KEY));
    const changes = await mission.query(
      `SELECT body FROM event WHERE tenant_id = $1 AND mission_id = $2 AND type = 'mission.updated' ORDER BY seq`,
    );
    expect(changes.map(({ body }) => body)).toEqual(
      ['created', 'updated', 'removed'].map((said) => ({
        fields: ['schedules'],
        schedule_id: encodeId('schedule', schedule),
        change: said,
      })),
    );
  });

  it('is refused for a mission that has ended, whose schedules are paused for good', async () => {
    const mission = await aMission(database);
    const schedule = await mission.schedule();
    await mission.run((tx) => controlMission(tx, mission.id, 'cancel', A_KEY));
    expect(await mission.scheduleRow(schedule)).toMatchObject({ state: 'paused', next_run_at: null });
    await expect(change(mission, schedule, { state: 'active' })).rejects.toMatchObject({
      code: 'mission_ended',
    });
    await expect(mission.schedule()).rejects.toMatchObject({ code: 'mission_ended' });
  });

  it('stops at the most schedules that a mission may have', async () => {
    const mission = await aMission(database);
    await mission.schedule();
    await mission.query(
      `INSERT INTO schedule (tenant_id, id, mission_id, cron, time_zone, task, catch_up, state)
       SELECT tenant_id, gen_random_uuid(), mission_id, cron, time_zone, task, catch_up, 'paused'
         FROM schedule, generate_series(2, $3) WHERE tenant_id = $1 AND mission_id = $2`,
      [SCHEDULES_PER_MISSION_MAX],
    );
    await expect(mission.schedule()).rejects.toMatchObject({ code: 'schedules_max_reached' });
  });

  it('of another tenant is the same as of none', async () => {
    const [mine, theirs] = [await aMission(database), await aMission(database)];
    const schedule = await theirs.schedule();
    for (const id of [schedule, newUuid()]) {
      await expect(change(mine, id, { state: 'paused' })).rejects.toMatchObject({ code: 'not_found' });
      await expect(mine.run((tx) => deleteSchedule(tx, id, A_KEY))).rejects.toMatchObject({
        code: 'not_found',
      });
    }
    expect(await theirs.scheduleRow(schedule)).toMatchObject({ state: 'active' });
  });
});

const A_TASK = {
  title: 'A task',
  instructions: '',
  worker: null,
  priority: 2,
  acceptance_criteria: [],
  callback_url: null,
  metadata: {},
};

function nextYear(): Date {
  return new Date(Date.UTC(new Date().getUTCFullYear() + 1, 0, 1));
}
