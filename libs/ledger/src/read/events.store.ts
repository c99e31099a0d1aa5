import type { Actor, EventType, Json } from '#contracts';
import type { Prisma, Tx } from '#database';

type StoredEvent = Prisma.EventGetPayload<Record<string, never>>;
/** An event with its closed sets and its body typed. */
export type EventRead = Omit<StoredEvent, 'type' | 'actorKind' | 'body'> & {
  readonly type: EventType;
  readonly actorKind: Actor['kind'];
  readonly body: Record<string, Json>;
};

/**
 * A mission's events after `afterSeq`, in order. Numbers are given under the mission's lock: whoever has read up to n
 * has seen everything up to n, and nothing below n appears later.
 */
export async function listEvents(
  tx: Tx,
  missionId: string,
  page: { readonly afterSeq: number; readonly take: number },
): Promise<EventRead[]> {
  const stored = await tx.db.event.findMany({
    where: { tenantId: tx.tenantId, missionId, seq: { gt: page.afterSeq } },
    orderBy: { seq: 'asc' },
    take: page.take,
  });
  return stored.map(toEventRead);
}

/** The events of one task, in order: those of its mission's numbers that speak of it. */
export async function listTaskEvents(
  tx: Tx,
  taskId: string,
  page: { readonly afterSeq: number; readonly take: number },
): Promise<EventRead[]> {
  const stored = await tx.db.event.findMany({
    where: { tenantId: tx.tenantId, taskId, seq: { gt: page.afterSeq } },
    orderBy: { seq: 'asc' },
    take: page.take,
  });
  return stored.map(toEventRead);
}

/** Events are written only from typed ones. */
function toEventRead(stored: StoredEvent): EventRead {
  return stored as EventRead;
}
