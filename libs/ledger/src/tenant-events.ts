import { newUuid, type Actor, type EventType, type Json } from '#contracts';
import type { Tx } from '#database';
import { insertEvents, type EventRow } from './event.store.js';
import { insertDeliveries } from './outbound.store.js';

/** An event that belongs to no mission. */
export interface TenantEvent {
  readonly type: Extract<EventType, `endpoint.${string}` | `tenant.${string}`>;
  readonly actor: Actor;
  readonly data: Record<string, Json>;
  /** Sends it to this endpoint alone, whatever it subscribed to. */
  readonly onlyEndpointId?: string;
}

/** Writes an event of the tenant itself, with its webhooks; returns its id. */
export async function emitTenantEvent(tx: Tx, event: TenantEvent): Promise<string> {
  const row: EventRow = {
    id: newUuid(),
    missionId: null,
    seq: null,
    type: event.type,
    actor: event.actor,
    data: event.data,
    createdAt: tx.now,
  };
  await insertEvents(tx, [row]);
  await insertDeliveries(tx, [row], event.onlyEndpointId ?? null);
  return row.id;
}
