-- What a tenant has left of its requests, whichever process they go to. Not worth a log: after a crash all are full.
CREATE UNLOGGED TABLE "request_bucket" (
    "tenant_id" UUID NOT NULL,
    "tokens" DOUBLE PRECISION NOT NULL,
    "filled_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "request_bucket_pkey" PRIMARY KEY ("tenant_id"),
    CONSTRAINT "request_bucket_tokens" CHECK ("tokens" >= 0)
);

ALTER TABLE "request_bucket" ADD CONSTRAINT "request_bucket_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "request_bucket" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "request_bucket" FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON "request_bucket" TO wavekeeper_app
  USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT SELECT, INSERT, UPDATE, DELETE ON "request_bucket" TO wavekeeper_app;
