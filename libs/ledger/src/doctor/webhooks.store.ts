import type { Invariant } from './invariant.js';

export const WEBHOOK_INVARIANTS: readonly Invariant[] = [
  {
    name: 'an event is delivered to an endpoint once',
    sql: `SELECT event_id, endpoint_id FROM webhook_delivery GROUP BY tenant_id, event_id, endpoint_id HAVING count(*) > 1`,
  },
  {
    name: 'what counts as delivered was answered with 2xx',
    sql: `SELECT d.id FROM webhook_delivery d
           WHERE d.state = 'delivered'
             AND NOT EXISTS (SELECT FROM webhook_try t WHERE t.tenant_id = d.tenant_id AND t.delivery_id = d.id
                                AND t.status BETWEEN 200 AND 299)`,
  },
  {
    name: 'a delivery was given up for a reason, and no other has one',
    sql: `SELECT id, state, dead_reason FROM webhook_delivery WHERE (state = 'dead') <> (dead_reason IS NOT NULL)`,
  },
  {
    name: 'an endpoint is disabled for a reason, and an enabled one has none',
    sql: `SELECT id, state, disabled_reason FROM webhook_endpoint
           WHERE (state = 'disabled') <> (disabled_reason IS NOT NULL)`,
  },
  {
    name: 'an open circuit follows five failures in a row',
    sql: `SELECT id, failures_in_a_row FROM webhook_endpoint
           WHERE (probe_at IS NOT NULL) <> (failures_in_a_row >= 5) OR (failures_in_a_row > 0) <> (failing_since IS NOT NULL)`,
  },
  {
    name: 'tries of a delivery are numbered without gaps',
    sql: `SELECT d.id, d.try_count
            FROM webhook_delivery d LEFT JOIN webhook_try t ON t.tenant_id = d.tenant_id AND t.delivery_id = d.id
           GROUP BY d.tenant_id, d.id
          HAVING count(t.number) <> d.try_count OR coalesce(max(t.number), 0) <> d.try_count`,
  },
];
