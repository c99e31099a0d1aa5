import type { Invariant } from './invariant.js';

export const MISSION_INVARIANTS: readonly Invariant[] = [
  {
    name: 'events of a mission are numbered without gaps, up to its last number',
    sql: `SELECT m.id, m.last_event_seq, max(e.seq), count(e.seq)
            FROM mission m LEFT JOIN event e ON e.tenant_id = m.tenant_id AND e.mission_id = m.id
           GROUP BY m.tenant_id, m.id
          HAVING coalesce(max(e.seq), 0) <> m.last_event_seq OR count(e.seq) <> m.last_event_seq`,
  },
  {
    name: 'task counters of a mission are the counts of its tasks',
    sql: `SELECT m.id
            FROM mission m LEFT JOIN task t ON t.tenant_id = m.tenant_id AND t.mission_id = m.id
           GROUP BY m.tenant_id, m.id
          HAVING (m.tasks_blocked, m.tasks_queued, m.tasks_working, m.tasks_input_required,
                  m.tasks_completed, m.tasks_failed, m.tasks_canceled, m.tasks_ready)
             IS DISTINCT FROM
                 (count(*) FILTER (WHERE t.state = 'blocked'), count(*) FILTER (WHERE t.state = 'queued'),
                  count(*) FILTER (WHERE t.state = 'working'), count(*) FILTER (WHERE t.state = 'input_required'),
                  count(*) FILTER (WHERE t.state = 'completed'), count(*) FILTER (WHERE t.state = 'failed'),
                  count(*) FILTER (WHERE t.state = 'canceled'),
                  count(*) FILTER (WHERE t.state = 'queued' AND t.live_attempt_id IS NULL))`,
  },
  {
    name: 'attempts in flight of a mission are counted',
    sql: `SELECT id, attempts_in_flight FROM mission m
           WHERE attempts_in_flight <> (SELECT count(*) FROM attempt a WHERE a.tenant_id = m.tenant_id
                                          AND a.mission_id = m.id AND a.state IN ('offered', 'leased'))`,
  },
  {
    name: 'unseen inbox items of a mission are counted',
    sql: `SELECT id, inbox_unseen FROM mission m
           WHERE inbox_unseen <> (SELECT count(*) FROM inbox_item i WHERE i.tenant_id = m.tenant_id
                                    AND i.mission_id = m.id AND i.seen_by_wave IS NULL)`,
  },
  {
    name: 'tasks, attempts, notes, inbox items and waves of a mission are numbered without gaps',
    sql: `SELECT m.id
            FROM mission m,
         LATERAL (SELECT coalesce(max(number), 0) AS last, count(*) AS n FROM task t
                   WHERE t.tenant_id = m.tenant_id AND t.mission_id = m.id) t,
         LATERAL (SELECT coalesce(max(ref_number), 0) AS last, count(*) AS n FROM attempt a
                   WHERE a.tenant_id = m.tenant_id AND a.mission_id = m.id) a,
         LATERAL (SELECT coalesce(max(number), 0) AS last, count(*) AS n FROM note o
                   WHERE o.tenant_id = m.tenant_id AND o.mission_id = m.id) o,
         LATERAL (SELECT coalesce(max(seq), 0) AS last, count(*) AS n FROM inbox_item i
                   WHERE i.tenant_id = m.tenant_id AND i.mission_id = m.id) i,
         LATERAL (SELECT coalesce(max(number), 0) AS last, count(*) AS n FROM wave w
                   WHERE w.tenant_id = m.tenant_id AND w.mission_id = m.id) w
           WHERE (t.last, t.n) IS DISTINCT FROM (m.last_task_number, m.last_task_number::bigint)
              OR (a.last, a.n) IS DISTINCT FROM (m.last_attempt_number, m.last_attempt_number::bigint)
              OR (o.last, o.n) IS DISTINCT FROM (m.last_note_number, m.last_note_number::bigint)
              OR (i.last, i.n) IS DISTINCT FROM (m.last_inbox_seq, m.last_inbox_seq::bigint)
              OR (w.last, w.n) IS DISTINCT FROM (m.last_wave_number, m.last_wave_number::bigint)`,
  },
  {
    name: 'the state of a mission is what its last event says',
    sql: `SELECT m.id, m.state, last.state AS said
            FROM mission m,
         LATERAL (SELECT e.body->>'state' AS state FROM event e
                   WHERE e.tenant_id = m.tenant_id AND e.mission_id = m.id AND e.type LIKE 'mission.%' AND e.body ? 'state'
                   ORDER BY e.seq DESC LIMIT 1) last
           WHERE last.state <> m.state`,
  },
];
