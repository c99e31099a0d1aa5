-- Tasks that come again: when, which task, and every due moment that has made one.

CREATE TABLE "schedule" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "mission_id" UUID NOT NULL,
    "cron" TEXT NOT NULL,
    "time_zone" TEXT NOT NULL,
    "task" JSONB NOT NULL,
    "catch_up" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'active',
    "next_run_at" TIMESTAMPTZ(3),
    "last_run_at" TIMESTAMPTZ(3),
    "runs" INTEGER NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "schedule_pkey" PRIMARY KEY ("tenant_id","id"),
    CONSTRAINT "schedule_catch_up" CHECK ("catch_up" IN ('none', 'one')),
    CONSTRAINT "schedule_state" CHECK ("state" IN ('active', 'paused')),
    CONSTRAINT "schedule_active_has_a_next_run" CHECK (("state" = 'active') = ("next_run_at" IS NOT NULL)),
    CONSTRAINT "schedule_runs" CHECK ("runs" >= 0 AND ("runs" = 0) = ("last_run_at" IS NULL))
);

-- The key is the promise: a due moment makes one task, whoever takes it up and however often.
CREATE TABLE "schedule_run" (
    "tenant_id" UUID NOT NULL,
    "schedule_id" UUID NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "task_id" UUID NOT NULL,

    CONSTRAINT "schedule_run_pkey" PRIMARY KEY ("tenant_id","schedule_id","due_at")
);

CREATE INDEX "schedule_tenant_id_mission_id_created_at_id_idx" ON "schedule"("tenant_id", "mission_id", "created_at", "id");
CREATE UNIQUE INDEX "schedule_run_tenant_id_task_id_key" ON "schedule_run"("tenant_id", "task_id");
CREATE INDEX "schedule_due" ON "schedule" ("next_run_at") WHERE "state" = 'active';

ALTER TABLE "schedule" ADD CONSTRAINT "schedule_tenant_id_mission_id_fkey" FOREIGN KEY ("tenant_id", "mission_id") REFERENCES "mission"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "schedule_run" ADD CONSTRAINT "schedule_run_tenant_id_schedule_id_fkey" FOREIGN KEY ("tenant_id", "schedule_id") REFERENCES "schedule"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "schedule_run" ADD CONSTRAINT "schedule_run_tenant_id_task_id_fkey" FOREIGN KEY ("tenant_id", "task_id") REFERENCES "task"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

DO $$
DECLARE table_name text;
BEGIN
  FOREACH table_name IN ARRAY ARRAY['schedule', 'schedule_run'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', table_name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', table_name);
    EXECUTE format('CREATE POLICY own_tenant ON %I TO wavekeeper_app
                    USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant())', table_name);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO wavekeeper_app', table_name);
  END LOOP;
END $$;

-- The sweep looks for what is due across tenants; it changes nothing.
CREATE POLICY all_tenants ON "schedule" FOR SELECT TO wavekeeper_system USING (true);
GRANT SELECT ON "schedule" TO wavekeeper_system;
