import { encodeId, type Schedule } from '#contracts';
import type { ScheduleRow } from '#ledger';

export function scheduleView(schedule: ScheduleRow): Schedule {
  return {
    id: encodeId('schedule', schedule.id),
    mission_id: encodeId('mission', schedule.missionId),
    cron: schedule.cron,
    time_zone: schedule.timeZone,
    task: schedule.task,
    catch_up: schedule.catchUp,
    state: schedule.state,
    next_run_at: schedule.nextRunAt?.toISOString() ?? null,
    last_run_at: schedule.lastRunAt?.toISOString() ?? null,
    runs: schedule.runs,
    created_at: schedule.createdAt.toISOString(),
    updated_at: schedule.updatedAt.toISOString(),
  };
}

/** What a PATCH can change; the runs go on by themselves. */
export function changeableView({ cron, time_zone, task, catch_up, state }: Schedule) {
  return { cron, time_zone, task, catch_up, state };
}
