import { Prisma, type Tx } from '#database';
import type { ClaimedDelivery } from './claim-delivery.store.js';
import type { EndpointHealth } from './domain/endpoint-health.js';
import type { AfterTry } from './domain/schedule.js';

/** What one try did, as it is kept. */
export interface RecordedTry {
  readonly status: number | null;
  readonly durationMs: number;
  readonly error: string | null;
  readonly responseExcerpt: string | null;
  /** It takes a try from the delivery's schedule. */
  readonly isCounted: boolean;
}

/** The delivery is somebody else's by now, or gone with its endpoint: what we did may be done once more. */
export class DeliveryLeaseLostError extends Error {
  constructor(readonly deliveryId: string) {
    super(`the lease of delivery ${deliveryId} is lost`);
    this.name = 'DeliveryLeaseLostError';
  }
}

/**
 * Ends the lease with what the try led to, and keeps the try. Whoever does not hold the lease any more changes nothing.
 * Asking for another try while this one was under way stands.
 */
export async function settleDelivery(
  tx: Tx,
  claimed: ClaimedDelivery,
  tried: RecordedTry,
  after: AfterTry | { readonly state: 'unchanged' },
): Promise<void> {
  const number = claimed.tryCount + 1;
  const isExtra = claimed.extraTryAt !== null;
  const count = await tx.db.$executeRaw`
    WITH settled AS (
      UPDATE webhook_delivery
         SET ${outcomeColumns(after)} try_count = ${number}, tries_uncounted = tries_uncounted + ${tried.isCounted ? 0 : 1},
             lease_token = NULL, lease_until = NULL,
             extra_try_at = CASE WHEN extra_try_at = ${claimed.extraTryAt}::timestamptz THEN NULL ELSE extra_try_at END
       WHERE tenant_id = ${tx.tenantId}::uuid AND id = ${claimed.id}::uuid AND lease_token = ${claimed.leaseToken}
      RETURNING tenant_id, id)
    INSERT INTO webhook_try
           (tenant_id, delivery_id, number, at, url, extra, status, duration_ms, error, response_excerpt)
    SELECT tenant_id, id, ${number}, ${claimed.claimedAt}, ${claimed.url}, ${isExtra}, ${tried.status}::int,
           ${tried.durationMs}, ${tried.error}, ${tried.responseExcerpt}
      FROM settled`;
  if (count === 0) throw new DeliveryLeaseLostError(claimed.id);
}

function outcomeColumns(after: AfterTry | { readonly state: 'unchanged' }): Prisma.Sql {
  if (after.state === 'unchanged') return Prisma.empty;
  const nextTryAt = after.state === 'pending' ? after.nextTryAt : null;
  const deadReason = after.state === 'dead' ? after.reason : null;
  return Prisma.sql`state = ${after.state}, next_try_at = ${nextTryAt}::timestamptz, dead_reason = ${deadReason},`;
}

/** An endpoint's health, and what became of it while a delivery was sent to it. */
export interface JudgedEndpoint extends EndpointHealth {
  readonly isGivenUp: boolean;
  readonly hasMoved: boolean;
}

/** Locks the endpoint that a delivery was sent to, and reads how it has answered; null when it was removed. */
export async function lockEndpointHealth(
  tx: Tx,
  { endpointId, url }: ClaimedDelivery,
): Promise<JudgedEndpoint | null> {
  const [row] = await tx.db.$queryRaw<JudgedEndpoint[]>`
    SELECT failures_in_a_row AS "failuresInARow", failing_since AS "failingSince", probe_at AS "probeAt", proven,
           coalesce(disabled_reason IN ('gone', 'failing'), false) AS "isGivenUp",
           url <> ${url} AS "hasMoved"
      FROM webhook_endpoint
     WHERE tenant_id = ${tx.tenantId}::uuid AND id = ${endpointId}::uuid
       FOR NO KEY UPDATE`;
  return row ?? null;
}

export async function saveEndpointHealth(tx: Tx, endpointId: string, health: EndpointHealth): Promise<void> {
  await tx.db.$executeRaw`
    UPDATE webhook_endpoint SET ${healthColumns(health)}
     WHERE tenant_id = ${tx.tenantId}::uuid AND id = ${endpointId}::uuid`;
}

/** After a success: writes only where the endpoint was failing, or is not as proven as it was. */
export async function saveEndpointSuccess(
  tx: Tx,
  { endpointId, url }: ClaimedDelivery,
  health: EndpointHealth,
): Promise<void> {
  await tx.db.$executeRaw`
    UPDATE webhook_endpoint SET ${healthColumns(health)}
     WHERE tenant_id = ${tx.tenantId}::uuid AND id = ${endpointId}::uuid AND url = ${url}
       AND (failures_in_a_row > 0 OR proven <> ${health.proven})`;
}

function healthColumns({ failuresInARow, failingSince, probeAt, proven }: EndpointHealth): Prisma.Sql {
  return Prisma.sql`failures_in_a_row = ${failuresInARow}, failing_since = ${failingSince}::timestamptz,
                    probe_at = ${probeAt}::timestamptz, proven = ${proven}`;
}

/** Disables an endpoint that is enabled, and gives up all that waits for it; what is in flight settles by itself. True when it was. */
export async function giveUpEndpoint(
  tx: Tx,
  endpointId: string,
  reason: 'gone' | 'failing',
): Promise<boolean> {
  const { count } = await tx.db.webhookEndpoint.updateMany({
    where: { tenantId: tx.tenantId, id: endpointId, state: 'enabled' },
    data: { state: 'disabled', disabledReason: reason },
  });
  if (count === 0) return false;
  await tx.db.$executeRaw`
    UPDATE webhook_delivery SET state = 'dead', dead_reason = 'endpoint_disabled', next_try_at = NULL
     WHERE tenant_id = ${tx.tenantId}::uuid AND endpoint_id = ${endpointId}::uuid AND state = 'pending'
       AND (lease_until IS NULL OR lease_until <= clock_timestamp())`;
  return true;
}
