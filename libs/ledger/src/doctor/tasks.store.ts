import type { Invariant } from './invariant.js';

export const TASK_INVARIANTS: readonly Invariant[] = [
  {
    name: 'open and failed dependencies of a task are the counts of its edges',
    sql: `SELECT t.id
            FROM task t
            LEFT JOIN task_dependency d ON d.tenant_id = t.tenant_id AND d.task_id = t.id
            LEFT JOIN task n ON n.tenant_id = d.tenant_id AND n.id = d.depends_on_id
           GROUP BY t.tenant_id, t.id
          HAVING t.open_dependencies <> count(*) FILTER (WHERE n.state <> 'completed')
              OR t.failed_dependencies <> count(*) FILTER (WHERE n.state IN ('failed', 'canceled'))`,
  },
  {
    name: 'a task is blocked exactly while it is open and waits for a dependency',
    sql: `SELECT id, state, open_dependencies FROM task
           WHERE state NOT IN ('completed', 'failed', 'canceled') AND (state = 'blocked') <> (open_dependencies > 0)`,
  },
  {
    name: 'dependencies join tasks of one mission',
    sql: `SELECT d.task_id, d.depends_on_id
            FROM task_dependency d
            JOIN task t ON t.tenant_id = d.tenant_id AND t.id = d.task_id
            JOIN task n ON n.tenant_id = d.tenant_id AND n.id = d.depends_on_id
           WHERE t.mission_id <> n.mission_id`,
  },
  {
    name: 'a task ends exactly once per generation',
    sql: `SELECT t.id, t.state, t.generation
            FROM task t
            LEFT JOIN event e ON e.tenant_id = t.tenant_id AND e.task_id = t.id
                 AND e.type IN ('task.completed', 'task.failed', 'task.canceled')
           GROUP BY t.tenant_id, t.id
          HAVING count(e.id) <> count(DISTINCT e.body->>'generation')
              OR count(e.id) FILTER (WHERE (e.body->>'generation')::int = t.generation AND e.type = 'task.' || t.state)
                 <> (t.state IN ('completed', 'failed', 'canceled'))::int
              OR count(e.id) <> t.generation - 1 + (t.state IN ('completed', 'failed', 'canceled'))::int`,
  },
  {
    name: 'nothing happens to a completed task',
    sql: `SELECT later.id, later.type
            FROM event done
            JOIN event later ON later.tenant_id = done.tenant_id AND later.task_id = done.task_id AND later.seq > done.seq
           WHERE done.type = 'task.completed' AND later.type <> 'attempt.late'`,
  },
  {
    name: 'every task was created by one event',
    sql: `SELECT t.id
            FROM task t LEFT JOIN event e ON e.tenant_id = t.tenant_id AND e.task_id = t.id AND e.type = 'task.created'
           GROUP BY t.tenant_id, t.id
          HAVING count(e.id) <> 1`,
  },
  {
    name: 'the state of a task is what its last event says',
    sql: `SELECT t.id, t.state, last.state AS said
            FROM task t,
         LATERAL (SELECT CASE WHEN e.type = 'attempt.started' THEN 'working' ELSE e.body->>'state' END AS state
                    FROM event e
                   WHERE e.tenant_id = t.tenant_id AND e.task_id = t.id
                     AND (e.type = 'attempt.started' OR (e.type LIKE 'task.%' AND e.body ? 'state'))
                   ORDER BY e.seq DESC LIMIT 1) last
           WHERE last.state <> t.state`,
  },
  {
    // Every cycle has an edge to a task with a higher number, and those are few: only a batch may name what follows.
    name: 'no task depends on itself',
    sql: `WITH RECURSIVE edge AS (
            SELECT d.tenant_id, d.task_id, d.depends_on_id, t.number < n.number AS is_forward
              FROM task_dependency d
              JOIN task t ON t.tenant_id = d.tenant_id AND t.id = d.task_id
              JOIN task n ON n.tenant_id = d.tenant_id AND n.id = d.depends_on_id
          ), walk AS (
            SELECT tenant_id, task_id, depends_on_id AS reached FROM edge WHERE is_forward
             UNION
            SELECT walk.tenant_id, walk.task_id, edge.depends_on_id
              FROM walk JOIN edge ON edge.tenant_id = walk.tenant_id AND edge.task_id = walk.reached
          )
          SELECT task_id FROM walk WHERE reached = task_id`,
  },
];
