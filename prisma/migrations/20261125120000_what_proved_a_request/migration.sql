-- How it was known that a request fits its budget, how sure its bill is, and what a model's estimates have come to.
ALTER TABLE "model_call"
  ADD COLUMN "bound_tier" TEXT NOT NULL DEFAULT 'counted',
  ADD COLUMN "bound_tokens" INTEGER,
  ADD COLUMN "estimated_tokens" INTEGER,
  ADD COLUMN "stop_reason" TEXT,
  ADD COLUMN "billing_uncertain" BOOLEAN NOT NULL DEFAULT false,
  ADD CONSTRAINT "model_call_bound_tier" CHECK ("bound_tier" IN ('proved', 'counted', 'estimated'));

-- Calls from before this release: those without a count had been proved, and an orphan's bill was always a guess.
UPDATE "model_call" SET "bound_tier" = 'proved' WHERE "counted_tokens" IS NULL;
UPDATE "model_call" SET "billing_uncertain" = true WHERE "state" = 'orphaned';
ALTER TABLE "model_call" ALTER COLUMN "bound_tier" DROP DEFAULT;

-- The latest whole answers of a model, from which its rate is taken.
CREATE INDEX "model_call_of_model" ON "model_call" ("tenant_id", "model", "sent_at" DESC)
  WHERE "state" = 'settled' AND "estimated_tokens" IS NOT NULL;
