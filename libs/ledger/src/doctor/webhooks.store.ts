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
    name: 'tries of a delivery are numbered without gaps',
    sql: `SELECT d.id, d.try_count
            FROM webhook_delivery d LEFT JOIN webhook_try t ON t.tenant_id = d.tenant_id AND t.delivery_id = d.id
           GROUP BY d.tenant_id, d.id
          HAVING count(t.number) <> d.try_count OR coalesce(max(t.number), 0) <> d.try_count`,
  },
];
