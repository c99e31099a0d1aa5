-- Limits of tenants beside those of missions; the day's part of each; what has been announced; and which limit was reached last.
ALTER TABLE "mission"
  ADD COLUMN "limit_announced" SMALLINT NOT NULL DEFAULT 0,
  ADD COLUMN "budget_day" DATE,
  ADD COLUMN "day_spent_usd" DECIMAL(20,9) NOT NULL DEFAULT 0,
  ADD COLUMN "day_reserved_usd" DECIMAL(20,9) NOT NULL DEFAULT 0,
  ADD COLUMN "daily_announced" SMALLINT NOT NULL DEFAULT 0,
  ADD COLUMN "budget_reached" TEXT,
  ADD CONSTRAINT "mission_day_within_budget" CHECK ("day_reserved_usd" >= 0 AND "day_spent_usd" >= 0),
  ADD CONSTRAINT "mission_budget_reached" CHECK ("budget_reached" IN ('total', 'daily'));

CREATE TABLE "tenant_budget" (
  "tenant_id" UUID NOT NULL,
  "limit_usd" DECIMAL(20,9),
  "spent_usd" DECIMAL(20,9) NOT NULL DEFAULT 0,
  "reserved_usd" DECIMAL(20,9) NOT NULL DEFAULT 0,
  "limit_announced" SMALLINT NOT NULL DEFAULT 0,
  "daily_usd" DECIMAL(20,9),
  "budget_day" DATE,
  "day_spent_usd" DECIMAL(20,9) NOT NULL DEFAULT 0,
  "day_reserved_usd" DECIMAL(20,9) NOT NULL DEFAULT 0,
  "daily_announced" SMALLINT NOT NULL DEFAULT 0,
  "budget_reached" TEXT,
  CONSTRAINT "tenant_budget_pkey" PRIMARY KEY ("tenant_id"),
  CONSTRAINT "tenant_budget_amounts" CHECK (LEAST("spent_usd", "reserved_usd", "day_spent_usd", "day_reserved_usd") >= 0),
  CONSTRAINT "tenant_budget_reached" CHECK ("budget_reached" IN ('total', 'daily')),
  CONSTRAINT "tenant_budget_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- What has been spent already. Row-level security binds the owner too, so it rests while the books are carried over.
ALTER TABLE "mission" NO FORCE ROW LEVEL SECURITY;
ALTER TABLE "model_call" NO FORCE ROW LEVEL SECURITY;
ALTER TABLE "tenant" NO FORCE ROW LEVEL SECURITY;
WITH today AS (
  SELECT tenant_id, mission_id,
         coalesce(sum(cost_usd) FILTER (WHERE state <> 'sent'), 0) AS spent,
         coalesce(sum(reserved_usd) FILTER (WHERE state = 'sent'), 0) AS reserved
    FROM model_call
   WHERE (sent_at AT TIME ZONE 'UTC')::date = (clock_timestamp() AT TIME ZONE 'UTC')::date
   GROUP BY tenant_id, mission_id)
UPDATE "mission" m
   SET budget_day = (clock_timestamp() AT TIME ZONE 'UTC')::date, day_spent_usd = t.spent, day_reserved_usd = t.reserved
  FROM today t
 WHERE m.tenant_id = t.tenant_id AND m.id = t.mission_id;
-- Whether a hold was the day's is not known any more: where there is a limit a day, the day's end lifts it.
UPDATE "mission"
   SET budget_reached = CASE WHEN daily_usd IS NULL THEN 'total' ELSE 'daily' END,
       budget_day = coalesce(budget_day, (clock_timestamp() AT TIME ZONE 'UTC')::date)
 WHERE 'budget' = ANY (holds);
INSERT INTO "tenant_budget" (tenant_id, spent_usd, reserved_usd, budget_day, day_spent_usd, day_reserved_usd)
SELECT t.id, coalesce(sum(m.spent_usd), 0), coalesce(sum(m.reserved_usd), 0), max(m.budget_day),
       coalesce(sum(m.day_spent_usd), 0), coalesce(sum(m.day_reserved_usd), 0)
  FROM "tenant" t LEFT JOIN "mission" m ON m.tenant_id = t.id
 GROUP BY t.id;
ALTER TABLE "mission" FORCE ROW LEVEL SECURITY;
ALTER TABLE "model_call" FORCE ROW LEVEL SECURITY;
ALTER TABLE "tenant" FORCE ROW LEVEL SECURITY;

ALTER TABLE "tenant_budget" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "tenant_budget" FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON "tenant_budget" TO wavekeeper_app
  USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
CREATE POLICY all_tenants ON "tenant_budget" TO wavekeeper_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON "tenant_budget" TO wavekeeper_app;
GRANT SELECT ON "tenant_budget" TO wavekeeper_system;

-- The last word on every reservation, whatever the code decided: none goes beyond a limit. A settlement is not refused, since
-- it only records what has been billed; and a limit may be lowered below what is spent already, then nothing more is reserved.
CREATE FUNCTION refuse_overspending() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.spent_usd + NEW.reserved_usd > NEW.limit_usd THEN
    RAISE EXCEPTION 'a reservation exceeds limit_usd of %', TG_TABLE_NAME USING ERRCODE = 'check_violation';
  END IF;
  IF NEW.day_spent_usd + NEW.day_reserved_usd > NEW.daily_usd THEN
    RAISE EXCEPTION 'a reservation exceeds daily_usd of %', TG_TABLE_NAME USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER "mission_refuses_overspending" BEFORE UPDATE OF "reserved_usd" ON "mission"
  FOR EACH ROW WHEN (NEW."reserved_usd" > OLD."reserved_usd") EXECUTE FUNCTION refuse_overspending();
CREATE TRIGGER "tenant_budget_refuses_overspending" BEFORE UPDATE OF "reserved_usd" ON "tenant_budget"
  FOR EACH ROW WHEN (NEW."reserved_usd" > OLD."reserved_usd") EXECUTE FUNCTION refuse_overspending();

-- Holds that the end of a day lifts.
CREATE INDEX "mission_held_for_a_day" ON "mission" ("budget_day") WHERE "budget_reached" = 'daily' AND "holds" && ARRAY['budget'];
-- The fair pick asks tenant by tenant.
CREATE INDEX "mission_due_of_tenant" ON "mission" ("tenant_id", "wave_due_at")
  WHERE "state" = 'active' AND "holds" = '{}' AND "wave_id" IS NULL AND "wave_due_at" IS NOT NULL;
CREATE INDEX "attempt_offered_of_tenant" ON "attempt" ("pool", "tenant_id", "priority", "available_at") WHERE "state" = 'offered';
-- Missions that wait for a free slot and for nothing else.
CREATE INDEX "mission_waiting_for_slots" ON "mission" ("tenant_id")
  WHERE "state" = 'active' AND "holds" = '{}' AND "wave_id" IS NULL AND "wave_due_at" IS NULL AND "tasks_ready" > 0 AND NOT "ready_deferred";
-- What was asked of models, by when: usage reads it.
CREATE INDEX "model_call_of_tenant" ON "model_call" ("tenant_id", "sent_at");
