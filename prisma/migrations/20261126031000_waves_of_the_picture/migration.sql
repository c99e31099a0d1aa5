-- What the picture of a mission needs of each wave stands in its row, so that no manifest is opened to draw it.

ALTER TABLE "wave"
  -- Null until they are summed: while the wave runs, and of one that a process of the release before has ended.
  ADD COLUMN "turns" INTEGER,
  ADD COLUMN "read_tokens" INTEGER NOT NULL DEFAULT 0,
  ADD COLUMN "first_tokens" INTEGER NOT NULL DEFAULT 0,
  ADD COLUMN "last_tokens" INTEGER NOT NULL DEFAULT 0,
  ADD COLUMN "last_output_tokens" INTEGER NOT NULL DEFAULT 0,
  ADD COLUMN "prefix_tokens" INTEGER NOT NULL DEFAULT 0,
  ADD COLUMN "news_tokens" INTEGER NOT NULL DEFAULT 0,
  ADD CONSTRAINT "wave_turns" CHECK ("turns" >= 0);

-- Waves that have ended already. Row-level security binds the owner too, so it rests while they are summed.
ALTER TABLE "wave" NO FORCE ROW LEVEL SECURITY;
ALTER TABLE "wave_context" NO FORCE ROW LEVEL SECURITY;
ALTER TABLE "model_call" NO FORCE ROW LEVEL SECURITY;
WITH answered AS (
  SELECT tenant_id, wave_id, count(*)::int AS turns, sum(tokens)::int AS read,
         (array_agg(tokens ORDER BY sent_at, id))[1] AS first,
         (array_agg(tokens ORDER BY sent_at DESC, id DESC))[1] AS last,
         (array_agg(output_tokens ORDER BY sent_at DESC, id DESC))[1] AS last_output
    FROM (SELECT *, input_tokens + cache_write_tokens + cache_read_tokens AS tokens FROM model_call
           WHERE wave_id IS NOT NULL AND state = 'settled') call
   WHERE tokens > 0 GROUP BY tenant_id, wave_id),
sections AS (
  SELECT c.tenant_id, c.wave_id, sum(tokens)::float8 AS total,
         sum(tokens) FILTER (WHERE name IN ('Z0', 'Z1', 'Z2', 'Z3')) AS prefix,
         sum(tokens) FILTER (WHERE name = 'Z7') AS news
    FROM wave_context c, jsonb_to_recordset(c.manifest -> 'sections') AS section (name text, tokens int)
   GROUP BY c.tenant_id, c.wave_id)
UPDATE "wave" w
   SET turns = a.turns, read_tokens = a.read, first_tokens = a.first, last_tokens = a.last, last_output_tokens = a.last_output,
       prefix_tokens = coalesce(a.first * s.prefix / nullif(s.total, 0), 0)::int,
       news_tokens = coalesce(a.first * s.news / nullif(s.total, 0), 0)::int
  FROM answered a LEFT JOIN sections s ON s.tenant_id = a.tenant_id AND s.wave_id = a.wave_id
 WHERE w.tenant_id = a.tenant_id AND w.id = a.wave_id AND w.state <> 'running';
UPDATE "wave" SET turns = 0 WHERE turns IS NULL AND state <> 'running';
ALTER TABLE "wave" FORCE ROW LEVEL SECURITY;
ALTER TABLE "wave_context" FORCE ROW LEVEL SECURITY;
ALTER TABLE "model_call" FORCE ROW LEVEL SECURITY;

-- Those that are still to be summed: the wave that runs, and few beside it.
CREATE INDEX "wave_not_summed" ON "wave" ("tenant_id", "mission_id") WHERE "turns" IS NULL;
-- Which wave has seen a message is looked up among all that ever came in.
CREATE INDEX "inbox_item_of_message" ON "inbox_item" ("tenant_id", "ref_id") WHERE "kind" = 'message';
