-- A model may reword what the extractive writer wrote, while it is live: how often that was tried, and when it may be again.

ALTER TABLE "digest"
  ADD COLUMN "write_tries" INTEGER NOT NULL DEFAULT 0,
  -- Null: not again; what it says stands.
  ADD COLUMN "write_after" TIMESTAMPTZ(3) DEFAULT CURRENT_TIMESTAMP,
  ADD CONSTRAINT "digest_write_tries" CHECK ("write_tries" BETWEEN 0 AND 2 AND ("write_tries" < 2 OR "write_after" IS NULL));

-- What is due to be reworded: the few live ones of each mission, however large its tree.
CREATE INDEX "digest_to_write" ON "digest" ("write_after", "tenant_id", "mission_id")
 WHERE "parent_id" IS NULL AND "writer" = 'extractive' AND "write_after" IS NOT NULL;

-- The picker looks across tenants; it changes nothing.
CREATE POLICY all_tenants ON "digest" FOR SELECT TO wavekeeper_system USING (true);
GRANT SELECT ON "digest" TO wavekeeper_system;
