import type { Invariant } from './invariant.js';

export const INPUT_REQUEST_INVARIANTS: readonly Invariant[] = [
  {
    name: 'open input requests of a mission are counted, and all of them numbered without gaps',
    sql: `SELECT m.id, m.requests_open, m.last_request_number
            FROM mission m LEFT JOIN input_request r ON r.tenant_id = m.tenant_id AND r.mission_id = m.id
           GROUP BY m.tenant_id, m.id
          HAVING m.requests_open <> count(r.id) FILTER (WHERE r.state = 'open')
              OR m.last_request_number <> count(r.id) OR m.last_request_number <> coalesce(max(r.number), 0)`,
  },
  {
    name: 'a task waits for a person exactly while one open input request names it',
    sql: `SELECT t.id, t.state, count(r.id)
            FROM task t
            LEFT JOIN input_request_task w ON w.tenant_id = t.tenant_id AND w.task_id = t.id
            LEFT JOIN input_request r ON r.tenant_id = w.tenant_id AND r.id = w.request_id AND r.state = 'open'
                 AND r.mission_id = t.mission_id
           GROUP BY t.tenant_id, t.id
          HAVING count(r.id) <> (t.state = 'input_required')::int`,
  },
  {
    name: 'each hold of a mission that has not ended asks a person, and nothing asks about a hold that there is not',
    sql: `SELECT m.id, m.state, m.holds, array_agg(r.hold) AS asking
            FROM mission m
            LEFT JOIN input_request r ON r.tenant_id = m.tenant_id AND r.mission_id = m.id
                 AND r.state = 'open' AND r.about = 'hold'
           GROUP BY m.tenant_id, m.id
          HAVING NOT (m.holds @> array_remove(array_agg(r.hold), NULL))
              OR m.state IN ('active', 'paused') AND cardinality(m.holds) <> count(r.id)`,
  },
  {
    name: 'an ended mission asks nothing',
    sql: `SELECT id, state, requests_open FROM mission
           WHERE state IN ('completed', 'canceled', 'archived') AND requests_open > 0`,
  },
];
