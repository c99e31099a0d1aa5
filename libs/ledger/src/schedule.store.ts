import {
  newUuid,
  scheduledTaskSchema,
  SCHEDULES_PER_MISSION_MAX,
  type CatchUp,
  type ScheduledTask,
  type ScheduleState,
} from '#contracts';
import type { Prisma, Tx } from '#database';
import { olderThan, type PageStart } from '#tenancy';
import { conflict, notFound } from './errors.js';
import type { MissionLedger } from './mission-ledger.js';

type StoredSchedule = Prisma.ScheduleGetPayload<Record<string, never>>;

/** A schedule's row with its closed sets typed. */
export type ScheduleRow = Omit<StoredSchedule, 'task' | 'catchUp' | 'state'> & {
  readonly task: ScheduledTask;
  readonly catchUp: CatchUp;
  readonly state: ScheduleState;
};

/** What may be written of it beside its runs. */
export type ScheduleColumns = Pick<
  ScheduleRow,
  'cron' | 'timeZone' | 'task' | 'catchUp' | 'state' | 'nextRunAt'
>;

function toScheduleRow(stored: StoredSchedule): ScheduleRow {
  return {
    ...stored,
    task: scheduledTaskSchema.parse(stored.task),
    catchUp: stored.catchUp as CatchUp, // CHECK constraints keep these in their sets
    state: stored.state as ScheduleState,
  };
}

/** A new schedule of the mission; returns its id. Throws `schedules_max_reached`. */
export async function insertSchedule(
  { tx, mission, now }: MissionLedger,
  columns: ScheduleColumns,
): Promise<string> {
  const known = await tx.db.schedule.count({ where: { tenantId: tx.tenantId, missionId: mission.id } });
  if (known >= SCHEDULES_PER_MISSION_MAX)
    throw conflict(
      'schedules_max_reached',
      `A mission has at most ${SCHEDULES_PER_MISSION_MAX} schedules; remove one, or create another mission.`,
    );
  const id = newUuid();
  await tx.db.schedule.create({
    data: { ...columns, tenantId: tx.tenantId, id, missionId: mission.id, createdAt: now, updatedAt: now },
  });
  return id;
}

/** Finds a schedule; its writers hold its mission's lock. */
export async function findSchedule(tx: Tx, scheduleId: string): Promise<ScheduleRow | null> {
  const stored = await tx.db.schedule.findUnique({ where: byKey(tx, scheduleId) });
  return stored === null ? null : toScheduleRow(stored);
}

/** The same, where it must be there. Throws `not_found`. */
export async function readSchedule(tx: Tx, scheduleId: string): Promise<ScheduleRow> {
  const found = await findSchedule(tx, scheduleId);
  if (found === null) throw notFound('schedule');
  return found;
}

/** Newest first: at most `take` that are older than `after`. */
export async function findSchedules(
  tx: Tx,
  missionId: string,
  page: { readonly after: PageStart | null; readonly take: number },
): Promise<ScheduleRow[]> {
  const rows = await tx.db.schedule.findMany({
    where: { AND: [{ tenantId: tx.tenantId, missionId }, olderThan(page.after)] },
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    take: page.take,
  });
  return rows.map(toScheduleRow);
}

export async function saveSchedule(
  tx: Tx,
  scheduleId: string,
  columns: Partial<ScheduleColumns>,
): Promise<void> {
  await tx.db.schedule.update({
    where: byKey(tx, scheduleId),
    data: { ...columns, updatedAt: tx.now },
  });
}

/** Writes that the moment `dueAt` made this task. Its key refuses a second task for the same moment. */
export async function insertRun(
  tx: Tx,
  schedule: ScheduleRow,
  run: { readonly dueAt: Date; readonly taskId: string },
): Promise<void> {
  await tx.db.scheduleRun.create({ data: { ...run, tenantId: tx.tenantId, scheduleId: schedule.id } });
  await tx.db.schedule.update({
    where: byKey(tx, schedule.id),
    data: { runs: { increment: 1 }, lastRunAt: run.dueAt },
  });
}

export async function removeSchedule(tx: Tx, scheduleId: string): Promise<void> {
  await tx.db.schedule.delete({ where: byKey(tx, scheduleId) });
}

/** An ended mission makes no tasks any more. */
export async function pauseSchedules({ tx, mission, now }: MissionLedger): Promise<void> {
  await tx.db.schedule.updateMany({
    where: { tenantId: tx.tenantId, missionId: mission.id, state: 'active' },
    data: { state: 'paused', nextRunAt: null, updatedAt: now },
  });
}

function byKey(tx: Tx, id: string) {
  return { tenantId_id: { tenantId: tx.tenantId, id } };
}
