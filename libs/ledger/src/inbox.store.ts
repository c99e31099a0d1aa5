import type { Tx } from '#database';
import type { Json } from '#contracts';
import { TASK_REASONS } from './domain/task-state.js';

type InboxKind =
  | 'message'
  | 'submission'
  | 'attempt_succeeded'
  | 'attempt_failed'
  | 'attempt_exhausted'
  | 'attempt_late'
  | 'dependency_failed'
  | 'decision_rejected'
  | 'answer'
  | 'input_expired';

/** Something that a conductor has to see. The person lane is read first. */
export interface NewInboxItem {
  readonly lane: 'person' | 'work';
  readonly kind: InboxKind;
  /** The message, attempt, task or input request it speaks of. */
  readonly refId: string | null;
  readonly body: Record<string, Json>;
}

export interface InboxRow extends NewInboxItem {
  readonly seq: number;
}

export async function insertInboxItems(tx: Tx, missionId: string, items: readonly InboxRow[]): Promise<void> {
  await tx.db.inboxItem.createMany({
    data: items.map((item) => ({
      tenantId: tx.tenantId,
      missionId,
      seq: item.seq,
      lane: item.lane,
      kind: item.kind,
      refId: item.refId,
      body: item.body,
      createdAt: tx.now,
    })),
  });
}

/** The next page: the person lane first, then oldest first. */
export async function readInboxPage(tx: Tx, missionId: string, itemsMax: number): Promise<InboxRow[]> {
  const rows = await tx.db.inboxItem.findMany({
    where: { tenantId: tx.tenantId, missionId, seenByWave: null },
    orderBy: [{ lane: 'asc' }, { seq: 'asc' }], // 'person' sorts before 'work'
    take: itemsMax,
  });
  return rows.map((row) => ({
    seq: row.seq,
    lane: row.lane === 'person' ? 'person' : 'work',
    kind: row.kind as InboxKind, // written only by insertInboxItems
    refId: row.refId,
    body: row.body as Record<string, Json>,
  }));
}

/**
 * Marks the page as seen by this wave, 1. only what no other wave has seen, 2. but not a result that still waits for
 * its review after the wave's decisions: the next wave reads it again, since nothing else would call for one. Returns
 * how many items are seen now.
 */
export async function markInboxSeen(
  tx: Tx,
  missionId: string,
  waveId: string,
  seqs: readonly number[],
): Promise<number> {
  return tx.db.$executeRaw`
    UPDATE inbox_item i
       SET seen_by_wave = ${waveId}::uuid
     WHERE i.tenant_id = ${tx.tenantId}::uuid AND i.mission_id = ${missionId}::uuid
       AND i.seq = ANY(${[...seqs]}::int[]) AND i.seen_by_wave IS NULL
       AND NOT EXISTS (SELECT FROM task t
                        WHERE t.tenant_id = i.tenant_id AND t.mission_id = i.mission_id AND t.state = 'working'
                          AND t.state_reason = ${TASK_REASONS.awaitingReview} AND t.live_attempt_id = i.ref_id)`;
}

/** True when a person's word waits: the next wave must not. */
export async function hasUnseenFromPerson(tx: Tx, missionId: string): Promise<boolean> {
  const found = await tx.db.inboxItem.findFirst({
    where: { tenantId: tx.tenantId, missionId, lane: 'person', seenByWave: null },
    select: { seq: true },
  });
  return found !== null;
}
