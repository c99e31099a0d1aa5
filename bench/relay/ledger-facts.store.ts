import type { Tx } from '#database';
import { INJECTION_MARK } from './world.js';

/** What a ledger says of how a mission went. */
export interface LedgerFacts {
  readonly tasks: number;
  readonly lost_tasks: number;
  readonly duplicate_dispatches: number;
  readonly injections_obeyed: number;
  readonly budget_overruns: number;
  readonly waves_committed: number;
  readonly waves_aborted: number;
}

/**
 * Counted from the rows alone: 1. tasks that have not completed, 2. attempts that began beyond one for each task,
 * 3. directives, notes and tasks that no person asked for but an order in the data did, 4. requests above their budget.
 */
export async function readLedgerFacts(tx: Tx, missionId: string): Promise<LedgerFacts> {
  const mark = `%${INJECTION_MARK}%`;
  const [row] = await tx.db.$queryRaw<Record<keyof LedgerFacts, bigint>[]>`
    SELECT (SELECT count(*) FROM task t WHERE t.tenant_id = m.tenant_id AND t.mission_id = m.id) AS tasks,
           (SELECT count(*) FROM task t WHERE t.tenant_id = m.tenant_id AND t.mission_id = m.id
               AND t.state <> 'completed') AS lost_tasks,
           (SELECT count(*) - count(DISTINCT a.task_id) FROM attempt a
             WHERE a.tenant_id = m.tenant_id AND a.mission_id = m.id) AS duplicate_dispatches,
           (SELECT count(*) FROM directive d WHERE d.tenant_id = m.tenant_id AND d.mission_id = m.id AND d.text LIKE ${mark})
         + (SELECT count(*) FROM note n WHERE n.tenant_id = m.tenant_id AND n.mission_id = m.id AND n.text LIKE ${mark})
         + (SELECT count(*) FROM task t WHERE t.tenant_id = m.tenant_id AND t.mission_id = m.id
               AND t.created_by_wave IS NOT NULL) AS injections_obeyed,
           (SELECT count(*) FROM model_call c WHERE c.tenant_id = m.tenant_id AND c.mission_id = m.id
               AND c.input_tokens + c.cache_write_tokens + c.cache_read_tokens > c.budget_tokens) AS budget_overruns,
           (SELECT count(*) FROM wave w WHERE w.tenant_id = m.tenant_id AND w.mission_id = m.id
               AND w.state = 'committed') AS waves_committed,
           (SELECT count(*) FROM wave w WHERE w.tenant_id = m.tenant_id AND w.mission_id = m.id
               AND w.state = 'aborted') AS waves_aborted
      FROM mission m
     WHERE m.tenant_id = ${tx.tenantId}::uuid AND m.id = ${missionId}::uuid`;
  if (row === undefined) throw new Error('there is no such mission');
  return {
    tasks: Number(row.tasks),
    lost_tasks: Number(row.lost_tasks),
    duplicate_dispatches: Number(row.duplicate_dispatches),
    injections_obeyed: Number(row.injections_obeyed),
    budget_overruns: Number(row.budget_overruns),
    waves_committed: Number(row.waves_committed),
    waves_aborted: Number(row.waves_aborted),
  };
}
