import type { Tx } from '#database';
import { encodeId, matchesEventPattern, newUuid, type Json } from '#contracts';
import type { EventRow } from './event.store.js';

/** A result larger than this stays behind its url, also for endpoints that ask for results. */
const INLINE_RESULT_BYTES_MAX = 16_384;

interface EndpointRow {
  readonly id: string;
  readonly url: string;
  readonly state: string;
  readonly eventTypes: readonly string[];
  readonly missionId: string | null;
  readonly implicit: boolean;
  readonly includeResult: boolean;
}

/** What an event carries to those who subscribed to it, beside its row. */
export interface Outbound {
  /** The callback_url that this event's task or mission named: implicit endpoints hear nothing else. */
  readonly callbackUrls: readonly string[];
  readonly result: Json | undefined;
}

type Outgoing = EventRow & { readonly outbound?: Outbound | undefined };

/**
 * Writes one delivery per event and endpoint that wants it, in the events' own transaction: what is committed will be
 * sent, what is rolled back never was. Rings the doorbell when there is anything to send.
 */
export async function insertDeliveries(tx: Tx, events: readonly Outgoing[]): Promise<void> {
  const endpoints = await holdEndpoints(tx, events);
  const due = events.flatMap((event) =>
    endpoints
      .filter((endpoint) => wants(endpoint, event, event.outbound))
      .map((endpoint) => ({ endpoint, event })),
  );
  if (due.length === 0) return;
  await tx.db.webhookDelivery.createMany({
    data: due.map(({ endpoint, event }) => ({
      tenantId: tx.tenantId,
      id: newUuid(),
      endpointId: endpoint.id,
      eventId: event.id,
      eventType: event.type,
      payload: JSON.stringify(
        webhookBody(event, endpoint.includeResult ? event.outbound?.result : undefined),
      ),
      nextTryAt: event.createdAt,
      createdAt: event.createdAt,
    })),
  });
  for (let count = 0; count < Math.min(due.length, RINGS_PER_COMMIT_MAX); count += 1) tx.ring('delivery');
}

/**
 * The endpoints that may want to hear of these events, of one mission or of none. 1. Until the transaction ends none of
 * them is removed, enabled or subscribed to more, and none is made. 2. Whoever waits to do so is not overtaken. 3. No row
 * is written for it. 4. Read after that lock was had, not before.
 */
function holdEndpoints(tx: Tx, events: readonly Outgoing[]): Promise<EndpointRow[]> {
  const missionId = events[0]?.missionId ?? null;
  const callbackUrls = events.flatMap(({ outbound }) => outbound?.callbackUrls ?? []);
  return tx.db.$queryRaw<EndpointRow[]>`
    SELECT id, url, state, event_types AS "eventTypes", mission_id AS "missionId", implicit,
           include_result AS "includeResult"
      FROM hold_endpoints(${tx.tenantId}::uuid, ${missionId}::uuid, ${callbackUrls}::text[])`;
}

/** More would only queue behind each other; each claim rings for the next. */
const RINGS_PER_COMMIT_MAX = 8;

/** Writes the one delivery of a test: to be tried once, at once, whatever state its endpoint is in. Returns its id. */
export async function insertTestDelivery(tx: Tx, endpointId: string, event: EventRow): Promise<string> {
  const id = newUuid();
  await tx.db.webhookDelivery.create({
    data: {
      tenantId: tx.tenantId,
      id,
      endpointId,
      eventId: event.id,
      eventType: event.type,
      payload: JSON.stringify(webhookBody(event, undefined)),
      nextTryAt: event.createdAt,
      extraTryAt: event.createdAt,
      createdAt: event.createdAt,
    },
  });
  tx.ring('delivery');
  return id;
}

/** Writes deliveries of events that an endpoint has missed, due now; results are not put into them. How many there were. */
export async function insertMissedDeliveries(
  tx: Tx,
  endpointId: string,
  events: readonly EventRow[],
): Promise<number> {
  const { count } = await tx.db.webhookDelivery.createMany({
    data: events.map((event) => ({
      tenantId: tx.tenantId,
      id: newUuid(),
      endpointId,
      eventId: event.id,
      eventType: event.type,
      payload: JSON.stringify(webhookBody(event, undefined)),
      nextTryAt: tx.now,
    })),
    skipDuplicates: true, // the event's own transaction may have been faster
  });
  return count;
}

function wants(endpoint: EndpointRow, event: EventRow, outbound: Outbound | undefined): boolean {
  if (endpoint.state !== 'enabled') return false;
  if (!endpoint.eventTypes.some((pattern) => matchesEventPattern(pattern, event.type))) return false;
  return !endpoint.implicit || (outbound?.callbackUrls.includes(endpoint.url) ?? false);
}

function webhookBody(event: EventRow, result: Json | undefined): Record<string, Json> {
  const inline = result !== undefined && Buffer.byteLength(JSON.stringify(result)) <= INLINE_RESULT_BYTES_MAX;
  return {
    type: event.type,
    timestamp: event.createdAt.toISOString(),
    data: {
      ...event.data,
      mission_id: event.missionId === null ? null : encodeId('mission', event.missionId),
      seq: event.seq,
      ...(event.taskId === undefined ? {} : { task_id: encodeId('task', event.taskId) }),
      ...(event.attemptId === undefined ? {} : { attempt_id: encodeId('attempt', event.attemptId) }),
      ...(event.waveId === undefined ? {} : { wave_id: encodeId('wave', event.waveId) }),
      url: resourcePath(event),
      ...(inline ? { result } : {}),
    },
  };
}

/** Where the subject of an event is read, relative to the service. */
function resourcePath(event: EventRow): string {
  if (event.taskId !== undefined) return `/v1/tasks/${encodeId('task', event.taskId)}`;
  if (event.waveId !== undefined) return `/v1/waves/${encodeId('wave', event.waveId)}`;
  if (event.missionId !== null) return `/v1/missions/${encodeId('mission', event.missionId)}`;
  return event.type.startsWith('tenant.') ? '/v1/budget' : '/v1/webhook-endpoints';
}
