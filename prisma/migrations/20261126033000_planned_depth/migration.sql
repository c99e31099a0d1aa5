-- How far a mission's planning has run ahead of what happens: see docs/decisions/022.
ALTER TABLE "mission"
  ADD COLUMN "planned_depth" INTEGER NOT NULL DEFAULT 0,
  ADD CONSTRAINT "mission_planned_depth" CHECK ("planned_depth" >= 0);
