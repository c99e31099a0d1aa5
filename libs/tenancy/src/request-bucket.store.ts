import type { Tx } from '#database';
import type { RequestBucket } from './domain/request-bucket.js';

/** Locks the tenant's bucket until the transaction ends; `full` is what it begins with. */
export async function lockRequestBucket(tx: Tx, full: RequestBucket): Promise<RequestBucket> {
  await tx.db.$executeRaw`
    INSERT INTO request_bucket (tenant_id, tokens, filled_at)
    VALUES (${tx.tenantId}::uuid, ${full.tokens}, ${new Date(full.filledAtMs)})
    ON CONFLICT DO NOTHING`;
  const [row] = await tx.db.$queryRaw<{ tokens: number; filledAt: Date }[]>`
    SELECT tokens, filled_at AS "filledAt" FROM request_bucket WHERE tenant_id = ${tx.tenantId}::uuid FOR UPDATE`;
  return row === undefined ? full : { tokens: row.tokens, filledAtMs: row.filledAt.getTime() };
}

export async function saveRequestBucket(tx: Tx, { tokens, filledAtMs }: RequestBucket): Promise<void> {
  await tx.db.$executeRaw`
    UPDATE request_bucket SET tokens = ${tokens}, filled_at = ${new Date(filledAtMs)}
     WHERE tenant_id = ${tx.tenantId}::uuid`;
}
