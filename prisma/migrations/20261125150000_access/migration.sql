-- Sessions of the dashboard, one-time links to sign in, the key that seals a tenant's secrets, its own model keys, and who did what.

CREATE TABLE "session" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "api_key_id" UUID NOT NULL,
    "token_sha256" BYTEA NOT NULL,
    "last_seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "session_pkey" PRIMARY KEY ("tenant_id","id"),
    CONSTRAINT "session_tenant_id_api_key_id_fkey" FOREIGN KEY ("tenant_id", "api_key_id") REFERENCES "api_key"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE UNIQUE INDEX "session_token_sha256_key" ON "session"("token_sha256");
CREATE INDEX "session_tenant_id_api_key_id_idx" ON "session"("tenant_id", "api_key_id");

CREATE TABLE "sign_in_link" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "api_key_id" UUID NOT NULL,
    "token_sha256" BYTEA NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "sign_in_link_pkey" PRIMARY KEY ("tenant_id","id"),
    CONSTRAINT "sign_in_link_tenant_id_api_key_id_fkey" FOREIGN KEY ("tenant_id", "api_key_id") REFERENCES "api_key"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE UNIQUE INDEX "sign_in_link_token_sha256_key" ON "sign_in_link"("token_sha256");
CREATE INDEX "sign_in_link_tenant_id_api_key_id_idx" ON "sign_in_link"("tenant_id", "api_key_id");

CREATE TABLE "data_key" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "wrapped" BYTEA NOT NULL,
    "master_key_id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "data_key_pkey" PRIMARY KEY ("tenant_id"),
    CONSTRAINT "data_key_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE TABLE "model_credential" (
    "tenant_id" UUID NOT NULL,
    "provider" TEXT NOT NULL,
    "api_key_sealed" BYTEA NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "model_credential_pkey" PRIMARY KEY ("tenant_id","provider"),
    CONSTRAINT "model_credential_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "model_credential_provider" CHECK ("provider" IN ('anthropic'))
);

CREATE TABLE "audit_entry" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "actor" JSONB NOT NULL,
    "action" TEXT NOT NULL,
    "subject_id" TEXT,
    "before" JSONB,
    "after" JSONB,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "audit_entry_pkey" PRIMARY KEY ("tenant_id","id"),
    CONSTRAINT "audit_entry_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX "audit_entry_tenant_id_created_at_id_idx" ON "audit_entry"("tenant_id", "created_at" DESC, "id" DESC);

DO $$
DECLARE table_name text;
BEGIN
  FOREACH table_name IN ARRAY ARRAY['session', 'sign_in_link', 'data_key', 'model_credential', 'audit_entry'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', table_name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', table_name);
    EXECUTE format('CREATE POLICY own_tenant ON %I TO wavekeeper_app
                    USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant())', table_name);
  END LOOP;
  -- Who presents a session or a link has not said of which tenant it is.
  FOREACH table_name IN ARRAY ARRAY['session', 'sign_in_link'] LOOP
    EXECUTE format('CREATE POLICY all_tenants ON %I TO wavekeeper_system USING (true) WITH CHECK (true)', table_name);
    EXECUTE format('GRANT SELECT ON %I TO wavekeeper_system', table_name);
  END LOOP;
END $$;

GRANT SELECT, INSERT, DELETE ON "session", "sign_in_link" TO wavekeeper_app;
GRANT UPDATE ("last_seen_at") ON "session" TO wavekeeper_system;
-- A data key is never replaced by another, only wrapped anew: what it has sealed must keep opening.
GRANT SELECT, INSERT, UPDATE ("wrapped", "master_key_id") ON "data_key" TO wavekeeper_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON "model_credential" TO wavekeeper_app;
-- Append-only: nobody but the removal of a whole tenant takes an entry away.
GRANT SELECT, INSERT ON "audit_entry" TO wavekeeper_app;
