import { Prisma, type SystemTx } from '#database';

/** Twice a request's deadline: a lease that ran out has no sender any more, or one that will not be believed. */
const LEASE_MS = 30_000;
/** A courtesy to receivers. Two claims in the same instant may exceed it by one for the length of a request. */
export const IN_FLIGHT_PER_ENDPOINT_MAX = 4;
/** An endpoint that is new, failing or slow holds one sender, whatever waits for it. */
const IN_FLIGHT_OF_UNPROVEN_MAX = 1;
/** Senders that one tenant may hold, so that no number of slow receivers takes them from the others. */
export const IN_FLIGHT_PER_TENANT_MAX = 16;
/** Deliveries that one claim may find locked by others before it gives up; more than all slots of a busy machine. */
const CANDIDATES_MAX = 64;

/** A delivery under a lease, with all that sending it needs. Ids are plain uuids. */
export interface ClaimedDelivery {
  readonly tenantId: string;
  readonly id: string;
  readonly endpointId: string;
  readonly eventId: string;
  readonly eventType: string;
  readonly payload: string;
  readonly state: 'pending' | 'delivered' | 'dead';
  readonly tryCount: number;
  readonly triesUncounted: number;
  /** Somebody asked for this try; null when the schedule did. */
  readonly extraTryAt: Date | null;
  readonly leaseToken: string;
  readonly claimedAt: Date;
  readonly url: string;
  /** Its endpoint answered the last time, and quickly. */
  readonly isProven: boolean;
  readonly secretSealed: Uint8Array;
  readonly previousSecretSealed: Uint8Array | null;
  readonly previousSecretUntil: Date | null;
  /** Another delivery could be claimed at this moment. */
  readonly hasNext: boolean;
}

const LEASE_IS_FREE = Prisma.sql`(delivery.lease_until IS NULL OR delivery.lease_until <= statement_timestamp())`;
const IS_SCHEDULED = Prisma.sql`delivery.state = 'pending' AND delivery.next_try_at <= statement_timestamp()`;
const IS_ASKED_FOR = Prisma.sql`delivery.extra_try_at <= statement_timestamp()`;
/** Takes what its schedule says: enabled, and its circuit closed or due for a probe. */
const ENDPOINT_TAKES = Prisma.sql`endpoint.state = 'enabled'
  AND (endpoint.probe_at IS NULL OR endpoint.probe_at <= statement_timestamp())`;

const IN_FLIGHT = Prisma.sql`
  SELECT tenant_id, endpoint_id, count(*) AS count
    FROM webhook_delivery
   WHERE lease_token IS NOT NULL AND lease_until > statement_timestamp()
   GROUP BY tenant_id, endpoint_id`;
const CLAIMED_COLUMNS = Prisma.sql`
  delivery.tenant_id AS "tenantId", delivery.id, delivery.endpoint_id AS "endpointId", delivery.event_id AS "eventId",
  delivery.event_type AS "eventType", delivery.payload, delivery.state, delivery.try_count AS "tryCount",
  delivery.tries_uncounted AS "triesUncounted", delivery.extra_try_at AS "extraTryAt",
  delivery.lease_token AS "leaseToken", clock_timestamp() AS "claimedAt", endpoint.url,
  endpoint.proven AS "isProven",
  endpoint.secret_sealed AS "secretSealed", endpoint.previous_secret_sealed AS "previousSecretSealed",
  endpoint.previous_secret_until AS "previousSecretUntil"`;

/**
 * Leases the fairest delivery that is due, or that somebody asked to have tried; null when there is none. In one statement:
 *  1. `waiting` and `asked`: every endpoint with such deliveries, found by one index probe each however many deliveries
 *     wait behind it; none is left out, so none starves behind a bound.
 *  2. `due`: of each endpoint the oldest, as many as it may still have in flight. What a schedule says waits while the
 *     endpoint is disabled or its circuit open, and costs no try; what somebody asked for goes. Without `unproven` only
 *     of endpoints that answered the last time, and quickly.
 *  3. `candidate`: they take turns, each tenant's first before any tenant's second and so within a tenant for its
 *     endpoints, where what is in flight counts as served; nobody beyond what a tenant may have in flight.
 *  4. `chosen`: the first candidate that nobody else holds. Locking it reads it again: one that was claimed or settled
 *     since is passed over. A lease that ran out is as good as none.
 */
export async function claimDelivery(
  { db }: SystemTx,
  leaseToken: string,
  whom: { readonly unproven: boolean },
): Promise<ClaimedDelivery | null> {
  const [claimed] = await db.$queryRaw<ClaimedDelivery[]>`
    WITH RECURSIVE waiting AS (${everyEndpoint(Prisma.sql`waiting`, Prisma.sql`delivery.state = 'pending'`)}),
    asked AS (${everyEndpoint(Prisma.sql`asked`, Prisma.sql`delivery.extra_try_at IS NOT NULL`)}),
    in_flight AS (${IN_FLIGHT}), due AS (
      SELECT waiting.tenant_id, waiting.endpoint_id, next.id, next.at, coalesce(in_flight.count, 0) AS in_flight
        FROM waiting
        JOIN webhook_endpoint endpoint
          ON endpoint.tenant_id = waiting.tenant_id AND endpoint.id = waiting.endpoint_id AND ${ENDPOINT_TAKES}
         AND (endpoint.proven OR ${whom.unproven})
        LEFT JOIN in_flight
          ON in_flight.tenant_id = waiting.tenant_id AND in_flight.endpoint_id = waiting.endpoint_id
       CROSS JOIN LATERAL (
         SELECT id, next_try_at AS at FROM webhook_delivery delivery
          WHERE delivery.tenant_id = waiting.tenant_id AND delivery.endpoint_id = waiting.endpoint_id
            AND ${IS_SCHEDULED} AND ${LEASE_IS_FREE}
          ORDER BY next_try_at, id
          LIMIT greatest(CASE WHEN endpoint.proven THEN ${IN_FLIGHT_PER_ENDPOINT_MAX}::int
                              ELSE ${IN_FLIGHT_OF_UNPROVEN_MAX}::int END - coalesce(in_flight.count, 0), 0)) next
      UNION ALL
      SELECT asked.tenant_id, asked.endpoint_id, next.id, next.at, coalesce(in_flight.count, 0)
        FROM asked
        JOIN webhook_endpoint endpoint
          ON endpoint.tenant_id = asked.tenant_id AND endpoint.id = asked.endpoint_id
         AND (endpoint.proven OR ${whom.unproven})
        LEFT JOIN in_flight
          ON in_flight.tenant_id = asked.tenant_id AND in_flight.endpoint_id = asked.endpoint_id
       CROSS JOIN LATERAL (
         SELECT id, extra_try_at AS at FROM webhook_delivery delivery
          WHERE delivery.tenant_id = asked.tenant_id AND delivery.endpoint_id = asked.endpoint_id
            AND ${IS_ASKED_FOR} AND ${LEASE_IS_FREE}
          ORDER BY extra_try_at, id
          LIMIT greatest(${IN_FLIGHT_PER_ENDPOINT_MAX}::int - coalesce(in_flight.count, 0), 0)) next
    ), candidate AS (
      SELECT turn_of.*,
             (SELECT coalesce(sum(count), 0) FROM in_flight WHERE in_flight.tenant_id = turn_of.tenant_id)
               + row_number() OVER (PARTITION BY tenant_id ORDER BY endpoint_turn, at) AS turn
        FROM (SELECT tenant_id, id, at,
                     in_flight + row_number() OVER (PARTITION BY tenant_id, endpoint_id ORDER BY at, id) AS endpoint_turn
                FROM due) turn_of
    ), allowed AS (
      SELECT tenant_id, id, at, turn FROM candidate
       WHERE turn <= ${IN_FLIGHT_PER_TENANT_MAX}
       ORDER BY turn, at
       LIMIT ${CANDIDATES_MAX}
    ), chosen AS (
      SELECT delivery.tenant_id, delivery.id
        FROM webhook_delivery delivery JOIN allowed USING (tenant_id, id)
       WHERE (${IS_SCHEDULED} OR ${IS_ASKED_FOR}) AND ${LEASE_IS_FREE}
       ORDER BY allowed.turn, allowed.at
       LIMIT 1
         FOR UPDATE OF delivery SKIP LOCKED
    )
    UPDATE webhook_delivery delivery
       SET lease_token = ${leaseToken},
           lease_until = clock_timestamp() + ${LEASE_MS} * interval '1 millisecond'
      FROM chosen, webhook_endpoint endpoint
     WHERE delivery.tenant_id = chosen.tenant_id AND delivery.id = chosen.id
       AND endpoint.tenant_id = delivery.tenant_id AND endpoint.id = delivery.endpoint_id
    RETURNING ${CLAIMED_COLUMNS}, (SELECT count(*) > 1 FROM allowed) AS "hasNext"`;
  return claimed ?? null;
}

/** Each endpoint that has such deliveries, once: a recursive query of this name that leaps from one to the next. */
function everyEndpoint(name: Prisma.Sql, wanted: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`
    (SELECT tenant_id, endpoint_id FROM webhook_delivery delivery WHERE ${wanted}
      ORDER BY tenant_id, endpoint_id LIMIT 1)
    UNION ALL
    SELECT following.tenant_id, following.endpoint_id
      FROM ${name} CROSS JOIN LATERAL (
        SELECT tenant_id, endpoint_id FROM webhook_delivery delivery
         WHERE ${wanted} AND (tenant_id, endpoint_id) > (${name}.tenant_id, ${name}.endpoint_id)
         ORDER BY tenant_id, endpoint_id LIMIT 1) following`;
}

/** How many deliveries could be claimed but for what is in flight, counted up to `limit`. */
export async function countDueDeliveries({ db }: SystemTx, limit: number): Promise<number> {
  const [row] = await db.$queryRaw<{ count: number }[]>`
    SELECT count(*)::int AS count FROM (
      (SELECT FROM webhook_delivery delivery
         JOIN webhook_endpoint endpoint ON endpoint.tenant_id = delivery.tenant_id AND endpoint.id = delivery.endpoint_id
        WHERE ${IS_SCHEDULED} AND ${LEASE_IS_FREE} AND ${ENDPOINT_TAKES}
        LIMIT ${limit})
      UNION ALL
      (SELECT FROM webhook_delivery delivery WHERE ${IS_ASKED_FOR} AND ${LEASE_IS_FREE} LIMIT ${limit})
      LIMIT ${limit}) due`;
  return row?.count ?? 0;
}
