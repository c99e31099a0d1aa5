-- Questions to people: of conductors, of holds and of approval policies, and the tasks that wait for an answer.

ALTER TABLE "mission"
  ADD COLUMN "last_request_number" INTEGER NOT NULL DEFAULT 0,
  ADD COLUMN "requests_open" INTEGER NOT NULL DEFAULT 0,
  ADD CONSTRAINT "mission_requests_open" CHECK ("requests_open" >= 0);

CREATE TABLE "input_request" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "mission_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "kind" TEXT NOT NULL,
    "about" TEXT NOT NULL,
    "hold" TEXT,
    "prompt" TEXT NOT NULL,
    "options" JSONB NOT NULL,
    "deadline_at" TIMESTAMPTZ(3),
    "default_value" TEXT,
    "on_timeout" TEXT,
    "state" TEXT NOT NULL DEFAULT 'open',
    "answer_value" TEXT,
    "answer_comment" TEXT,
    "created_by_wave" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "input_request_pkey" PRIMARY KEY ("tenant_id","id"),
    CONSTRAINT "input_request_kind" CHECK ("kind" IN ('approval', 'choice', 'text')),
    CONSTRAINT "input_request_about" CHECK ("about" IN ('question', 'hold', 'dispatch', 'completion')),
    CONSTRAINT "input_request_of_a_hold" CHECK (("about" = 'hold') = ("hold" IS NOT NULL)),
    CONSTRAINT "input_request_state" CHECK ("state" IN ('open', 'answered', 'expired')),
    CONSTRAINT "input_request_ended_has_a_time" CHECK (("state" = 'open') = ("ended_at" IS NULL)),
    CONSTRAINT "input_request_answered_has_an_answer" CHECK (("state" = 'answered') = ("answer_value" IS NOT NULL)),
    CONSTRAINT "input_request_on_timeout" CHECK ("on_timeout" IN ('hold', 'fail')),
    CONSTRAINT "input_request_default_has_a_deadline" CHECK ("default_value" IS NULL OR "deadline_at" IS NOT NULL)
);

CREATE TABLE "input_request_task" (
    "tenant_id" UUID NOT NULL,
    "request_id" UUID NOT NULL,
    "task_id" UUID NOT NULL,
    "version" INTEGER NOT NULL,
    "pool" TEXT,
    "late_attempt" INTEGER,

    CONSTRAINT "input_request_task_pkey" PRIMARY KEY ("tenant_id","request_id","task_id")
);

CREATE UNIQUE INDEX "input_request_tenant_id_mission_id_number_key" ON "input_request"("tenant_id", "mission_id", "number");
CREATE INDEX "input_request_tenant_id_created_at_id_idx" ON "input_request"("tenant_id", "created_at", "id");
CREATE INDEX "input_request_task_tenant_id_task_id_idx" ON "input_request_task"("tenant_id", "task_id");
CREATE INDEX "input_request_open" ON "input_request" ("tenant_id", "mission_id", "number") WHERE "state" = 'open';
CREATE INDEX "input_request_deadline" ON "input_request" ("deadline_at") WHERE "state" = 'open';
-- A hold asks once.
CREATE UNIQUE INDEX "input_request_one_per_hold" ON "input_request" ("tenant_id", "mission_id", "hold") WHERE "state" = 'open';

ALTER TABLE "input_request" ADD CONSTRAINT "input_request_tenant_id_mission_id_fkey" FOREIGN KEY ("tenant_id", "mission_id") REFERENCES "mission"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "input_request_task" ADD CONSTRAINT "input_request_task_tenant_id_request_id_fkey" FOREIGN KEY ("tenant_id", "request_id") REFERENCES "input_request"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "input_request_task" ADD CONSTRAINT "input_request_task_tenant_id_task_id_fkey" FOREIGN KEY ("tenant_id", "task_id") REFERENCES "task"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

DO $$
DECLARE table_name text;
BEGIN
  FOREACH table_name IN ARRAY ARRAY['input_request', 'input_request_task'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', table_name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', table_name);
    EXECUTE format('CREATE POLICY own_tenant ON %I TO wavekeeper_app
                    USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant())', table_name);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO wavekeeper_app', table_name);
  END LOOP;
END $$;

-- The sweep looks for deadlines across tenants; it changes nothing.
CREATE POLICY all_tenants ON "input_request" FOR SELECT TO wavekeeper_system USING (true);
GRANT SELECT ON "input_request" TO wavekeeper_system;
