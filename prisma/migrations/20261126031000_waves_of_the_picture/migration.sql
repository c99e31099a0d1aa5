-- What the picture of a mission needs of each wave stands in its row, so that no manifest is opened to draw it.

ALTER TABLE "wave"
  -- Null until they are summed: while the wave runs, and of one that the release before has ended.
  ADD COLUMN "turns" INTEGER,
  ADD COLUMN "read_tokens" INTEGER NOT NULL DEFAULT 0,
  ADD COLUMN "first_tokens" INTEGER NOT NULL DEFAULT 0,
  ADD COLUMN "last_tokens" INTEGER NOT NULL DEFAULT 0,
  ADD COLUMN "last_output_tokens" INTEGER NOT NULL DEFAULT 0,
  ADD COLUMN "prefix_tokens" INTEGER NOT NULL DEFAULT 0,
  ADD COLUMN "news_tokens" INTEGER NOT NULL DEFAULT 0,
  ADD CONSTRAINT "wave_turns" CHECK ("turns" >= 0);

-- Waves that have ended already are summed by the sweep, a hundred at a time: their service goes on meanwhile.
CREATE POLICY all_tenants ON "wave" FOR SELECT TO wavekeeper_system USING (true);
GRANT SELECT ("tenant_id", "mission_id", "id", "state", "turns") ON "wave" TO wavekeeper_system;
CREATE INDEX "wave_not_summed" ON "wave" ("tenant_id", "mission_id") WHERE "turns" IS NULL;
-- Which wave has seen a message is looked up among all that ever came in.
CREATE INDEX "inbox_item_of_message" ON "inbox_item" ("tenant_id", "ref_id") WHERE "kind" = 'message';
