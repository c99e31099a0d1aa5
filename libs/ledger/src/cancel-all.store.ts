import type { MissionLedger } from './mission-ledger.js';

/** A task that was open a moment ago. */
export interface CanceledTask {
  readonly id: string;
  readonly number: number;
  readonly key: string | null;
  readonly title: string;
  readonly generation: number;
  readonly attempt_count: number;
  readonly callback_url: string | null;
}

/** An attempt that was offered or leased a moment ago. */
export interface CanceledAttempt {
  readonly id: string;
  readonly task_id: string;
  readonly ref_number: number;
}

/**
 * Cancels every open task of a mission and every attempt in flight, in three statements however many there are: what
 * waited for them waits for canceled tasks now.
 */
export async function cancelAll(
  ledger: MissionLedger,
  reason: string,
): Promise<{ tasks: CanceledTask[]; attempts: CanceledAttempt[] }> {
  const { tx, mission, now } = ledger;
  const attempts = await tx.db.$queryRaw<CanceledAttempt[]>`
    UPDATE attempt SET state = 'canceled', ended_at = ${now}
     WHERE tenant_id = ${tx.tenantId}::uuid AND mission_id = ${mission.id}::uuid AND state IN ('offered', 'leased')
    RETURNING id, task_id, ref_number`;
  const tasks = await tx.db.$queryRaw<CanceledTask[]>`
    UPDATE task SET state = 'canceled', state_reason = ${reason}, live_attempt_id = NULL, version = version + 1, updated_at = ${now}
     WHERE tenant_id = ${tx.tenantId}::uuid AND mission_id = ${mission.id}::uuid
       AND state IN ('blocked', 'queued', 'working', 'input_required')
    RETURNING id, number, key, title, generation, attempt_count, callback_url`;
  await tx.db.$executeRaw`
    UPDATE task t SET failed_dependencies = f.failed
      FROM (SELECT d.task_id, count(*)::int AS failed
              FROM task_dependency d JOIN task n ON n.tenant_id = d.tenant_id AND n.id = d.depends_on_id
             WHERE d.tenant_id = ${tx.tenantId}::uuid AND n.mission_id = ${mission.id}::uuid AND n.state IN ('failed', 'canceled')
             GROUP BY d.task_id) f
     WHERE t.tenant_id = ${tx.tenantId}::uuid AND t.id = f.task_id AND t.failed_dependencies <> f.failed`;
  mission.tasksCanceled += tasks.length;
  mission.tasksBlocked = 0;
  mission.tasksQueued = 0;
  mission.tasksWorking = 0;
  mission.tasksInputRequired = 0;
  mission.tasksReady = 0;
  mission.attemptsInFlight = 0;
  return { tasks, attempts };
}
