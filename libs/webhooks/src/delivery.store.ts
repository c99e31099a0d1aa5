import type { SystemTx, Tx } from '#database';
import type { AfterTry } from './domain/schedule.js';

/** Twice a request's deadline: a lease that ran out has no sender any more, or one that will not be believed. */
const LEASE_MS = 30_000;
/** A courtesy to receivers. Two claims in the same instant may exceed it by one for the length of a request. */
export const IN_FLIGHT_PER_ENDPOINT_MAX = 4;
/** Deliveries that one claim may find locked by others before it gives up; more than all slots of a busy machine. */
const CANDIDATES_MAX = 64;

/** A delivery under a lease, with all that sending it needs. Ids are plain uuids. */
export interface ClaimedDelivery {
  readonly tenantId: string;
  readonly id: string;
  readonly endpointId: string;
  readonly eventId: string;
  readonly payload: string;
  readonly tryCount: number;
  readonly leaseToken: string;
  readonly claimedAt: Date;
  readonly url: string;
  readonly secretSealed: Uint8Array;
  readonly previousSecretSealed: Uint8Array | null;
  readonly previousSecretUntil: Date | null;
}

/** What one try did, as it is kept. */
export interface RecordedTry {
  readonly status: number | null;
  readonly durationMs: number;
  readonly error: string | null;
  readonly responseExcerpt: string | null;
}

/** The delivery is somebody else's by now, or gone with its endpoint: what we did may be done once more. */
export class DeliveryLeaseLostError extends Error {
  constructor(readonly deliveryId: string) {
    super(`the lease of delivery ${deliveryId} is lost`);
    this.name = 'DeliveryLeaseLostError';
  }
}

/**
 * Leases the fairest due delivery, or returns null when there is none. In one statement:
 *  1. `waiting`: every endpoint with pending deliveries, found by one index probe each however many deliveries wait
 *     behind it; none is left out, so none starves behind a bound.
 *  2. `candidate`: of each enabled one, its oldest due deliveries, as many as it may still have in flight. They take
 *     turns: each tenant's first before any tenant's second, where what a tenant has in flight counts as served.
 *  3. `chosen`: the first candidate that nobody else holds. Locking it reads it again: one that was claimed or settled
 *     since is passed over. A lease that ran out is as good as none.
 */
export async function claimDelivery({ db }: SystemTx, leaseToken: string): Promise<ClaimedDelivery | null> {
  const [claimed] = await db.$queryRaw<ClaimedDelivery[]>`
    WITH RECURSIVE waiting AS (
      (SELECT tenant_id, endpoint_id FROM webhook_delivery WHERE state = 'pending'
        ORDER BY tenant_id, endpoint_id LIMIT 1)
      UNION ALL
      SELECT following.tenant_id, following.endpoint_id
        FROM waiting CROSS JOIN LATERAL (
          SELECT tenant_id, endpoint_id FROM webhook_delivery
           WHERE state = 'pending' AND (tenant_id, endpoint_id) > (waiting.tenant_id, waiting.endpoint_id)
           ORDER BY tenant_id, endpoint_id LIMIT 1) following
    ), in_flight AS (
      SELECT tenant_id, endpoint_id, count(*) AS count
        FROM webhook_delivery
       WHERE lease_token IS NOT NULL AND lease_until > statement_timestamp()
       GROUP BY tenant_id, endpoint_id
    ), candidate AS (
      SELECT waiting.tenant_id, due.id, due.next_try_at,
             (SELECT coalesce(sum(count), 0) FROM in_flight WHERE in_flight.tenant_id = waiting.tenant_id)
               + row_number() OVER (PARTITION BY waiting.tenant_id ORDER BY due.turn, due.next_try_at) AS turn
        FROM waiting
        JOIN webhook_endpoint endpoint
          ON endpoint.tenant_id = waiting.tenant_id AND endpoint.id = waiting.endpoint_id AND endpoint.state = 'enabled'
        LEFT JOIN in_flight
          ON in_flight.tenant_id = waiting.tenant_id AND in_flight.endpoint_id = waiting.endpoint_id
       CROSS JOIN LATERAL (
         SELECT id, next_try_at, coalesce(in_flight.count, 0) + row_number() OVER (ORDER BY next_try_at, id) AS turn
           FROM webhook_delivery delivery
          WHERE delivery.tenant_id = waiting.tenant_id AND delivery.endpoint_id = waiting.endpoint_id
            AND state = 'pending' AND next_try_at <= statement_timestamp()
            AND (lease_until IS NULL OR lease_until <= statement_timestamp())
          ORDER BY next_try_at, id
          LIMIT greatest(${IN_FLIGHT_PER_ENDPOINT_MAX} - coalesce(in_flight.count, 0), 0)) due
       ORDER BY turn, due.next_try_at
       LIMIT ${CANDIDATES_MAX}
    ), chosen AS (
      SELECT delivery.tenant_id, delivery.id
        FROM webhook_delivery delivery JOIN candidate USING (tenant_id, id)
       WHERE delivery.state = 'pending' AND delivery.next_try_at <= statement_timestamp()
         AND (delivery.lease_until IS NULL OR delivery.lease_until <= statement_timestamp())
       ORDER BY candidate.turn, candidate.next_try_at
       LIMIT 1
         FOR UPDATE OF delivery SKIP LOCKED
    )
    UPDATE webhook_delivery delivery
       SET lease_token = ${leaseToken},
           lease_until = clock_timestamp() + ${LEASE_MS} * interval '1 millisecond'
      FROM chosen, webhook_endpoint endpoint
     WHERE delivery.tenant_id = chosen.tenant_id AND delivery.id = chosen.id
       AND endpoint.tenant_id = delivery.tenant_id AND endpoint.id = delivery.endpoint_id
    RETURNING delivery.tenant_id AS "tenantId", delivery.id, delivery.endpoint_id AS "endpointId",
              delivery.event_id AS "eventId", delivery.payload, delivery.try_count AS "tryCount",
              delivery.lease_token AS "leaseToken", clock_timestamp() AS "claimedAt", endpoint.url,
              endpoint.secret_sealed AS "secretSealed", endpoint.previous_secret_sealed AS "previousSecretSealed",
              endpoint.previous_secret_until AS "previousSecretUntil"`;
  return claimed ?? null;
}

/** How many deliveries are due and unclaimed, counted up to `limit`; those of disabled endpoints wait uncounted. */
export async function countDueDeliveries({ db }: SystemTx, limit: number): Promise<number> {
  const [row] = await db.$queryRaw<{ count: number }[]>`
    SELECT count(*)::int AS count FROM (
      SELECT FROM webhook_delivery delivery
        JOIN webhook_endpoint endpoint ON endpoint.tenant_id = delivery.tenant_id AND endpoint.id = delivery.endpoint_id
       WHERE delivery.state = 'pending' AND delivery.next_try_at <= statement_timestamp()
         AND (delivery.lease_until IS NULL OR delivery.lease_until <= statement_timestamp())
         AND endpoint.state = 'enabled'
       LIMIT ${limit}) due`;
  return row?.count ?? 0;
}

/** Ends the lease with what the try led to. Whoever does not hold the lease any more changes nothing. */
export async function settleDelivery(
  tx: Tx,
  claimed: ClaimedDelivery,
  tried: RecordedTry,
  after: AfterTry,
): Promise<void> {
  const number = claimed.tryCount + 1;
  const { count } = await tx.db.webhookDelivery.updateMany({
    where: { tenantId: tx.tenantId, id: claimed.id, leaseToken: claimed.leaseToken },
    data: {
      state: after.state,
      tryCount: number,
      nextTryAt: after.state === 'pending' ? after.nextTryAt : null,
      leaseToken: null,
      leaseUntil: null,
    },
  });
  if (count === 0) throw new DeliveryLeaseLostError(claimed.id);
  await tx.db.webhookTry.create({
    data: { tenantId: tx.tenantId, deliveryId: claimed.id, number, at: claimed.claimedAt, ...tried },
  });
}

/** Disables the endpoint that a delivery was sent to, unless it has moved to another address since. True when it did. */
export async function disableEndpoint(tx: Tx, { endpointId, url }: ClaimedDelivery): Promise<boolean> {
  const { count } = await tx.db.webhookEndpoint.updateMany({
    where: { tenantId: tx.tenantId, id: endpointId, url, state: 'enabled' },
    data: { state: 'disabled' },
  });
  return count === 1;
}
