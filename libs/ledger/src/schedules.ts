import { encodeId, type Actor, type Json, type ScheduleInput, type SchedulePatch } from '#contracts';
import type { Tx } from '#database';
import { decideFiring, nextMoment, timetableMistake, type Timetable } from './domain/timetable.js';
import { invalid } from './errors.js';
import { lockMission } from './mission.store.js';
import { inMission, type MissionLedger } from './mission-ledger.js';
import { refuseEnded } from './missions.js';
import {
  findSchedule,
  insertRun,
  insertSchedule,
  readSchedule,
  removeSchedule,
  saveSchedule,
  type ScheduleColumns,
  type ScheduleRow,
} from './schedule.store.js';
import { takeInTasks } from './submit-tasks.js';

export { findSchedules as listSchedules } from './schedule.store.js';

/**
 * Makes a task come again; returns the schedule's id. Throws `invalid_cron` or `invalid_time_zone`,
 * `schedules_max_reached`, and `mission_ended` for a mission that takes no work any more.
 */
export async function createSchedule(
  tx: Tx,
  missionId: string,
  input: ScheduleInput,
  actor: Actor,
): Promise<string> {
  return inMission(tx, missionId, async (ledger) => {
    refuseEnded(ledger);
    const timetable = { cron: input.cron, timeZone: input.time_zone };
    const nextRunAt = firstMoment(timetable, ledger.now);
    const id = await insertSchedule(ledger, {
      ...timetable,
      task: input.task,
      catchUp: input.catch_up,
      state: 'active',
      nextRunAt,
    });
    appendChange(ledger, { actor, scheduleId: id, change: 'created' });
    return id;
  });
}

/**
 * Changes a schedule. With another timetable, and when it is resumed, it goes on with the first moment from now: what
 * passed while it was paused is not caught up. Throws as creating does.
 */
export async function updateSchedule(
  tx: Tx,
  scheduleId: string,
  patch: SchedulePatch,
  actor: Actor,
): Promise<void> {
  await inSchedule(tx, scheduleId, async (ledger, schedule) => {
    refuseEnded(ledger);
    await saveSchedule(tx, scheduleId, columnsOf(schedule, patch, ledger.now));
    appendChange(ledger, { actor, scheduleId, change: 'updated' });
  });
}

/** Removes a schedule with the list of its runs; the tasks that it made stay. */
export async function deleteSchedule(tx: Tx, scheduleId: string, actor: Actor): Promise<void> {
  await inSchedule(tx, scheduleId, async (ledger) => {
    await removeSchedule(tx, scheduleId);
    appendChange(ledger, { actor, scheduleId, change: 'removed' });
  });
}

/**
 * Makes the task of a schedule whose moment has come, and says when the next one does: one transaction, under the
 * mission's lock. Does nothing when another sweep was faster, when the schedule is gone, or the mission may not run any more. At the mission's
 * `tasks_max` the moment passes without a task.
 */
export async function fireSchedule(tx: Tx, missionId: string, scheduleId: string): Promise<void> {
  await inMission(tx, missionId, async (ledger) => {
    const schedule = await findSchedule(tx, scheduleId);
    if (schedule === null) return;
    const { mission } = ledger;
    const mayRun =
      (mission.state === 'active' || mission.state === 'completed') && mission.holds.length === 0;
    if (!mayRun || schedule.nextRunAt === null) return;
    const firing = decideFiring({ ...schedule, nextRunAt: schedule.nextRunAt }, ledger.now);
    if (firing === null) return;
    await saveSchedule(tx, scheduleId, { nextRunAt: firing.nextRunAt });
    const hasRoom = mission.lastTaskNumber < mission.policy.limits.tasks_max;
    if (firing.dueAt !== null && hasRoom) await makeTask(ledger, schedule, firing.dueAt);
  });
}

/** The schedule under its mission's lock, so that nothing changes it before the caller does. Throws `not_found`. */
export async function lockSchedule(tx: Tx, scheduleId: string): Promise<ScheduleRow> {
  await lockMission(tx, (await readSchedule(tx, scheduleId)).missionId);
  return readSchedule(tx, scheduleId);
}

async function makeTask(ledger: MissionLedger, schedule: ScheduleRow, dueAt: Date): Promise<void> {
  const id = encodeId('schedule', schedule.id);
  const metadata = { ...schedule.task.metadata, schedule_id: id, scheduled_at: dueAt.toISOString() };
  const task = { ...schedule.task, key: null, depends_on: [], metadata };
  const { created } = await takeInTasks(ledger, [{ task }], { kind: 'system', id });
  const [made] = created;
  if (made === undefined) throw new Error('the ledger took no task in for a schedule');
  await insertRun(ledger.tx, schedule, { dueAt, taskId: made.id });
}

function columnsOf(schedule: ScheduleRow, patch: SchedulePatch, now: Date): Partial<ScheduleColumns> {
  const timetable = { cron: patch.cron ?? schedule.cron, timeZone: patch.time_zone ?? schedule.timeZone };
  const isMoved = timetable.cron !== schedule.cron || timetable.timeZone !== schedule.timeZone;
  const state = patch.state ?? schedule.state;
  const isKept = !isMoved && state === schedule.state;
  const next = isKept ? schedule.nextRunAt : firstMoment(timetable, laterOf(now, schedule.lastRunAt));
  return {
    ...timetable,
    task: patch.task ?? schedule.task,
    catchUp: patch.catch_up ?? schedule.catchUp,
    state,
    nextRunAt: state === 'paused' ? null : next,
  };
}

function firstMoment(timetable: Timetable, now: Date): Date {
  const mistake = timetableMistake(timetable, now);
  if (mistake !== null) throw invalid(`invalid_${mistake.field}`, mistake.message, `/${mistake.field}`);
  const next = nextMoment(timetable, now);
  if (next === null) throw new Error('a timetable without a mistake has a next moment');
  return next;
}

/** A clock that was set back does not bring back what has been. */
function laterOf(now: Date, lastRunAt: Date | null): Date {
  return lastRunAt !== null && lastRunAt > now ? lastRunAt : now;
}

async function inSchedule(
  tx: Tx,
  scheduleId: string,
  command: (ledger: MissionLedger, schedule: ScheduleRow) => Promise<void>,
): Promise<void> {
  const { missionId } = await readSchedule(tx, scheduleId);
  await inMission(tx, missionId, async (ledger) => command(ledger, await readSchedule(tx, scheduleId)));
}

/** What a mission does by itself is part of it: whoever follows its events sees that it changes. */
function appendChange(
  ledger: MissionLedger,
  {
    actor,
    scheduleId,
    change,
  }: { readonly actor: Actor; readonly scheduleId: string; readonly change: string },
): void {
  const data: Record<string, Json> = {
    fields: ['schedules'],
    schedule_id: encodeId('schedule', scheduleId),
    change,
  };
  ledger.append({ type: 'mission.updated', actor, data });
}
