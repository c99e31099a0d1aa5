import type { TaskState } from '#contracts';
import type { MissionLedger } from './mission-ledger.js';
import { COUNTER_OF_STATE } from './mission.store.js';

/** One transaction cancels so many, and what is in flight or waits for a person beside them: each has an event, a card and its webhooks. */
const TASKS_CANCELED_AT_ONCE_MAX = 1_000;

/** A task that was open a moment ago. */
export interface CanceledTask {
  readonly id: string;
  readonly number: number;
  readonly key: string | null;
  readonly title: string;
  readonly generation: number;
  readonly attempt_count: number;
  readonly callback_url: string | null;
  readonly state_before: TaskState;
  /** It was offered, held or waited for its review. */
  readonly had_attempt: boolean;
}

/** An attempt that was offered or leased a moment ago. */
export interface CanceledAttempt {
  readonly id: string;
  readonly task_id: string;
  readonly ref_number: number;
}

/**
 * Cancels open tasks of a mission, in three statements however many there are: 1. every attempt in flight with its task,
 * and every task that waits for a person, 2. of the others the first ones, 3. and what waited for any of them waits for
 * canceled tasks now.
 */
export async function cancelOpenTasks(
  ledger: MissionLedger,
  reason: string,
): Promise<{ tasks: CanceledTask[]; attempts: CanceledAttempt[] }> {
  const { tx, mission, now } = ledger;
  const attempts = await tx.db.$queryRaw<CanceledAttempt[]>`
    UPDATE attempt SET state = 'canceled', ended_at = ${now}
     WHERE tenant_id = ${tx.tenantId}::uuid AND mission_id = ${mission.id}::uuid AND state IN ('offered', 'leased')
    RETURNING id, task_id, ref_number`;
  const tasks = await tx.db.$queryRaw<CanceledTask[]>`
    WITH chosen AS (
      SELECT unnest(${attempts.map(({ task_id: id }) => id)}::uuid[]) AS id
      UNION
      SELECT id FROM task
       WHERE tenant_id = ${tx.tenantId}::uuid AND mission_id = ${mission.id}::uuid AND state = 'input_required'
      UNION
      (SELECT id FROM task
        WHERE tenant_id = ${tx.tenantId}::uuid AND mission_id = ${mission.id}::uuid
          AND state IN ('blocked', 'queued', 'working')
        ORDER BY number LIMIT ${TASKS_CANCELED_AT_ONCE_MAX}))
    UPDATE task t
       SET state = 'canceled', state_reason = ${reason}, live_attempt_id = NULL, version = t.version + 1, updated_at = ${now}
      FROM chosen JOIN task before ON before.tenant_id = ${tx.tenantId}::uuid AND before.id = chosen.id
     WHERE t.tenant_id = before.tenant_id AND t.id = before.id
    RETURNING t.id, t.number, t.key, t.title, t.generation, t.attempt_count, t.callback_url,
              before.state AS state_before, before.live_attempt_id IS NOT NULL AS had_attempt`;
  await tx.db.$executeRaw`
    UPDATE task t SET failed_dependencies = t.failed_dependencies + canceled.count
      FROM (SELECT task_id, count(*)::int AS count FROM task_dependency
             WHERE tenant_id = ${tx.tenantId}::uuid AND depends_on_id = ANY (${tasks.map(({ id }) => id)}::uuid[])
             GROUP BY task_id) canceled
     WHERE t.tenant_id = ${tx.tenantId}::uuid AND t.id = canceled.task_id`;
  for (const { state_before: before, had_attempt: hadAttempt } of tasks) {
    mission[COUNTER_OF_STATE[before]] -= 1;
    if (before === 'queued' && !hadAttempt) mission.tasksReady -= 1;
  }
  mission.tasksCanceled += tasks.length;
  mission.attemptsInFlight -= attempts.length;
  return { tasks, attempts };
}
