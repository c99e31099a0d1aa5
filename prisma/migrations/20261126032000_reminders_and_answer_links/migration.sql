-- When people are next reminded of an open question, and links that answer one without signing in.

ALTER TABLE "input_request"
  ADD COLUMN "remind_at" TIMESTAMPTZ(3),
  ADD CONSTRAINT "input_request_reminder_has_a_deadline" CHECK ("remind_at" IS NULL OR "deadline_at" IS NOT NULL);
CREATE INDEX "input_request_reminder" ON "input_request" ("remind_at") WHERE "state" = 'open';

-- Of what is open already people are reminded once, at half of its time or at the next sweep. Row-level security binds
-- the owner too, so it rests meanwhile.
ALTER TABLE "input_request" NO FORCE ROW LEVEL SECURITY;
UPDATE "input_request" SET "remind_at" = "created_at" + ("deadline_at" - "created_at") / 2
 WHERE "state" = 'open' AND "deadline_at" IS NOT NULL;
ALTER TABLE "input_request" FORCE ROW LEVEL SECURITY;

CREATE TABLE "answer_link" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "request_id" UUID NOT NULL,
    "api_key_id" UUID NOT NULL,
    "token_sha256" BYTEA NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "answer_link_pkey" PRIMARY KEY ("tenant_id","id"),
    CONSTRAINT "answer_link_tenant_id_request_id_fkey" FOREIGN KEY ("tenant_id", "request_id") REFERENCES "input_request"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "answer_link_tenant_id_api_key_id_fkey" FOREIGN KEY ("tenant_id", "api_key_id") REFERENCES "api_key"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE UNIQUE INDEX "answer_link_token_sha256_key" ON "answer_link"("token_sha256");
CREATE INDEX "answer_link_tenant_id_request_id_idx" ON "answer_link"("tenant_id", "request_id");
CREATE INDEX "answer_link_tenant_id_api_key_id_idx" ON "answer_link"("tenant_id", "api_key_id");

ALTER TABLE "answer_link" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "answer_link" FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON "answer_link" TO wavekeeper_app
  USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT SELECT, INSERT, DELETE ON "answer_link" TO wavekeeper_app;
-- Who opens a link has not said of which tenant it is.
CREATE POLICY all_tenants ON "answer_link" FOR SELECT TO wavekeeper_system USING (true);
GRANT SELECT ON "answer_link" TO wavekeeper_system;
