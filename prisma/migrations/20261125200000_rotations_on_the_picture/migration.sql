-- The picture of a mission marks its rotations, which are looked up among all its events.
CREATE INDEX "event_of_rotations" ON "event" ("tenant_id", "mission_id", "seq") WHERE "type" = 'conductor.rotated';
