import type { Tx } from '#database';
import type { Actor, EventType, Json } from '#contracts';

/** An event before it is numbered. `data` is what its webhook carries beside ids and state. */
export interface NewEvent {
  readonly type: EventType;
  readonly actor: Actor;
  readonly taskId?: string | undefined;
  readonly attemptId?: string | undefined;
  readonly waveId?: string | undefined;
  readonly data?: Record<string, Json>;
}

/** An event as it is written: with its id, and its number in the mission (null for a tenant's own). */
export interface EventRow extends NewEvent {
  readonly id: string;
  readonly missionId: string | null;
  readonly seq: number | null;
  readonly createdAt: Date;
}

export async function insertEvents(tx: Tx, events: readonly EventRow[]): Promise<void> {
  await tx.db.event.createMany({
    data: events.map((event) => ({
      tenantId: tx.tenantId,
      id: event.id,
      missionId: event.missionId,
      seq: event.seq,
      type: event.type,
      taskId: event.taskId ?? null,
      attemptId: event.attemptId ?? null,
      waveId: event.waveId ?? null,
      actorKind: event.actor.kind,
      actorId: event.actor.id,
      body: event.data ?? {},
      createdAt: event.createdAt,
    })),
  });
}
