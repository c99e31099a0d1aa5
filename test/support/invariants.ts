import type pg from 'pg';

/** What is true of every ledger at every moment between two transactions: a query whose rows break it. */
interface Invariant {
  readonly name: string;
  readonly sql: string;
}

const LEDGER: readonly Invariant[] = [
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
];

const TASKS: readonly Invariant[] = [
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
];

const ATTEMPTS: readonly Invariant[] = [
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
                 NOT IN (('queued', '', 'offered'), ('working', '', 'leased'), ('working', 'awaiting_review', 'succeeded'))`,
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
    name: 'an ended mission has nothing in flight and nothing open',
    sql: `SELECT id, state FROM mission
           WHERE state IN ('completed', 'canceled', 'archived')
             AND (attempts_in_flight > 0 OR wave_id IS NOT NULL OR wave_due_at IS NOT NULL
                  OR tasks_blocked + tasks_queued + tasks_working + tasks_input_required > 0)`,
  },
];

const WAVES: readonly Invariant[] = [
  {
    name: 'a mission names its running wave and no other',
    sql: `SELECT m.id, m.wave_id, w.id AS running
            FROM mission m
            LEFT JOIN wave w ON w.tenant_id = m.tenant_id AND w.mission_id = m.id AND w.state = 'running'
           WHERE w.id IS DISTINCT FROM m.wave_id OR w.epoch <> m.epoch`,
  },
  {
    name: 'only committed waves have seen inbox items',
    sql: `SELECT i.mission_id, i.seq, i.seen_by_wave
            FROM inbox_item i
            LEFT JOIN wave w ON w.tenant_id = i.tenant_id AND w.mission_id = i.mission_id AND w.id = i.seen_by_wave
           WHERE i.seen_by_wave IS NOT NULL AND w.state IS DISTINCT FROM 'committed'`,
  },
  {
    name: 'a mission with unseen items is due, running, paused, held or ended',
    sql: `SELECT id FROM mission
           WHERE inbox_unseen > 0 AND state = 'active' AND holds = '{}' AND wave_id IS NULL AND wave_due_at IS NULL`,
  },
  {
    name: 'a mission that cannot run is not due',
    sql: `SELECT id FROM mission WHERE wave_due_at IS NOT NULL AND (state <> 'active' OR holds <> '{}')`,
  },
  {
    name: 'of an aborted wave nothing remains but its bill',
    sql: `SELECT w.id, e.type
            FROM wave w JOIN event e ON e.tenant_id = w.tenant_id AND e.wave_id = w.id
           WHERE w.state = 'aborted' AND e.type NOT IN ('wave.started', 'wave.aborted')
           UNION ALL
          SELECT w.id, 'context or decisions' FROM wave w
            LEFT JOIN wave_context c ON c.tenant_id = w.tenant_id AND c.wave_id = w.id
           WHERE w.state = 'aborted' AND (c.wave_id IS NOT NULL OR w.decisions <> '[]')`,
  },
  {
    name: 'a wave starts once and ends at most once',
    sql: `SELECT w.id, w.state
            FROM wave w LEFT JOIN event e ON e.tenant_id = w.tenant_id AND e.wave_id = w.id
           GROUP BY w.tenant_id, w.id
          HAVING count(*) FILTER (WHERE e.type = 'wave.started') <> 1
              OR count(*) FILTER (WHERE e.type = 'wave.committed') <> (w.state = 'committed')::int
              OR count(*) FILTER (WHERE e.type = 'wave.aborted') <> (w.state = 'aborted')::int`,
  },
];

const MONEY: readonly Invariant[] = [
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
];

const WEBHOOKS: readonly Invariant[] = [
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
];

/** Tables of the ledger's own schema: the queue's schema holds nothing worth keeping, and no tenant's rows. */
const TENANT_TABLES = `SELECT c.oid, c.relname, c.relrowsecurity, c.relforcerowsecurity, a.attnotnull
            FROM pg_class c
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
           WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')`;

const TENANCY: readonly Invariant[] = [
  {
    name: 'every table with a tenant has forced row-level security for reading and writing',
    sql: `WITH tenant_table AS (${TENANT_TABLES})
          SELECT t.relname FROM tenant_table t
           WHERE NOT (t.relrowsecurity AND t.relforcerowsecurity AND t.attnotnull)
              OR NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = t.oid AND p.polcmd = '*'
                                AND pg_get_expr(p.polqual, t.oid) ~ 'current_tenant'
                                AND pg_get_expr(p.polwithcheck, t.oid) ~ 'current_tenant'
                                AND p.polroles = ARRAY['wavekeeper_app'::regrole::oid])`,
  },
  {
    name: 'foreign keys between tables with a tenant carry the tenant',
    sql: `WITH tenant_table AS (${TENANT_TABLES})
          SELECT k.conname
            FROM pg_constraint k
            JOIN tenant_table t ON t.oid = k.conrelid
            JOIN tenant_table r ON r.oid = k.confrelid
           WHERE k.contype = 'f'
             AND NOT EXISTS (SELECT
                               FROM unnest(k.conkey, k.confkey) AS pair (own, other)
                               JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = pair.own
                               JOIN pg_attribute b ON b.attrelid = r.oid AND b.attnum = pair.other
                              WHERE a.attname = 'tenant_id' AND b.attname = 'tenant_id')`,
  },
  {
    name: 'the roles of the service are bound by row-level security and own nothing of the ledger',
    sql: `SELECT r.rolname
            FROM pg_roles r
           WHERE r.rolname IN ('wavekeeper_app', 'wavekeeper_system', 'wavekeeper_queue')
             AND (r.rolsuper OR r.rolbypassrls OR r.rolcanlogin
                  OR EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
                                AND (c.relowner = r.oid OR has_table_privilege(r.oid, c.oid, 'TRUNCATE'))))`,
  },
  {
    name: 'nobody but the owner can change or remove an event',
    sql: `SELECT r.rolname FROM pg_roles r
           WHERE r.rolname IN ('wavekeeper_app', 'wavekeeper_system', 'wavekeeper_queue')
             AND (has_table_privilege(r.oid, 'event', 'UPDATE') OR has_table_privilege(r.oid, 'event', 'DELETE'))`,
  },
  {
    name: 'nobody but the owner can change or remove what the audit says',
    sql: `SELECT r.rolname FROM pg_roles r
           WHERE r.rolname IN ('wavekeeper_app', 'wavekeeper_system', 'wavekeeper_queue')
             AND (has_table_privilege(r.oid, 'audit_entry', 'DELETE') OR has_table_privilege(r.oid, 'audit_entry', 'TRUNCATE')
                  OR has_any_column_privilege(r.oid, 'audit_entry', 'UPDATE'))`,
  },
];

/** All of them; each is a promise of the design that a single statement can check on a live ledger. */
const INVARIANTS: readonly Invariant[] = [
  ...LEDGER,
  ...TASKS,
  ...ATTEMPTS,
  ...WAVES,
  ...MONEY,
  ...WEBHOOKS,
  ...TENANCY,
];

/** Fails with the names of the invariants that are broken and a few of the rows that break them. */
export async function expectInvariants({ owner }: { readonly owner: pg.Pool }): Promise<void> {
  const broken: Record<string, unknown[]> = {};
  for (const { name, sql } of INVARIANTS) {
    const { rows } = await owner.query<Record<string, unknown>>(`SELECT * FROM (${sql}) AS broken LIMIT 3`);
    if (rows.length > 0) broken[name] = rows;
  }
  expect(broken).toEqual({});
}

/** The same after a test of what looks at all tenants, such as a picker; then removes them for the next one. */
export async function expectInvariantsThenClear(database: { readonly owner: pg.Pool }): Promise<void> {
  try {
    await expectInvariants(database);
  } finally {
    await database.owner.query('DELETE FROM tenant');
  }
}
