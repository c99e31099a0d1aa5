-- How an endpoint has answered lately. Only failures write here, and the first success after them: while an endpoint is
-- well its row is not updated. Proven: its last try succeeded, and quickly; until then it holds one sender at a time.
ALTER TABLE "webhook_endpoint"
  ADD COLUMN "failures_in_a_row" INTEGER NOT NULL DEFAULT 0,
  ADD COLUMN "failing_since" TIMESTAMPTZ(3),
  ADD COLUMN "probe_at" TIMESTAMPTZ(3),
  ADD COLUMN "proven" BOOLEAN NOT NULL DEFAULT false,
  ADD COLUMN "disabled_reason" TEXT,
  ADD CONSTRAINT "webhook_endpoint_disabled_reason" CHECK ("disabled_reason" IN ('by_request', 'gone', 'failing')),
  ADD CONSTRAINT "webhook_endpoint_failures" CHECK ("failures_in_a_row" >= 0);
UPDATE "webhook_endpoint" SET "disabled_reason" = 'by_request' WHERE "state" = 'disabled';

-- Why a delivery was given up; one try beside its schedule that somebody asked for; where in the schedule it is, as the
-- number of its tries that do not count there.
ALTER TABLE "webhook_delivery"
  ADD COLUMN "dead_reason" TEXT,
  ADD COLUMN "extra_try_at" TIMESTAMPTZ(3),
  ADD COLUMN "tries_uncounted" INTEGER NOT NULL DEFAULT 0,
  ADD CONSTRAINT "webhook_delivery_dead_reason" CHECK ("dead_reason" IN ('exhausted', 'gone', 'endpoint_disabled')),
  ADD CONSTRAINT "webhook_delivery_tries_uncounted" CHECK ("tries_uncounted" BETWEEN 0 AND "try_count");
UPDATE "webhook_delivery" SET "dead_reason" = 'exhausted' WHERE "state" = 'dead';
CREATE INDEX "webhook_delivery_extra_try" ON "webhook_delivery" ("tenant_id", "endpoint_id", "extra_try_at", "id")
  WHERE "extra_try_at" IS NOT NULL;

-- Where a try went, and whether somebody had asked for it.
ALTER TABLE "webhook_try"
  ADD COLUMN "url" TEXT,
  ADD COLUMN "extra" BOOLEAN NOT NULL DEFAULT false;
