import type { Invariant } from './invariant.js';

export const MONEY_INVARIANTS: readonly Invariant[] = [
  {
    name: 'no model request is larger than its budget',
    sql: `SELECT id, budget_tokens FROM model_call
           WHERE input_tokens + cache_write_tokens + cache_read_tokens > budget_tokens`,
  },
  {
    name: 'no model request costs more than was reserved for it',
    sql: `SELECT id, reserved_usd, cost_usd FROM model_call WHERE cost_usd > reserved_usd`,
  },
  {
    name: 'a mission has reserved what its unsettled requests may cost and spent what the others did',
    sql: `SELECT m.id, m.reserved_usd, m.spent_usd
            FROM mission m LEFT JOIN model_call c ON c.tenant_id = m.tenant_id AND c.mission_id = m.id
           GROUP BY m.tenant_id, m.id
          HAVING m.reserved_usd <> coalesce(sum(c.reserved_usd) FILTER (WHERE c.state = 'sent'), 0)
              OR m.spent_usd <> coalesce(sum(c.cost_usd) FILTER (WHERE c.state <> 'sent'), 0)`,
  },
  {
    name: 'a committed wave is billed what its requests came to',
    sql: `SELECT w.id, w.cost_usd
            FROM wave w LEFT JOIN model_call c ON c.tenant_id = w.tenant_id AND c.wave_id = w.id AND c.state <> 'orphaned'
           WHERE w.state = 'committed'
           GROUP BY w.tenant_id, w.id
          HAVING w.cost_usd <> coalesce(sum(c.cost_usd), 0) OR w.requests <> count(c.id)`,
  },
  {
    name: 'a tenant has reserved what its unsettled requests may cost and spent what the others did',
    sql: `SELECT t.id, b.reserved_usd, b.spent_usd
            FROM tenant t
            LEFT JOIN tenant_budget b ON b.tenant_id = t.id
            LEFT JOIN model_call c ON c.tenant_id = t.id
           GROUP BY t.id, b.tenant_id
          HAVING coalesce(b.reserved_usd, 0) <> coalesce(sum(c.reserved_usd) FILTER (WHERE c.state = 'sent'), 0)
              OR coalesce(b.spent_usd, 0) <> coalesce(sum(c.cost_usd) FILTER (WHERE c.state <> 'sent'), 0)`,
  },
  {
    name: 'the day of a mission and of a tenant counts the requests that were sent on it',
    sql: `WITH account AS (
            SELECT tenant_id, id AS mission_id, budget_day, day_spent_usd, day_reserved_usd FROM mission
             UNION ALL
            SELECT tenant_id, NULL, budget_day, day_spent_usd, day_reserved_usd FROM tenant_budget)
          SELECT a.tenant_id, a.mission_id, a.budget_day
            FROM account a
            LEFT JOIN model_call c ON c.tenant_id = a.tenant_id AND (a.mission_id IS NULL OR c.mission_id = a.mission_id)
                 AND (c.sent_at AT TIME ZONE 'UTC')::date = a.budget_day
           GROUP BY a.tenant_id, a.mission_id, a.budget_day, a.day_spent_usd, a.day_reserved_usd
          HAVING a.day_reserved_usd <> coalesce(sum(c.reserved_usd) FILTER (WHERE c.state = 'sent'), 0)
              OR a.day_spent_usd <> coalesce(sum(c.cost_usd) FILTER (WHERE c.state <> 'sent'), 0)`,
  },
];
