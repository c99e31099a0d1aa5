import { NEIGHBOURHOOD_STEPS_MAX, NEIGHBOURHOOD_TASKS_MAX, type TaskState } from '#contracts';
import type { Tx } from '#database';

export interface NeighbourRead {
  readonly id: string;
  readonly number: number;
  readonly title: string;
  readonly state: TaskState;
  /** Only of those that are in the neighbourhood. */
  readonly dependsOn: readonly string[];
}

/** The task, what it depends on and what depends on it, the nearest first; at most one more than are to be shown. */
export async function readNeighbourhood(tx: Tx, taskId: string): Promise<NeighbourRead[]> {
  return tx.db.$queryRaw<NeighbourRead[]>`
    WITH RECURSIVE
    up (id, steps) AS (
      SELECT ${taskId}::uuid, 0
       UNION
      SELECT d.depends_on_id, up.steps + 1
        FROM up JOIN task_dependency d ON d.tenant_id = ${tx.tenantId}::uuid AND d.task_id = up.id
       WHERE up.steps < ${NEIGHBOURHOOD_STEPS_MAX}),
    down (id, steps) AS (
      SELECT ${taskId}::uuid, 0
       UNION
      SELECT d.task_id, down.steps + 1
        FROM down JOIN task_dependency d ON d.tenant_id = ${tx.tenantId}::uuid AND d.depends_on_id = down.id
       WHERE down.steps < ${NEIGHBOURHOOD_STEPS_MAX}),
    near AS (
      SELECT id, min(steps) AS steps FROM (SELECT * FROM up UNION ALL SELECT * FROM down) either GROUP BY id
       ORDER BY 2, 1 LIMIT ${NEIGHBOURHOOD_TASKS_MAX + 1})
    SELECT t.id, t.number, t.title, t.state,
           ARRAY(SELECT d.depends_on_id FROM task_dependency d
                  WHERE d.tenant_id = t.tenant_id AND d.task_id = t.id
                    AND d.depends_on_id IN (SELECT id FROM near) ORDER BY 1) AS "dependsOn"
      FROM near JOIN task t ON t.tenant_id = ${tx.tenantId}::uuid AND t.id = near.id
     ORDER BY near.steps, t.number`;
}
