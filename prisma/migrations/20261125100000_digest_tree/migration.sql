-- The digest tree: a card for every end of a task, and digests of eight of the level below, kept for ever.

-- How often a task of the mission has ended: the leaves of its tree. Null until its tree is made, which the next end of a
-- task, wave or sweep does for a mission that is older than the tree.
ALTER TABLE "mission" ADD COLUMN "task_ends" INTEGER;
UPDATE "mission" SET "task_ends" = 0 WHERE "tasks_completed" + "tasks_failed" + "tasks_canceled" = 0
   AND NOT EXISTS (SELECT FROM "event" e WHERE e."tenant_id" = "mission"."tenant_id" AND e."mission_id" = "mission"."id"
                      AND e."type" IN ('task.failed', 'task.canceled'));
ALTER TABLE "mission"
  ALTER COLUMN "task_ends" SET DEFAULT 0,
  ADD CONSTRAINT "mission_task_ends" CHECK ("task_ends" >= 0);
CREATE INDEX "mission_without_digests" ON "mission" ("tenant_id", "id") WHERE "task_ends" IS NULL;

CREATE TABLE "digest" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "mission_id" UUID NOT NULL,
    "level" INTEGER NOT NULL,
    "first" INTEGER NOT NULL,
    "last" INTEGER NOT NULL,
    "number" INTEGER,
    "parent_id" UUID,
    "task_id" UUID,
    "generation" INTEGER,
    "completed" INTEGER NOT NULL,
    "failed" INTEGER NOT NULL,
    "canceled" INTEGER NOT NULL,
    "body" JSONB NOT NULL,
    "tokens" INTEGER NOT NULL,
    "taint" TEXT NOT NULL,
    "writer" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "digest_pkey" PRIMARY KEY ("tenant_id","id"),
    -- Eight of the level below, side by side and aligned: with the unique range, no leaf is under two digests of a level.
    CONSTRAINT "digest_range" CHECK ("level" BETWEEN 0 AND 9 AND "first" >= 0 AND "last" - "first" + 1 = (1 << (3 * "level"))
                                     AND "first" % (1 << (3 * "level")) = 0),
    CONSTRAINT "digest_leaf_is_a_task" CHECK (("level" = 0) = ("task_id" IS NOT NULL) AND ("level" = 0) = ("generation" IS NOT NULL)
                                              AND ("level" = 0) = ("number" IS NULL)),
    CONSTRAINT "digest_counts" CHECK (LEAST("completed", "failed", "canceled") >= 0
                                      AND "completed" + "failed" + "canceled" = "last" - "first" + 1),
    CONSTRAINT "digest_tokens" CHECK ("tokens" BETWEEN 0 AND CASE "level" WHEN 0 THEN 60 ELSE 160 END),
    CONSTRAINT "digest_taint" CHECK ("taint" IN ('untrusted', 'none')),
    CONSTRAINT "digest_writer" CHECK ("writer" IN ('card', 'extractive', 'model') AND ("level" = 0) = ("writer" = 'card'))
);

CREATE UNIQUE INDEX "digest_tenant_id_mission_id_level_first_last_key" ON "digest"("tenant_id", "mission_id", "level", "first", "last");
CREATE UNIQUE INDEX "digest_tenant_id_mission_id_number_key" ON "digest"("tenant_id", "mission_id", "number");
CREATE UNIQUE INDEX "digest_tenant_id_task_id_generation_key" ON "digest"("tenant_id", "task_id", "generation");
CREATE INDEX "digest_tenant_id_parent_id_idx" ON "digest"("tenant_id", "parent_id");
-- What a conductor is told: the few without a parent, however many there are in all.
CREATE INDEX "digest_live" ON "digest" ("tenant_id", "mission_id", "first") WHERE "parent_id" IS NULL;

ALTER TABLE "digest" ADD CONSTRAINT "digest_tenant_id_mission_id_fkey" FOREIGN KEY ("tenant_id", "mission_id") REFERENCES "mission"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "digest" ADD CONSTRAINT "digest_tenant_id_task_id_fkey" FOREIGN KEY ("tenant_id", "task_id") REFERENCES "task"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "digest" ADD CONSTRAINT "digest_tenant_id_parent_id_fkey" FOREIGN KEY ("tenant_id", "parent_id") REFERENCES "digest"("tenant_id", "id") ON DELETE NO ACTION ON UPDATE CASCADE;

ALTER TABLE "digest" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "digest" FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON "digest" TO wavekeeper_app
  USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT SELECT, INSERT, UPDATE, DELETE ON "digest" TO wavekeeper_app;
