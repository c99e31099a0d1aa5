import {
  attemptUsageSchema,
  type AttemptError,
  type AttemptState,
  type AttemptUsage,
  type TaskResult,
} from '#contracts';
import type { Prisma, Tx } from '#database';
import { notFound } from '../errors.js';

type StoredAttempt = Prisma.AttemptGetPayload<Record<string, never>>;
/** An attempt with its closed set and its JSON typed. */
export type AttemptRead = Omit<StoredAttempt, 'state' | 'result' | 'lateResult' | 'error' | 'usage'> & {
  readonly state: AttemptState;
  readonly result: TaskResult | null;
  readonly lateResult: TaskResult | null;
  readonly error: AttemptError | null;
  readonly usage: AttemptUsage | null;
};

export async function readAttempt(tx: Tx, attemptId: string): Promise<AttemptRead> {
  const stored = await tx.db.attempt.findUnique({
    where: { tenantId_id: { tenantId: tx.tenantId, id: attemptId } },
  });
  if (stored === null) throw notFound('attempt');
  return toAttemptRead(stored);
}

/** The JSON columns are written from parsed input only, and a CHECK constraint keeps the state in its set. */
export function toAttemptRead(stored: StoredAttempt): AttemptRead {
  const usage = stored.usage === null ? null : attemptUsageSchema.parse(stored.usage);
  return { ...(stored as unknown as AttemptRead), usage };
}
