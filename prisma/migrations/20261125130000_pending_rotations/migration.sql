-- Rotations that wait for the running wave: they survive the process that took them, and whoever ends the wave carries them out.
ALTER TABLE "mission"
  ADD COLUMN "pending_rotations" JSONB NOT NULL DEFAULT '[]',
  ADD CONSTRAINT "mission_pending_rotations" CHECK (
    jsonb_typeof("pending_rotations") = 'array' AND jsonb_array_length("pending_rotations") <= 10
    AND ("wave_id" IS NOT NULL OR "pending_rotations" = '[]'));
