import type { Tx } from '#database';
import { refNumber } from './domain/refs.js';
import type { TaskRow } from './task.store.js';

/** The result that a review accepts: of the attempt that waits for it, or the late one of an attempt by ref. */
export async function readJudgedResult(tx: Tx, task: TaskRow, lateAttempt: string | null): Promise<unknown> {
  if (lateAttempt === null) {
    const attempt = await tx.db.attempt.findUniqueOrThrow({
      where: { tenantId_id: { tenantId: tx.tenantId, id: task.liveAttemptId ?? '' } },
      select: { result: true },
    });
    return attempt.result;
  }
  const attempt = await tx.db.attempt.findFirstOrThrow({
    where: { tenantId: tx.tenantId, taskId: task.id, refNumber: refNumber('A', lateAttempt) ?? 0 },
    select: { lateResult: true },
  });
  return attempt.lateResult;
}
