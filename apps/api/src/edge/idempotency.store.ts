import type { SystemTx, Tx } from '#database';

/** The answer that was given to the first request with a key. `body` is sealed: it may hold a secret shown once. */
export interface KeptReply {
  readonly fingerprint: string;
  readonly status: number;
  readonly body: string;
}

/**
 * Takes the key for this request, or returns the answer that an earlier one was given. 1. Two requests with one key:
 * the second waits on the unique index until the first has committed or rolled back. 2. A key older than 72 hours is
 * taken over. 3. The row is this transaction's: it goes when the request fails.
 */
export async function takeIdempotencyKey(
  tx: Tx,
  key: string,
  fingerprint: string,
): Promise<KeptReply | null> {
  const taken = await tx.db.$executeRaw`
    INSERT INTO idempotency_key AS kept (tenant_id, key, fingerprint)
    VALUES (${tx.tenantId}::uuid, ${key}, ${fingerprint})
    ON CONFLICT (tenant_id, key) DO UPDATE
       SET fingerprint = excluded.fingerprint, status = NULL, body = NULL, created_at = now()
     WHERE kept.created_at < now() - interval '72 hours'`;
  return taken > 0 ? null : findKeptReply(tx, key);
}

/** The kept answer of a key; null when there is none that counts. */
export async function findKeptReply(tx: Tx, key: string): Promise<KeptReply | null> {
  const [kept] = await tx.db.$queryRaw<KeptReply[]>`
    SELECT fingerprint, status, body FROM idempotency_key
     WHERE tenant_id = ${tx.tenantId}::uuid AND key = ${key} AND status IS NOT NULL
       AND created_at >= now() - interval '72 hours'`;
  return kept ?? null;
}

/** Writes the answer beside the key that `takeIdempotencyKey` took. */
export async function keepReply(
  tx: Tx,
  key: string,
  reply: { readonly status: number; readonly body: string },
): Promise<void> {
  await tx.db.idempotencyKey.update({
    where: { tenantId_key: { tenantId: tx.tenantId, key } },
    data: reply,
  });
}

/** Makes requests of the operator with one key follow one another: their tenant, which would hold the key, is yet to be made. */
export async function lockOperatorKey(system: SystemTx, key: string): Promise<void> {
  await system.db.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${key}, 0))::text AS locked`;
}

/** The kept answer of an operator's key, which lies with the tenant that it made. */
export async function findOperatorReply(
  system: SystemTx,
  key: string,
): Promise<(KeptReply & { readonly tenantId: string }) | null> {
  const [kept] = await system.db.$queryRaw<(KeptReply & { readonly tenantId: string })[]>`
    SELECT tenant_id AS "tenantId", fingerprint, status, body FROM idempotency_key
     WHERE key = ${key} AND status IS NOT NULL AND created_at >= now() - interval '72 hours'`;
  return kept ?? null;
}
