-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateTable
CREATE TABLE "tenant" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "limits" JSONB NOT NULL,
    "recent_tokens" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "recent_tokens_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "tenant_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "api_key" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "prefix" TEXT NOT NULL,
    "last4" TEXT NOT NULL,
    "secret_sha256" BYTEA NOT NULL,
    "scopes" TEXT[],
    "mission_id" UUID,
    "expires_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),
    "last_used_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "api_key_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "idempotency_key" (
    "tenant_id" UUID NOT NULL,
    "key" TEXT NOT NULL,
    "fingerprint" TEXT NOT NULL,
    "status" INTEGER,
    "body" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "idempotency_key_pkey" PRIMARY KEY ("tenant_id","key")
);

-- CreateTable
CREATE TABLE "mission" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "title" TEXT NOT NULL,
    "objective" TEXT NOT NULL,
    "acceptance_criteria" TEXT[],
    "state" TEXT NOT NULL DEFAULT 'active',
    "holds" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "policy" JSONB NOT NULL,
    "metadata" JSONB NOT NULL,
    "callback_url" TEXT,
    "is_default" BOOLEAN NOT NULL DEFAULT false,
    "fence_secret" BYTEA NOT NULL,
    "last_event_seq" INTEGER NOT NULL DEFAULT 0,
    "last_inbox_seq" INTEGER NOT NULL DEFAULT 0,
    "last_task_number" INTEGER NOT NULL DEFAULT 0,
    "last_attempt_number" INTEGER NOT NULL DEFAULT 0,
    "last_directive_number" INTEGER NOT NULL DEFAULT 0,
    "last_note_number" INTEGER NOT NULL DEFAULT 0,
    "last_wave_number" INTEGER NOT NULL DEFAULT 0,
    "tasks_blocked" INTEGER NOT NULL DEFAULT 0,
    "tasks_queued" INTEGER NOT NULL DEFAULT 0,
    "tasks_working" INTEGER NOT NULL DEFAULT 0,
    "tasks_input_required" INTEGER NOT NULL DEFAULT 0,
    "tasks_completed" INTEGER NOT NULL DEFAULT 0,
    "tasks_failed" INTEGER NOT NULL DEFAULT 0,
    "tasks_canceled" INTEGER NOT NULL DEFAULT 0,
    "tasks_ready" INTEGER NOT NULL DEFAULT 0,
    "attempts_in_flight" INTEGER NOT NULL DEFAULT 0,
    "inbox_unseen" INTEGER NOT NULL DEFAULT 0,
    "epoch" INTEGER NOT NULL DEFAULT 0,
    "wave_id" UUID,
    "wave_lease_until" TIMESTAMPTZ(3),
    "wave_due_at" TIMESTAMPTZ(3),
    "handoff_note" TEXT,
    "handoff_done" BOOLEAN NOT NULL DEFAULT false,
    "ready_deferred" BOOLEAN NOT NULL DEFAULT false,
    "verification_owed" BOOLEAN NOT NULL DEFAULT false,
    "verification_failures" INTEGER NOT NULL DEFAULT 0,
    "aborts_in_row" INTEGER NOT NULL DEFAULT 0,
    "leases_lost_in_row" INTEGER NOT NULL DEFAULT 0,
    "outages_in_row" INTEGER NOT NULL DEFAULT 0,
    "outage_since" TIMESTAMPTZ(3),
    "idle_waves_in_row" INTEGER NOT NULL DEFAULT 0,
    "last_context_tokens" INTEGER NOT NULL DEFAULT 0,
    "limit_usd" DECIMAL(20,9),
    "daily_usd" DECIMAL(20,9),
    "spent_usd" DECIMAL(20,9) NOT NULL DEFAULT 0,
    "reserved_usd" DECIMAL(20,9) NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "mission_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "directive" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "mission_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "text" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "directive_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "note" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "mission_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "kind" TEXT NOT NULL,
    "text" TEXT NOT NULL,
    "superseded_by" INTEGER,
    "wave_id" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "note_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "task" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "mission_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "key" TEXT,
    "title" TEXT NOT NULL,
    "instructions" TEXT NOT NULL,
    "acceptance_criteria" TEXT[],
    "worker" TEXT,
    "priority" INTEGER NOT NULL DEFAULT 2,
    "state" TEXT NOT NULL,
    "state_reason" TEXT,
    "version" INTEGER NOT NULL DEFAULT 1,
    "generation" INTEGER NOT NULL DEFAULT 1,
    "open_dependencies" INTEGER NOT NULL DEFAULT 0,
    "failed_dependencies" INTEGER NOT NULL DEFAULT 0,
    "failures" INTEGER NOT NULL DEFAULT 0,
    "expiries" INTEGER NOT NULL DEFAULT 0,
    "attempt_count" INTEGER NOT NULL DEFAULT 0,
    "live_attempt_id" UUID,
    "feedback" TEXT,
    "ready_at" TIMESTAMPTZ(3),
    "result" JSONB,
    "created_by_wave" UUID,
    "reviewed_by_wave" UUID,
    "callback_url" TEXT,
    "metadata" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "completed_at" TIMESTAMPTZ(3),

    CONSTRAINT "task_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "task_dependency" (
    "tenant_id" UUID NOT NULL,
    "task_id" UUID NOT NULL,
    "depends_on_id" UUID NOT NULL,

    CONSTRAINT "task_dependency_pkey" PRIMARY KEY ("tenant_id","task_id","depends_on_id")
);

-- CreateTable
CREATE TABLE "attempt" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "mission_id" UUID NOT NULL,
    "task_id" UUID NOT NULL,
    "ref_number" INTEGER NOT NULL,
    "number" INTEGER NOT NULL,
    "generation" INTEGER NOT NULL,
    "state" TEXT NOT NULL,
    "pool" TEXT NOT NULL,
    "priority" INTEGER NOT NULL,
    "worker" TEXT,
    "available_at" TIMESTAMPTZ(3) NOT NULL,
    "lease_token" TEXT,
    "lease_seconds" INTEGER,
    "lease_until" TIMESTAMPTZ(3),
    "started_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),
    "progress" DOUBLE PRECISION,
    "progress_message" TEXT,
    "result" JSONB,
    "late_result" JSONB,
    "error" JSONB,
    "usage" JSONB,
    "created_by_wave" UUID,

    CONSTRAINT "attempt_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "artifact" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "mission_id" UUID NOT NULL,
    "attempt_id" UUID,
    "name" TEXT NOT NULL,
    "media_type" TEXT NOT NULL,
    "size_bytes" INTEGER NOT NULL,
    "sha256" TEXT NOT NULL,
    "bytes" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "artifact_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "wave" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "mission_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "epoch" INTEGER NOT NULL,
    "state" TEXT NOT NULL,
    "trigger" TEXT NOT NULL,
    "stop_reason" TEXT,
    "model" TEXT NOT NULL,
    "requests" INTEGER NOT NULL DEFAULT 0,
    "budget_tokens" INTEGER NOT NULL,
    "peak_request_tokens" INTEGER NOT NULL DEFAULT 0,
    "input_tokens" INTEGER NOT NULL DEFAULT 0,
    "cache_write_tokens" INTEGER NOT NULL DEFAULT 0,
    "cache_read_tokens" INTEGER NOT NULL DEFAULT 0,
    "output_tokens" INTEGER NOT NULL DEFAULT 0,
    "cost_usd" DECIMAL(20,9) NOT NULL DEFAULT 0,
    "handoff_note" TEXT,
    "decisions" JSONB NOT NULL DEFAULT '[]',
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "wave_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "wave_context" (
    "tenant_id" UUID NOT NULL,
    "wave_id" UUID NOT NULL,
    "input_gzip" BYTEA NOT NULL,
    "requests_gzip" BYTEA NOT NULL,
    "request_sha256" TEXT NOT NULL,
    "manifest" JSONB NOT NULL,

    CONSTRAINT "wave_context_pkey" PRIMARY KEY ("tenant_id","wave_id")
);

-- CreateTable
CREATE TABLE "model_call" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "mission_id" UUID NOT NULL,
    "wave_id" UUID,
    "attempt_id" UUID,
    "role" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "budget_tokens" INTEGER NOT NULL,
    "counted_tokens" INTEGER,
    "input_tokens" INTEGER NOT NULL DEFAULT 0,
    "cache_write_tokens" INTEGER NOT NULL DEFAULT 0,
    "cache_read_tokens" INTEGER NOT NULL DEFAULT 0,
    "output_tokens" INTEGER NOT NULL DEFAULT 0,
    "reserved_usd" DECIMAL(20,9) NOT NULL,
    "cost_usd" DECIMAL(20,9) NOT NULL DEFAULT 0,
    "failure" TEXT,
    "sent_at" TIMESTAMPTZ(3) NOT NULL,
    "settled_at" TIMESTAMPTZ(3),
    "deadline_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "model_call_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "message" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "mission_id" UUID NOT NULL,
    "seq" INTEGER NOT NULL,
    "text" TEXT NOT NULL,
    "trusted" BOOLEAN NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "message_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "inbox_item" (
    "tenant_id" UUID NOT NULL,
    "mission_id" UUID NOT NULL,
    "seq" INTEGER NOT NULL,
    "lane" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "ref_id" UUID,
    "body" JSONB NOT NULL,
    "seen_by_wave" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "inbox_item_pkey" PRIMARY KEY ("tenant_id","mission_id","seq")
);

-- CreateTable
CREATE TABLE "event" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "mission_id" UUID,
    "seq" INTEGER,
    "type" TEXT NOT NULL,
    "task_id" UUID,
    "attempt_id" UUID,
    "wave_id" UUID,
    "actor_kind" TEXT NOT NULL,
    "actor_id" TEXT,
    "body" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "event_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "webhook_endpoint" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "url" TEXT NOT NULL,
    "event_types" TEXT[],
    "mission_id" UUID,
    "implicit" BOOLEAN NOT NULL DEFAULT false,
    "include_result" BOOLEAN NOT NULL DEFAULT false,
    "description" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'enabled',
    "secret_sealed" BYTEA NOT NULL,
    "previous_secret_sealed" BYTEA,
    "previous_secret_until" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "webhook_endpoint_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "webhook_delivery" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "endpoint_id" UUID NOT NULL,
    "event_id" UUID NOT NULL,
    "event_type" TEXT NOT NULL,
    "payload" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'pending',
    "try_count" INTEGER NOT NULL DEFAULT 0,
    "next_try_at" TIMESTAMPTZ(3),
    "lease_token" TEXT,
    "lease_until" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "webhook_delivery_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "webhook_try" (
    "tenant_id" UUID NOT NULL,
    "delivery_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "status" INTEGER,
    "duration_ms" INTEGER NOT NULL,
    "error" TEXT,
    "response_excerpt" TEXT,

    CONSTRAINT "webhook_try_pkey" PRIMARY KEY ("tenant_id","delivery_id","number")
);

-- CreateIndex
CREATE INDEX "api_key_secret_sha256_idx" ON "api_key"("secret_sha256");

-- CreateIndex
CREATE INDEX "idempotency_key_created_at_idx" ON "idempotency_key"("created_at");

-- CreateIndex
CREATE INDEX "mission_tenant_id_created_at_id_idx" ON "mission"("tenant_id", "created_at", "id");

-- CreateIndex
CREATE UNIQUE INDEX "directive_tenant_id_mission_id_number_key" ON "directive"("tenant_id", "mission_id", "number");

-- CreateIndex
CREATE UNIQUE INDEX "note_tenant_id_mission_id_number_key" ON "note"("tenant_id", "mission_id", "number");

-- CreateIndex
CREATE INDEX "task_tenant_id_mission_id_state_priority_number_idx" ON "task"("tenant_id", "mission_id", "state", "priority", "number");

-- CreateIndex
CREATE INDEX "task_tenant_id_created_at_id_idx" ON "task"("tenant_id", "created_at", "id");

-- CreateIndex
CREATE UNIQUE INDEX "task_tenant_id_mission_id_number_key" ON "task"("tenant_id", "mission_id", "number");

-- CreateIndex
CREATE UNIQUE INDEX "task_tenant_id_mission_id_key_key" ON "task"("tenant_id", "mission_id", "key");

-- CreateIndex
CREATE INDEX "task_dependency_tenant_id_depends_on_id_idx" ON "task_dependency"("tenant_id", "depends_on_id");

-- CreateIndex
CREATE UNIQUE INDEX "attempt_tenant_id_mission_id_ref_number_key" ON "attempt"("tenant_id", "mission_id", "ref_number");

-- CreateIndex
CREATE UNIQUE INDEX "attempt_tenant_id_task_id_number_key" ON "attempt"("tenant_id", "task_id", "number");

-- CreateIndex
CREATE UNIQUE INDEX "wave_tenant_id_mission_id_number_key" ON "wave"("tenant_id", "mission_id", "number");

-- CreateIndex
CREATE INDEX "model_call_tenant_id_mission_id_wave_id_idx" ON "model_call"("tenant_id", "mission_id", "wave_id");

-- CreateIndex
CREATE UNIQUE INDEX "message_tenant_id_mission_id_seq_key" ON "message"("tenant_id", "mission_id", "seq");

-- CreateIndex
CREATE INDEX "event_tenant_id_task_id_idx" ON "event"("tenant_id", "task_id");

-- CreateIndex
CREATE UNIQUE INDEX "event_tenant_id_mission_id_seq_key" ON "event"("tenant_id", "mission_id", "seq");

-- CreateIndex
CREATE INDEX "webhook_delivery_tenant_id_endpoint_id_created_at_id_idx" ON "webhook_delivery"("tenant_id", "endpoint_id", "created_at", "id");

-- CreateIndex
CREATE UNIQUE INDEX "webhook_delivery_tenant_id_event_id_endpoint_id_key" ON "webhook_delivery"("tenant_id", "event_id", "endpoint_id");

-- AddForeignKey
ALTER TABLE "api_key" ADD CONSTRAINT "api_key_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "api_key" ADD CONSTRAINT "api_key_tenant_id_mission_id_fkey" FOREIGN KEY ("tenant_id", "mission_id") REFERENCES "mission"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "idempotency_key" ADD CONSTRAINT "idempotency_key_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "mission" ADD CONSTRAINT "mission_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "directive" ADD CONSTRAINT "directive_tenant_id_mission_id_fkey" FOREIGN KEY ("tenant_id", "mission_id") REFERENCES "mission"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "note" ADD CONSTRAINT "note_tenant_id_mission_id_fkey" FOREIGN KEY ("tenant_id", "mission_id") REFERENCES "mission"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "task" ADD CONSTRAINT "task_tenant_id_mission_id_fkey" FOREIGN KEY ("tenant_id", "mission_id") REFERENCES "mission"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "task_dependency" ADD CONSTRAINT "task_dependency_tenant_id_task_id_fkey" FOREIGN KEY ("tenant_id", "task_id") REFERENCES "task"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "task_dependency" ADD CONSTRAINT "task_dependency_tenant_id_depends_on_id_fkey" FOREIGN KEY ("tenant_id", "depends_on_id") REFERENCES "task"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "attempt" ADD CONSTRAINT "attempt_tenant_id_task_id_fkey" FOREIGN KEY ("tenant_id", "task_id") REFERENCES "task"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "artifact" ADD CONSTRAINT "artifact_tenant_id_mission_id_fkey" FOREIGN KEY ("tenant_id", "mission_id") REFERENCES "mission"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "wave" ADD CONSTRAINT "wave_tenant_id_mission_id_fkey" FOREIGN KEY ("tenant_id", "mission_id") REFERENCES "mission"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "wave_context" ADD CONSTRAINT "wave_context_tenant_id_wave_id_fkey" FOREIGN KEY ("tenant_id", "wave_id") REFERENCES "wave"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "model_call" ADD CONSTRAINT "model_call_tenant_id_mission_id_fkey" FOREIGN KEY ("tenant_id", "mission_id") REFERENCES "mission"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "message" ADD CONSTRAINT "message_tenant_id_mission_id_fkey" FOREIGN KEY ("tenant_id", "mission_id") REFERENCES "mission"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "inbox_item" ADD CONSTRAINT "inbox_item_tenant_id_mission_id_fkey" FOREIGN KEY ("tenant_id", "mission_id") REFERENCES "mission"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "event" ADD CONSTRAINT "event_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "event" ADD CONSTRAINT "event_tenant_id_mission_id_fkey" FOREIGN KEY ("tenant_id", "mission_id") REFERENCES "mission"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "webhook_endpoint" ADD CONSTRAINT "webhook_endpoint_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "webhook_endpoint" ADD CONSTRAINT "webhook_endpoint_tenant_id_mission_id_fkey" FOREIGN KEY ("tenant_id", "mission_id") REFERENCES "mission"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "webhook_delivery" ADD CONSTRAINT "webhook_delivery_tenant_id_endpoint_id_fkey" FOREIGN KEY ("tenant_id", "endpoint_id") REFERENCES "webhook_endpoint"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "webhook_delivery" ADD CONSTRAINT "webhook_delivery_tenant_id_event_id_fkey" FOREIGN KEY ("tenant_id", "event_id") REFERENCES "event"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "webhook_try" ADD CONSTRAINT "webhook_try_tenant_id_delivery_id_fkey" FOREIGN KEY ("tenant_id", "delivery_id") REFERENCES "webhook_delivery"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

