-- A large artifact in pieces: its row holds the first MiB, as before, and what follows is here. So a range is read
-- without the rest of its artifact, and an upload is never in memory as a whole.
CREATE TABLE "artifact_part" (
    "tenant_id" UUID NOT NULL,
    "artifact_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "bytes" BYTEA NOT NULL,

    CONSTRAINT "artifact_part_pkey" PRIMARY KEY ("tenant_id","artifact_id","number"),
    CONSTRAINT "artifact_part_is_not_the_first" CHECK ("number" >= 1)
);

-- Deferred: the parts are written first, and their artifact last, when the lease that allows it is looked at again.
ALTER TABLE "artifact_part" ADD CONSTRAINT "artifact_part_tenant_id_artifact_id_fkey" FOREIGN KEY ("tenant_id", "artifact_id") REFERENCES "artifact"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED;

-- What arrives is mostly compressed already.
ALTER TABLE "artifact_part" ALTER COLUMN "bytes" SET STORAGE EXTERNAL;

CREATE INDEX "artifact_tenant_id_attempt_id_idx" ON "artifact"("tenant_id", "attempt_id");

ALTER TABLE "artifact_part" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "artifact_part" FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON "artifact_part" TO wavekeeper_app
  USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT SELECT, INSERT, UPDATE, DELETE ON "artifact_part" TO wavekeeper_app;
