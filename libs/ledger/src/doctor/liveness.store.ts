import type { Invariant } from './invariant.js';

/** Two sweeps at their default interval: what nobody came back to has been taken up by then. */
const TWO_SWEEPS = `interval '10 seconds'`;

/** A tenant at a limit of its budget waits for a person, or for the day to end. */
const MAY_SPEND = `NOT EXISTS (SELECT FROM tenant_budget b WHERE b.tenant_id = m.tenant_id
                                AND (b.budget_reached = 'total' OR (b.budget_reached = 'daily'
                                     AND b.budget_day >= (clock_timestamp() AT TIME ZONE 'UTC')::date)))`;

/**
 * What holds while a service works on the ledger, and is meaningless where a test drives it by hand or nobody runs. What
 * waits for its turn is not stuck: only what waits although nothing of its kind has moved for its tenant.
 */
export const LIVENESS_INVARIANTS: readonly Invariant[] = [
  {
    name: 'no attempt is held for two sweeps after its lease',
    sql: `SELECT id FROM attempt WHERE state = 'leased' AND lease_until < clock_timestamp() - ${TWO_SWEEPS}`,
  },
  {
    name: 'no wave runs for two sweeps after its lease',
    sql: `SELECT id FROM mission WHERE wave_id IS NOT NULL AND wave_lease_until < clock_timestamp() - ${TWO_SWEEPS}`,
  },
  {
    name: 'no model request is unsettled for two sweeps after its deadline',
    sql: `SELECT id FROM model_call WHERE state = 'sent' AND deadline_at < clock_timestamp() - ${TWO_SWEEPS}`,
  },
  {
    name: 'no mission is due for two sweeps in which its tenant had no wave',
    sql: `SELECT m.id, m.wave_due_at FROM mission m
           WHERE m.state = 'active' AND m.holds = '{}' AND m.wave_id IS NULL
             AND m.wave_due_at < clock_timestamp() - ${TWO_SWEEPS} AND ${MAY_SPEND}
             AND NOT EXISTS (SELECT FROM wave w WHERE w.tenant_id = m.tenant_id
                                AND (w.state = 'running' OR w.ended_at > clock_timestamp() - ${TWO_SWEEPS}))`,
  },
  {
    name: 'no attempt is offered to the built-in workers for two sweeps in which they had none of its tenant',
    sql: `SELECT a.id, a.available_at
            FROM attempt a JOIN mission m ON m.tenant_id = a.tenant_id AND m.id = a.mission_id
           WHERE a.state = 'offered' AND a.pool = 'builtin' AND m.state = 'active' AND ${MAY_SPEND}
             AND a.available_at < clock_timestamp() - ${TWO_SWEEPS}
             AND NOT EXISTS (SELECT FROM attempt o WHERE o.tenant_id = a.tenant_id
                                AND (o.state = 'leased' OR o.ended_at > clock_timestamp() - ${TWO_SWEEPS}))`,
  },
  {
    name: 'no ended mission has open tasks for two sweeps in which none of its tenant changed',
    sql: `SELECT m.id FROM mission m
           WHERE m.state IN ('canceled', 'archived')
             AND m.tasks_blocked + m.tasks_queued + m.tasks_working + m.tasks_input_required > 0
             AND m.updated_at < clock_timestamp() - ${TWO_SWEEPS}
             AND NOT EXISTS (SELECT FROM mission o WHERE o.tenant_id = m.tenant_id
                                AND o.state IN ('canceled', 'archived') AND o.updated_at > clock_timestamp() - ${TWO_SWEEPS})`,
  },
  {
    name: 'no delivery is due for two sweeps in which none of its tenant was sent',
    sql: `SELECT d.id, d.next_try_at
            FROM webhook_delivery d JOIN webhook_endpoint e ON e.tenant_id = d.tenant_id AND e.id = d.endpoint_id
           WHERE d.state = 'pending' AND e.state = 'enabled' AND d.next_try_at < clock_timestamp() - ${TWO_SWEEPS}
             AND (e.probe_at IS NULL OR e.probe_at < clock_timestamp() - ${TWO_SWEEPS})
             AND NOT EXISTS (SELECT FROM webhook_delivery o WHERE o.tenant_id = d.tenant_id
                                AND o.lease_until > clock_timestamp())
             AND NOT EXISTS (SELECT FROM webhook_try t WHERE t.tenant_id = d.tenant_id
                                AND t.at > clock_timestamp() - ${TWO_SWEEPS})`,
  },
  {
    name: 'no schedule of a mission that runs is due for two sweeps in which its tenant had no run',
    sql: `SELECT s.id, s.next_run_at
            FROM schedule s JOIN mission m ON m.tenant_id = s.tenant_id AND m.id = s.mission_id
           WHERE s.next_run_at < clock_timestamp() - ${TWO_SWEEPS}
             AND m.state IN ('active', 'completed') AND m.holds = '{}'
             AND NOT EXISTS (SELECT FROM schedule o WHERE o.tenant_id = s.tenant_id
                                AND o.updated_at > clock_timestamp() - ${TWO_SWEEPS})`,
  },
];
