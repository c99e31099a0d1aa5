import { encodeId, encodeOptionalId, type LedgerEvent } from '#contracts';
import type { EventRead } from '#ledger';

export function eventView(event: EventRead): LedgerEvent {
  return {
    id: encodeId('event', event.id),
    seq: event.seq,
    type: event.type,
    mission_id: encodeOptionalId('mission', event.missionId),
    task_id: encodeOptionalId('task', event.taskId),
    attempt_id: encodeOptionalId('attempt', event.attemptId),
    wave_id: encodeOptionalId('wave', event.waveId),
    actor: { kind: event.actorKind, id: event.actorId },
    data: event.body,
    created_at: event.createdAt.toISOString(),
  };
}
