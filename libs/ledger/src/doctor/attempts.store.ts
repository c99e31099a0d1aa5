import type { Invariant } from './invariant.js';

export const ATTEMPT_INVARIANTS: readonly Invariant[] = [
  {
    name: 'attempts of a task are numbered without gaps',
    sql: `SELECT t.id, t.attempt_count
            FROM task t LEFT JOIN attempt a ON a.tenant_id = t.tenant_id AND a.task_id = t.id
           GROUP BY t.tenant_id, t.id
          HAVING count(a.id) <> t.attempt_count OR coalesce(max(a.number), 0) <> t.attempt_count`,
  },
  {
    name: 'a task has at most one attempt in flight, and names it',
    sql: `SELECT t.id
            FROM task t JOIN attempt a ON a.tenant_id = t.tenant_id AND a.task_id = t.id AND a.state IN ('offered', 'leased')
           GROUP BY t.tenant_id, t.id
          HAVING count(*) > 1 OR bool_or(t.live_attempt_id IS DISTINCT FROM a.id)`,
  },
  {
    name: 'the live attempt of a task fits its state',
    sql: `SELECT t.id, t.state, t.state_reason, a.state
            FROM task t LEFT JOIN attempt a ON a.tenant_id = t.tenant_id AND a.id = t.live_attempt_id AND a.task_id = t.id
           WHERE (t.live_attempt_id IS NOT NULL OR t.state = 'working')
             AND (t.state, coalesce(t.state_reason, ''), coalesce(a.state, ''))
                 NOT IN (('queued', '', 'offered'), ('working', '', 'leased'), ('working', 'awaiting_review', 'succeeded'),
                         ('input_required', 'awaiting_answer', 'succeeded'), ('input_required', 'awaiting_approval', 'succeeded'))`,
  },
  {
    name: 'no attempt starts before the dependencies of its task have completed',
    sql: `SELECT started.task_id, d.depends_on_id
            FROM event started
            JOIN task_dependency d ON d.tenant_id = started.tenant_id AND d.task_id = started.task_id
           WHERE started.type = 'attempt.started'
             AND NOT EXISTS (SELECT FROM event done WHERE done.tenant_id = d.tenant_id AND done.task_id = d.depends_on_id
                                AND done.type = 'task.completed' AND done.seq < started.seq)`,
  },
  {
    name: 'an ended mission has nothing in flight, a completed one nothing open',
    sql: `SELECT id, state FROM mission
           WHERE state IN ('completed', 'canceled', 'archived')
             AND (attempts_in_flight > 0 OR wave_id IS NOT NULL OR wave_due_at IS NOT NULL OR tasks_input_required > 0
                  OR (state = 'completed' AND tasks_blocked + tasks_queued + tasks_working > 0))`,
  },
  {
    name: 'an attempt ends at most once',
    sql: `SELECT a.id, a.state
            FROM attempt a
            LEFT JOIN event e ON e.tenant_id = a.tenant_id AND e.attempt_id = a.id
                 AND e.type IN ('attempt.succeeded', 'attempt.failed', 'attempt.expired', 'attempt.canceled')
           GROUP BY a.tenant_id, a.id
          HAVING count(e.id) <> (a.state NOT IN ('offered', 'leased'))::int
              OR bool_or(e.type <> 'attempt.' || a.state)`,
  },
  {
    name: 'an attempt belongs to the mission of its task',
    sql: `SELECT a.id FROM attempt a JOIN task t ON t.tenant_id = a.tenant_id AND t.id = a.task_id
           WHERE a.mission_id <> t.mission_id`,
  },
];
