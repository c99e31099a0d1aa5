import type { DisabledReason, EndpointPatch } from '#contracts';
import type { Prisma, Tx } from '#database';
import { olderThan, type PageStart } from '#tenancy';
import { notFound } from './errors.js';

const SHOWN_COLUMNS = {
  id: true,
  url: true,
  eventTypes: true,
  missionId: true,
  implicit: true,
  includeResult: true,
  description: true,
  state: true,
  disabledReason: true,
  failuresInARow: true,
  failingSince: true,
  probeAt: true,
  createdAt: true,
} as const satisfies Prisma.WebhookEndpointSelect;

type StoredEndpoint = Prisma.WebhookEndpointGetPayload<{ select: typeof SHOWN_COLUMNS }>;
/** An endpoint without its secret, and its closed sets typed. */
export type EndpointRead = Omit<StoredEndpoint, 'state' | 'disabledReason'> & {
  readonly state: 'enabled' | 'disabled';
  readonly disabledReason: DisabledReason | null;
};

export async function readEndpoint(tx: Tx, endpointId: string): Promise<EndpointRead> {
  const stored = await tx.db.webhookEndpoint.findUnique({
    where: { tenantId_id: { tenantId: tx.tenantId, id: endpointId } },
    select: SHOWN_COLUMNS,
  });
  if (stored === null) throw notFound('webhook endpoint');
  return toEndpointRead(stored);
}

/** Newest first: at most `take` that are older than `after`, of this mission when one is given. */
export async function listEndpoints(
  tx: Tx,
  page: { readonly missionId: string | null; readonly after: PageStart | null; readonly take: number },
): Promise<EndpointRead[]> {
  const stored = await tx.db.webhookEndpoint.findMany({
    where: {
      AND: [
        { tenantId: tx.tenantId },
        page.missionId === null ? {} : { missionId: page.missionId },
        olderThan(page.after),
      ],
    },
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    take: page.take,
    select: SHOWN_COLUMNS,
  });
  return stored.map(toEndpointRead);
}

/** Counts the endpoints that somebody asked for. */
export async function countEndpoints(tx: Tx): Promise<number> {
  return tx.db.webhookEndpoint.count({ where: { tenantId: tx.tenantId, implicit: false } });
}

/**
 * Locks the tenant's subscriptions until the transaction ends, to make, widen or remove one: waits until every command is
 * over that has judged by them as they are, so that whoever recovers an endpoint afterwards finds what was not sent to it
 * before. Those who write events share this lock, and do not overtake who waits for it (`insertDeliveries`). It is taken
 * last, after missions and endpoints: who has it in hand waits for no row that others hold while they wait for it.
 */
export async function lockSubscriptions(tx: Tx): Promise<void> {
  await tx.db.$queryRaw`SELECT pg_advisory_xact_lock(subscriptions_of(${tx.tenantId}::uuid))::text AS locked`;
}

/** The addresses that the mission's own callback endpoints have. */
export async function listCallbackUrls(tx: Tx, missionId: string): Promise<string[]> {
  const stored = await tx.db.webhookEndpoint.findMany({
    where: { tenantId: tx.tenantId, missionId, implicit: true },
    select: { url: true },
  });
  return stored.map((endpoint) => endpoint.url);
}

/** Locks an endpoint until the transaction ends, and reads it. Commands that write deliveries for it need not wait. */
export async function lockEndpoint(tx: Tx, endpointId: string): Promise<EndpointRead> {
  await tx.db
    .$queryRaw`SELECT 1 AS locked FROM webhook_endpoint WHERE tenant_id = ${tx.tenantId}::uuid AND id = ${endpointId}::uuid FOR NO KEY UPDATE`;
  return readEndpoint(tx, endpointId);
}

export async function insertEndpoint(
  tx: Tx,
  row: Omit<Prisma.WebhookEndpointUncheckedCreateInput, 'tenantId'>,
): Promise<void> {
  await tx.db.webhookEndpoint.create({ data: { ...row, tenantId: tx.tenantId } });
}

export async function saveEndpoint(tx: Tx, endpointId: string, patch: EndpointPatch): Promise<void> {
  await tx.db.webhookEndpoint.update({
    where: { tenantId_id: { tenantId: tx.tenantId, id: endpointId } },
    data: {
      url: patch.url,
      eventTypes: patch.event_types,
      includeResult: patch.include_result,
      description: patch.description,
      state: patch.state,
      ...(patch.state === undefined
        ? {}
        : { disabledReason: patch.state === 'disabled' ? 'by_request' : null }),
    },
  });
}

/** Forgets how the endpoint has answered: whoever answers there now is another, or so a person says. */
export async function forgetHealth(tx: Tx, endpointId: string): Promise<void> {
  await tx.db.webhookEndpoint.update({
    where: { tenantId_id: { tenantId: tx.tenantId, id: endpointId } },
    data: { failuresInARow: 0, failingSince: null, probeAt: null, proven: false },
  });
}

/** Puts a new secret in place; the one before it stays until `previousUntil`, so that receivers can change over. */
export async function replaceEndpointSecret(
  tx: Tx,
  endpointId: string,
  replacement: { readonly sealed: Uint8Array<ArrayBuffer>; readonly previousUntil: Date },
): Promise<void> {
  await tx.db.$executeRaw`
    UPDATE webhook_endpoint
       SET previous_secret_sealed = secret_sealed, previous_secret_until = ${replacement.previousUntil},
           secret_sealed = ${replacement.sealed}
     WHERE tenant_id = ${tx.tenantId}::uuid AND id = ${endpointId}::uuid`;
}

export interface EndpointSecrets {
  readonly id: string;
  readonly secretSealed: Uint8Array<ArrayBuffer>;
  readonly previousSecretSealed: Uint8Array<ArrayBuffer> | null;
}

/** Locks the tenant's endpoints until the transaction ends, and reads their sealed secrets. */
export async function lockEndpointSecrets(tx: Tx): Promise<EndpointSecrets[]> {
  await tx.db
    .$queryRaw`SELECT 1 AS locked FROM webhook_endpoint WHERE tenant_id = ${tx.tenantId}::uuid ORDER BY id FOR UPDATE`;
  return tx.db.webhookEndpoint.findMany({
    where: { tenantId: tx.tenantId },
    select: { id: true, secretSealed: true, previousSecretSealed: true },
  });
}

export async function saveEndpointSecrets(tx: Tx, { id, ...sealed }: EndpointSecrets): Promise<void> {
  await tx.db.webhookEndpoint.update({ where: { tenantId_id: { tenantId: tx.tenantId, id } }, data: sealed });
}

export async function removeEndpoint(tx: Tx, endpointId: string): Promise<void> {
  await tx.db.webhookEndpoint.deleteMany({ where: { tenantId: tx.tenantId, id: endpointId } });
}

function toEndpointRead(stored: StoredEndpoint): EndpointRead {
  return stored as EndpointRead; // CHECK constraints keep both in their sets
}
