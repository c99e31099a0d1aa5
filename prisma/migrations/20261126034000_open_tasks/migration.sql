-- What a snapshot reads of tasks, in its order: their open ones, which are few however many have ended. Without it a
-- mission that has grown since its statistics were last taken has all its tasks read for each wave.
CREATE INDEX "task_open" ON "task" ("tenant_id", "mission_id", "state", "open_dependencies", "priority", "number")
  WHERE "state" IN ('queued', 'blocked', 'working', 'input_required');
