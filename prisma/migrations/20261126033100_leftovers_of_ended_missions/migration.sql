-- A mission that is ended with very many open tasks ends them batch by batch; a sweep looks for the rest.
CREATE INDEX "mission_with_leftovers" ON "mission" ("tenant_id", "id")
  WHERE "state" IN ('canceled', 'archived')
    AND "tasks_blocked" + "tasks_queued" + "tasks_working" + "tasks_input_required" > 0;
