import { z } from 'zod';
import { idSchema } from './ids.js';
import { jsonSchema } from './text.js';

/** Every event this version writes; webhooks carry the same types. */
export const EVENT_TYPES = [
  'mission.created',
  'mission.updated',
  'mission.paused',
  'mission.resumed',
  'mission.stalled',
  'mission.budget_threshold_reached',
  'mission.budget_reached',
  'mission.context_warning',
  'mission.context_overcommitted',
  'mission.provider_blocked',
  'mission.completed',
  'mission.canceled',
  'mission.archived',
  'conductor.rotated',
  'wave.started',
  'wave.committed',
  'wave.aborted',
  'task.created',
  'task.updated',
  'task.queued',
  'task.blocked',
  'task.dispatched',
  'task.started',
  'task.input_required',
  'task.completed',
  'task.failed',
  'task.canceled',
  'task.retried',
  'attempt.started',
  'attempt.succeeded',
  'attempt.failed',
  'attempt.expired',
  'attempt.canceled',
  'attempt.late',
  'directive.added',
  'directive.proposed',
  'directive.accepted',
  'directive.rejected',
  'directive.retired',
  'note.recorded',
  'input_request.created',
  'input_request.reminded',
  'input_request.answered',
  'input_request.expired',
  'message.received',
  'tenant.budget_threshold_reached',
  'tenant.budget_reached',
  'digest.created',
  'endpoint.disabled',
  'endpoint.test',
] as const;
export const eventTypeSchema = z.enum(EVENT_TYPES);
export type EventType = (typeof EVENT_TYPES)[number];

export const ACTOR_KINDS = ['key', 'wave', 'worker', 'system', 'person'] as const;
export const actorSchema = z.object({ kind: z.enum(ACTOR_KINDS), id: z.string().nullable() });
/** Who did it: `id` is a TypeID, or a worker's own name, or null for the system. */
export type Actor = z.infer<typeof actorSchema>;

export const eventSchema = z
  .object({
    id: idSchema('event'),
    seq: z.int().nullable(),
    type: eventTypeSchema,
    mission_id: idSchema('mission').nullable(),
    task_id: idSchema('task').nullable(),
    attempt_id: idSchema('attempt').nullable(),
    wave_id: idSchema('wave').nullable(),
    actor: actorSchema,
    data: z.record(z.string(), jsonSchema),
    created_at: z.iso.datetime(),
  })
  .meta({ id: 'Event' });
export type LedgerEvent = z.infer<typeof eventSchema>;
