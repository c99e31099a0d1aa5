import type { Invariant } from './invariant.js';

export const SCHEDULE_INVARIANTS: readonly Invariant[] = [
  {
    name: 'runs of a schedule are counted, and its last run is the latest of them',
    sql: `SELECT s.id, s.runs, s.last_run_at
            FROM schedule s LEFT JOIN schedule_run r ON r.tenant_id = s.tenant_id AND r.schedule_id = s.id
           GROUP BY s.tenant_id, s.id
          HAVING s.runs <> count(r.due_at) OR s.last_run_at IS DISTINCT FROM max(r.due_at)`,
  },
  {
    name: 'each run of a schedule made a task of its mission, not before its moment',
    sql: `SELECT r.schedule_id, r.due_at
            FROM schedule_run r
            JOIN schedule s ON s.tenant_id = r.tenant_id AND s.id = r.schedule_id
            JOIN task t ON t.tenant_id = r.tenant_id AND t.id = r.task_id
            LEFT JOIN event e ON e.tenant_id = t.tenant_id AND e.task_id = t.id
                 AND e.type = 'task.created' AND e.actor_kind = 'system'
           WHERE t.mission_id <> s.mission_id OR e.id IS NULL OR t.created_at < r.due_at`,
  },
  {
    name: 'the next run of a schedule is later than its last',
    sql: `SELECT id, last_run_at, next_run_at FROM schedule WHERE next_run_at <= last_run_at`,
  },
  {
    name: 'schedules of an ended mission are paused',
    sql: `SELECT s.id
            FROM schedule s JOIN mission m ON m.tenant_id = s.tenant_id AND m.id = s.mission_id
           WHERE s.state = 'active' AND m.state IN ('canceled', 'archived')`,
  },
];
