-- What Prisma's schema cannot say: checks, partial indexes, roles and row-level security.

-- States are closed sets; the machines in libs/ledger/src/domain are the authority on the moves between them.
ALTER TABLE "mission"
  ADD CONSTRAINT "mission_state" CHECK ("state" IN ('active', 'paused', 'completed', 'canceled', 'archived')),
  ADD CONSTRAINT "mission_holds" CHECK ("holds" <@ ARRAY['budget', 'stalled', 'overcommitted', 'provider']),
  ADD CONSTRAINT "mission_wave_has_a_lease" CHECK (("wave_id" IS NULL) = ("wave_lease_until" IS NULL)),
  ADD CONSTRAINT "mission_counters" CHECK (
    LEAST("tasks_blocked", "tasks_queued", "tasks_working", "tasks_input_required", "tasks_completed", "tasks_failed",
          "tasks_canceled", "tasks_ready", "attempts_in_flight", "inbox_unseen") >= 0),
  ADD CONSTRAINT "mission_within_budget" CHECK ("reserved_usd" >= 0 AND "spent_usd" >= 0);
ALTER TABLE "task"
  ADD CONSTRAINT "task_state" CHECK ("state" IN ('blocked', 'queued', 'working', 'input_required', 'completed', 'failed', 'canceled')),
  ADD CONSTRAINT "task_dependencies" CHECK ("open_dependencies" >= 0 AND "failed_dependencies" BETWEEN 0 AND "open_dependencies"),
  ADD CONSTRAINT "task_completed_has_a_time" CHECK (("state" = 'completed') = ("completed_at" IS NOT NULL));
ALTER TABLE "task_dependency"
  ADD CONSTRAINT "task_dependency_not_itself" CHECK ("task_id" <> "depends_on_id");
ALTER TABLE "attempt"
  ADD CONSTRAINT "attempt_state" CHECK ("state" IN ('offered', 'leased', 'succeeded', 'failed', 'expired', 'canceled')),
  ADD CONSTRAINT "attempt_leased_has_a_lease" CHECK ("state" <> 'leased' OR ("lease_token" IS NOT NULL AND "lease_until" IS NOT NULL)),
  ADD CONSTRAINT "attempt_offered_has_no_lease" CHECK ("state" <> 'offered' OR ("lease_token" IS NULL AND "lease_until" IS NULL));
ALTER TABLE "wave"
  ADD CONSTRAINT "wave_state" CHECK ("state" IN ('running', 'committed', 'aborted')),
  ADD CONSTRAINT "wave_ended_has_a_time" CHECK (("state" = 'running') = ("ended_at" IS NULL));
ALTER TABLE "model_call"
  ADD CONSTRAINT "model_call_state" CHECK ("state" IN ('sent', 'settled', 'failed', 'orphaned'));
ALTER TABLE "inbox_item"
  ADD CONSTRAINT "inbox_item_lane" CHECK ("lane" IN ('person', 'work'));
ALTER TABLE "event"
  ADD CONSTRAINT "event_of_a_mission_is_numbered" CHECK (("mission_id" IS NULL) = ("seq" IS NULL));
ALTER TABLE "webhook_endpoint"
  ADD CONSTRAINT "webhook_endpoint_state" CHECK ("state" IN ('enabled', 'disabled'));
ALTER TABLE "webhook_delivery"
  ADD CONSTRAINT "webhook_delivery_state" CHECK ("state" IN ('pending', 'delivered', 'dead')),
  ADD CONSTRAINT "webhook_delivery_pending_has_a_time" CHECK (("state" = 'pending') = ("next_try_at" IS NOT NULL));

CREATE UNIQUE INDEX "mission_one_default" ON "mission" ("tenant_id") WHERE "is_default";
CREATE INDEX "mission_due" ON "mission" ("wave_due_at")
  WHERE "state" = 'active' AND "holds" = '{}' AND "wave_id" IS NULL AND "wave_due_at" IS NOT NULL;
CREATE INDEX "mission_running_wave" ON "mission" ("tenant_id", "wave_lease_until") WHERE "wave_id" IS NOT NULL;
CREATE UNIQUE INDEX "wave_one_running" ON "wave" ("tenant_id", "mission_id") WHERE "state" = 'running';
CREATE UNIQUE INDEX "attempt_one_live" ON "attempt" ("tenant_id", "task_id") WHERE "state" IN ('offered', 'leased');
CREATE INDEX "attempt_offered" ON "attempt" ("pool", "available_at") WHERE "state" = 'offered';
CREATE INDEX "attempt_leased" ON "attempt" ("lease_until") WHERE "state" = 'leased';
CREATE INDEX "attempt_leased_by_tenant" ON "attempt" ("tenant_id") WHERE "state" = 'leased';
CREATE INDEX "attempt_of_mission_offered" ON "attempt" ("tenant_id", "mission_id", "pool", "priority", "ref_number") WHERE "state" = 'offered';
CREATE INDEX "inbox_item_unseen" ON "inbox_item" ("tenant_id", "mission_id", "lane", "seq") WHERE "seen_by_wave" IS NULL;
CREATE INDEX "inbox_item_by_wave" ON "inbox_item" ("tenant_id", "seen_by_wave") WHERE "seen_by_wave" IS NOT NULL;
CREATE INDEX "webhook_delivery_due" ON "webhook_delivery" ("next_try_at") WHERE "state" = 'pending';
CREATE INDEX "webhook_delivery_waiting" ON "webhook_delivery" ("tenant_id", "endpoint_id", "next_try_at", "id") WHERE "state" = 'pending';
CREATE INDEX "webhook_delivery_in_flight" ON "webhook_delivery" ("tenant_id", "endpoint_id") WHERE "lease_token" IS NOT NULL;
CREATE INDEX "model_call_unsettled" ON "model_call" ("deadline_at") WHERE "state" = 'sent';
CREATE INDEX "task_title_words" ON "task" USING gin (to_tsvector('simple', "title"));

-- Roles are shared by all databases of a server, so each is made once. They cannot log in: pools log in as the owner and become one.
DO $$
DECLARE role_name text;
BEGIN
  FOREACH role_name IN ARRAY ARRAY['wavekeeper_app', 'wavekeeper_system', 'wavekeeper_queue'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
      BEGIN
        EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE', role_name);
      EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; -- another database's migration was faster
      END;
    END IF;
    IF NOT pg_has_role(current_user, role_name, 'MEMBER') THEN
      EXECUTE format('GRANT %I TO %I', role_name, current_user);
    END IF;
  END LOOP;
  EXECUTE format('GRANT CREATE ON DATABASE %I TO wavekeeper_queue', current_database());
END $$;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO wavekeeper_app, wavekeeper_system;

-- The tenant of a transaction; NULL (and so no row at all) when none was set. After a transaction the setting reads '', hence NULLIF.
CREATE FUNCTION current_tenant() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT NULLIF(current_setting('app.tenant_id', true), '')::uuid $$;

DO $$
DECLARE table_name text;
BEGIN
  FOREACH table_name IN ARRAY ARRAY[
    'api_key', 'idempotency_key', 'mission', 'directive', 'note', 'task', 'task_dependency', 'attempt', 'artifact', 'wave',
    'wave_context', 'model_call', 'message', 'inbox_item', 'event', 'webhook_endpoint', 'webhook_delivery', 'webhook_try'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', table_name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', table_name);
    EXECUTE format('CREATE POLICY own_tenant ON %I TO wavekeeper_app
                    USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant())', table_name);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO wavekeeper_app', table_name);
  END LOOP;
  -- Events are immutable: nobody but the removal of a whole tenant takes one away.
  REVOKE UPDATE, DELETE ON "event" FROM wavekeeper_app;

  -- What the pickers, the sweep, sign-in and the operator read across tenants. They lock and narrow; writing is the tenant's own role.
  FOREACH table_name IN ARRAY ARRAY['api_key', 'mission', 'attempt', 'model_call', 'webhook_endpoint', 'webhook_delivery', 'idempotency_key'] LOOP
    EXECUTE format('CREATE POLICY all_tenants ON %I TO wavekeeper_system USING (true) WITH CHECK (true)', table_name);
    EXECUTE format('GRANT SELECT ON %I TO wavekeeper_system', table_name);
  END LOOP;
END $$;

ALTER TABLE "tenant" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "tenant" FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON "tenant" TO wavekeeper_app USING (id = current_tenant()) WITH CHECK (id = current_tenant());
CREATE POLICY all_tenants ON "tenant" TO wavekeeper_system USING (true) WITH CHECK (true);
GRANT SELECT, UPDATE ("recent_tokens", "recent_tokens_at") ON "tenant" TO wavekeeper_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON "tenant" TO wavekeeper_system;

-- SELECT … FOR UPDATE asks for the right to update a column.
GRANT UPDATE ("updated_at") ON "mission" TO wavekeeper_system;
GRANT UPDATE ("lease_until", "lease_token") ON "webhook_delivery" TO wavekeeper_system;
GRANT UPDATE ("last_used_at") ON "api_key" TO wavekeeper_system;
GRANT DELETE ON "idempotency_key" TO wavekeeper_system;
