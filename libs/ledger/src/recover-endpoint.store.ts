import { earliestUuidAt, EVENT_TYPES, matchesEventPattern, type EventType, type Json } from '#contracts';
import type { Tx } from '#database';
import { TASK_REASONS } from './domain/task-state.js';
import type { EndpointRead } from './endpoint.store.js';
import type { EventRow } from './event.store.js';

/** Ids carry the clock of the process that made them: so far it may be from the database's. */
const CLOCKS_APART_MS_MAX = 60 * 60 * 1_000;

/** What a callback_url hears of: the ends of the task, and of the mission, that named it. */
const CALLBACK_TYPES: readonly EventType[] = [
  'task.completed',
  'task.failed',
  'task.canceled',
  'mission.completed',
  'mission.canceled',
  'mission.archived',
];

export interface Since {
  readonly since: Date;
  readonly take: number;
}

/** Lets the oldest deliveries that were given up since then begin their schedule anew, due now. How many there were. */
export async function reviveDeadDeliveries(
  tx: Tx,
  endpointId: string,
  { since, take }: Since,
): Promise<number> {
  return tx.db.$executeRaw`
    UPDATE webhook_delivery
       SET state = 'pending', dead_reason = NULL, next_try_at = ${tx.now}, tries_uncounted = try_count
     WHERE tenant_id = ${tx.tenantId}::uuid
       AND id IN (SELECT id FROM webhook_delivery
                   WHERE tenant_id = ${tx.tenantId}::uuid AND endpoint_id = ${endpointId}::uuid AND state = 'dead'
                     AND event_type <> 'endpoint.test' AND created_at >= ${since}
                   ORDER BY created_at, id LIMIT ${take})`;
}

/**
 * The oldest events since then that the endpoint subscribes to and has no delivery of: it was disabled, subscribed to
 * less, or was not there. A callback_url hears only of what named it.
 */
export async function readMissedEvents(
  tx: Tx,
  endpoint: EndpointRead,
  { since, take }: Since,
): Promise<EventRow[]> {
  const earliestId = earliestUuidAt(new Date(since.getTime() - CLOCKS_APART_MS_MAX));
  const rows = await tx.db.$queryRaw<EventColumns[]>`
    SELECT e.id, e.mission_id AS "missionId", e.seq, e.type, e.task_id AS "taskId", e.attempt_id AS "attemptId",
           e.wave_id AS "waveId", e.actor_kind AS "actorKind", e.actor_id AS "actorId", e.body, e.created_at AS "createdAt"
      FROM event e
      LEFT JOIN mission m ON m.tenant_id = e.tenant_id AND m.id = e.mission_id
      LEFT JOIN task t ON t.tenant_id = e.tenant_id AND t.id = e.task_id
     WHERE e.tenant_id = ${tx.tenantId}::uuid AND e.id >= ${earliestId}::uuid AND e.created_at >= ${since}
       AND (${endpoint.missionId}::uuid IS NULL OR e.mission_id = ${endpoint.missionId}::uuid)
       AND e.type = ANY (${typesOf(endpoint)}::text[])
       AND (NOT ${endpoint.implicit} OR t.callback_url = ${endpoint.url}
            OR (m.callback_url = ${endpoint.url} AND e.body->>'reason' IS DISTINCT FROM ${TASK_REASONS.missionCanceled}))
       AND NOT EXISTS (SELECT FROM webhook_delivery d
                        WHERE d.tenant_id = e.tenant_id AND d.event_id = e.id AND d.endpoint_id = ${endpoint.id}::uuid)
     ORDER BY e.created_at, e.id
     LIMIT ${take}`;
  return rows.map(toEventRow);
}

function typesOf(endpoint: EndpointRead): EventType[] {
  const types = endpoint.implicit ? CALLBACK_TYPES : EVENT_TYPES;
  return types.filter(
    (type) =>
      type !== 'endpoint.test' && endpoint.eventTypes.some((pattern) => matchesEventPattern(pattern, type)),
  );
}

interface EventColumns {
  readonly id: string;
  readonly missionId: string | null;
  readonly seq: number | null;
  readonly type: EventType;
  readonly taskId: string | null;
  readonly attemptId: string | null;
  readonly waveId: string | null;
  readonly actorKind: EventRow['actor']['kind'];
  readonly actorId: string | null;
  readonly body: Record<string, Json>;
  readonly createdAt: Date;
}

function toEventRow(row: EventColumns): EventRow {
  return {
    id: row.id,
    missionId: row.missionId,
    seq: row.seq,
    type: row.type,
    actor: { kind: row.actorKind, id: row.actorId },
    taskId: row.taskId ?? undefined,
    attemptId: row.attemptId ?? undefined,
    waveId: row.waveId ?? undefined,
    data: row.body,
    createdAt: row.createdAt,
  };
}
