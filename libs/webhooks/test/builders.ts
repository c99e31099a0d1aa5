import { newUuid } from '#contracts';
import type { TestDatabase } from '../../../test/support/database.js';

export async function aTenant({ owner }: TestDatabase): Promise<string> {
  const id = newUuid();
  await owner.query(`INSERT INTO tenant (id, name, limits) VALUES ($1, 'a tenant', '{}')`, [id]);
  return id;
}

export interface EndpointFields {
  readonly url?: string;
  readonly state?: 'enabled' | 'disabled';
  readonly secret?: string;
  readonly previousSecret?: string;
  /** Seconds from now, negative for the past. */
  readonly previousSecretForSeconds?: number;
  readonly failuresInARow?: number;
  /** Days ago. */
  readonly failingForDays?: number;
  /** Seconds from now, negative for the past: its circuit is open. */
  readonly probeInSeconds?: number;
  /** False for one that is new, failing or slow. */
  readonly proven?: boolean;
}

/** The secrets are stored as they are: what seals them is not a matter of these tests. */
export async function anEndpoint(
  { owner }: TestDatabase,
  tenantId: string,
  fields: EndpointFields = {},
): Promise<string> {
  const {
    url = 'http://127.0.0.1:9/',
    state = 'enabled',
    secret = 'whsec_c2VjcmV0',
    previousSecret,
  } = fields;
  const id = newUuid();
  await owner.query(
    `INSERT INTO webhook_endpoint (tenant_id, id, url, event_types, description, state, secret_sealed,
                                   previous_secret_sealed, previous_secret_until, failures_in_a_row, failing_since,
                                   probe_at, proven, disabled_reason)
     VALUES ($1, $2, $3, '{*}', '', $4, $5, $6, clock_timestamp() + $7 * interval '1 second', $8,
             CASE WHEN $8 > 0 THEN clock_timestamp() - $9 * interval '1 day' END,
             clock_timestamp() + $10 * interval '1 second', $11,
             CASE WHEN $4 = 'disabled' THEN 'by_request' END)`,
    [
      tenantId,
      id,
      url,
      state,
      Buffer.from(secret),
      previousSecret === undefined ? null : Buffer.from(previousSecret),
      fields.previousSecretForSeconds ?? null,
      fields.failuresInARow ?? 0,
      fields.failingForDays ?? 0,
      fields.probeInSeconds ?? null,
      fields.proven ?? (fields.failuresInARow ?? 0) === 0,
    ],
  );
  return id;
}

export interface DeliveryFields {
  readonly payload?: string;
  readonly tryCount?: number;
  /** Seconds from now, negative for what is due. */
  readonly dueInSeconds?: number;
  /** Somebody asked for a try of it. */
  readonly asked?: boolean;
}

/** A pending delivery of an event of its own. Returns the ids of both. */
export async function aDelivery(
  { owner }: TestDatabase,
  tenantId: string,
  endpointId: string,
  { payload = '{}', tryCount = 0, dueInSeconds = -1, asked = false }: DeliveryFields = {},
): Promise<{ id: string; eventId: string }> {
  const [id, eventId] = [newUuid(), newUuid()];
  await owner.query(
    `INSERT INTO event (tenant_id, id, type, actor_kind, body) VALUES ($1, $2, 'endpoint.disabled', 'system', '{}')`,
    [tenantId, eventId],
  );
  await owner.query(
    `INSERT INTO webhook_delivery (tenant_id, id, endpoint_id, event_id, event_type, payload, try_count, next_try_at,
                                   extra_try_at)
     VALUES ($1, $2, $3, $4, 'endpoint.disabled', $5, $6, clock_timestamp() + $7 * interval '1 second',
             CASE WHEN $8 THEN clock_timestamp() END)`,
    [tenantId, id, endpointId, eventId, payload, tryCount, dueInSeconds, asked],
  );
  return { id, eventId };
}
