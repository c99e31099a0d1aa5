import type { Invariant } from './invariant.js';

export const DIGEST_INVARIANTS: readonly Invariant[] = [
  {
    name: 'each end of a task has one card, numbered in the order of the ends',
    sql: `WITH ended AS (
            SELECT e.tenant_id, e.mission_id, e.task_id, (e.body->>'generation')::int AS generation,
                   row_number() OVER (PARTITION BY e.tenant_id, e.mission_id ORDER BY e.seq) - 1 AS leaf
              FROM event e WHERE e.type IN ('task.completed', 'task.failed', 'task.canceled'))
          SELECT m.id, count(ended.leaf) AS ends, count(card.id) AS cards, m.task_ends
            FROM mission m
            LEFT JOIN ended ON ended.tenant_id = m.tenant_id AND ended.mission_id = m.id
            LEFT JOIN digest card ON card.tenant_id = m.tenant_id AND card.mission_id = m.id AND card.level = 0
                 AND card.task_id = ended.task_id AND card.generation = ended.generation AND card.first = ended.leaf
           WHERE m.task_ends IS NOT NULL
           GROUP BY m.tenant_id, m.id
          HAVING count(card.id) <> count(ended.leaf) OR m.task_ends <> count(ended.leaf)
              OR m.task_ends <> (SELECT count(*) FROM digest d WHERE d.tenant_id = m.tenant_id AND d.mission_id = m.id AND d.level = 0)`,
  },
  {
    name: 'a digest was made of the eight below it, and counts what they count',
    sql: `SELECT p.id, p.level, p.first
            FROM digest p LEFT JOIN digest c ON c.tenant_id = p.tenant_id AND c.parent_id = p.id
           WHERE p.level > 0
           GROUP BY p.tenant_id, p.id
          HAVING count(*) <> 8 OR min(c.first) <> p.first OR max(c.last) <> p.last OR bool_or(c.mission_id <> p.mission_id)
              OR min(c.level) <> p.level - 1 OR max(c.level) <> p.level - 1
              OR (sum(c.completed), sum(c.failed), sum(c.canceled)) <> (p.completed, p.failed, p.canceled)`,
  },
  {
    name: 'live digests and cards cover every end once, with at most seven of a level',
    sql: `SELECT m.id, m.task_ends
            FROM mission m LEFT JOIN digest d ON d.tenant_id = m.tenant_id AND d.mission_id = m.id AND d.parent_id IS NULL
           WHERE m.task_ends IS NOT NULL
           GROUP BY m.tenant_id, m.id
          HAVING coalesce(sum(d.last - d.first + 1), 0) <> m.task_ends
              OR coalesce(max(d.last) + 1, 0) <> m.task_ends OR coalesce(min(d.first), 0) <> 0
           UNION ALL
          SELECT mission_id, level FROM digest WHERE parent_id IS NULL GROUP BY tenant_id, mission_id, level HAVING count(*) > 7`,
  },
];
