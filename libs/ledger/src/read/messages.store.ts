import type { DecisionRecord } from '#contracts';
import type { Prisma, Tx } from '#database';
import { notFound } from '../errors.js';

type StoredMessage = Prisma.MessageGetPayload<Record<string, never>>;
/** A message, the wave that saw it, and what that wave decided once it had committed. */
export type MessageRead = StoredMessage & {
  readonly seenByWave: string | null;
  readonly decisions: readonly DecisionRecord[];
};

/** Oldest or newest first: at most `take` that follow the message with this `seq`; null begins at the first. */
export async function listMessages(
  tx: Tx,
  missionId: string,
  page: { readonly order: 'asc' | 'desc'; readonly fromSeq: number | null; readonly take: number },
): Promise<MessageRead[]> {
  const messages = await tx.db.message.findMany({
    where: {
      tenantId: tx.tenantId,
      missionId,
      ...(page.fromSeq !== null && {
        seq: page.order === 'asc' ? { gt: page.fromSeq } : { lt: page.fromSeq },
      }),
    },
    orderBy: { seq: page.order },
    take: page.take,
  });
  return withWaves(tx, missionId, messages);
}

export async function readMessage(tx: Tx, messageId: string): Promise<MessageRead> {
  const message = await tx.db.message.findUnique({
    where: { tenantId_id: { tenantId: tx.tenantId, id: messageId } },
  });
  const [read] = message === null ? [] : await withWaves(tx, message.missionId, [message]);
  if (read === undefined) throw notFound('message');
  return read;
}

async function withWaves(
  tx: Tx,
  missionId: string,
  messages: readonly StoredMessage[],
): Promise<MessageRead[]> {
  const items = await tx.db.inboxItem.findMany({
    where: {
      tenantId: tx.tenantId,
      missionId,
      kind: 'message',
      refId: { in: messages.map((message) => message.id) },
    },
    select: { refId: true, seenByWave: true },
  });
  const waveOfMessage = new Map(items.map((item) => [item.refId, item.seenByWave]));
  const waves = await tx.db.wave.findMany({
    where: {
      tenantId: tx.tenantId,
      state: 'committed',
      id: { in: items.flatMap((item) => item.seenByWave ?? []) },
    },
    select: { id: true, decisions: true },
  });
  // written by a wave's commit from parsed decisions
  const decisionsOfWave = new Map(
    waves.map((wave) => [wave.id, wave.decisions as unknown as DecisionRecord[]]),
  );
  return messages.map((message) => {
    const seenByWave = waveOfMessage.get(message.id) ?? null;
    return {
      ...message,
      seenByWave,
      decisions: seenByWave === null ? [] : (decisionsOfWave.get(seenByWave) ?? []),
    };
  });
}
