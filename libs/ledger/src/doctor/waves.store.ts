import type { Invariant } from './invariant.js';

export const WAVE_INVARIANTS: readonly Invariant[] = [
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
