import { encodeId, newUuid, type Actor, type EventType, type Json } from '#contracts';
import type { Tx } from '#database';
import { lockEndpoint } from './endpoint.store.js';
import { insertEvents, type EventRow } from './event.store.js';
import { insertDeliveries, insertTestDelivery } from './outbound.store.js';

/** An event that belongs to no mission. */
export interface TenantEvent {
  readonly type: Extract<EventType, `endpoint.${string}` | `tenant.${string}`>;
  readonly actor: Actor;
  readonly data: Record<string, Json>;
}

/** Writes an event of the tenant itself, with its webhooks. */
export async function emitTenantEvent(tx: Tx, event: TenantEvent): Promise<void> {
  const row = tenantEventRow(tx, event);
  await insertEvents(tx, [row]);
  await insertDeliveries(tx, [row]);
}

/** Sends an `endpoint.test` to this endpoint alone, once and at once, also when it is disabled. Returns the ids. */
export async function testEndpoint(
  tx: Tx,
  endpointId: string,
  actor: Actor,
): Promise<{ eventId: string; deliveryId: string }> {
  await lockEndpoint(tx, endpointId); // it may have been removed since it was looked up
  const data = { endpoint_id: encodeId('endpoint', endpointId) };
  const row = tenantEventRow(tx, { type: 'endpoint.test', actor, data });
  await insertEvents(tx, [row]);
  return { eventId: row.id, deliveryId: await insertTestDelivery(tx, endpointId, row) };
}

function tenantEventRow(tx: Tx, event: TenantEvent): EventRow {
  return { ...event, id: newUuid(), missionId: null, seq: null, createdAt: tx.now };
}
