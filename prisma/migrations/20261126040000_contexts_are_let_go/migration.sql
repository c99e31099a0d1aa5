-- The exact bytes of a wave's requests are kept for a time (WAVEKEEPER_CONTEXT_DAYS); its manifest, which says of each
-- block what it was, stays. Null: they have been let go.
ALTER TABLE "wave_context"
  ALTER COLUMN "input_gzip" DROP NOT NULL,
  ALTER COLUMN "requests_gzip" DROP NOT NULL,
  ADD COLUMN "kept_since" TIMESTAMPTZ(3) DEFAULT CURRENT_TIMESTAMP,
  ADD CONSTRAINT "wave_context_bytes_are_kept_or_not"
    CHECK (num_nulls("kept_since", "input_gzip", "requests_gzip") IN (0, 3));
CREATE INDEX "wave_context_kept" ON "wave_context" ("kept_since") WHERE "kept_since" IS NOT NULL;

-- The sweep lets them go, and reads none of them.
CREATE POLICY all_tenants ON "wave_context" TO wavekeeper_system USING (true) WITH CHECK (true);
GRANT SELECT ("tenant_id", "wave_id", "kept_since"), UPDATE ("kept_since", "input_gzip", "requests_gzip")
  ON "wave_context" TO wavekeeper_system;
