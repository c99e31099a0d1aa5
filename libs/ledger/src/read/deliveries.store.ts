import type { DeadReason, DeliveryState, EventType } from '#contracts';
import type { Prisma, Tx } from '#database';
import { olderThan, type PageStart } from '#tenancy';
import { notFound } from '../errors.js';

const SHOWN_COLUMNS = {
  id: true,
  endpointId: true,
  eventId: true,
  eventType: true,
  state: true,
  deadReason: true,
  nextTryAt: true,
  extraTryAt: true,
  createdAt: true,
  tries: {
    select: {
      at: true,
      url: true,
      extra: true,
      status: true,
      durationMs: true,
      error: true,
      responseExcerpt: true,
    },
    orderBy: { number: 'asc' },
  },
} as const satisfies Prisma.WebhookDeliverySelect;

type StoredDelivery = Prisma.WebhookDeliveryGetPayload<{ select: typeof SHOWN_COLUMNS }>;
/** A delivery with its tries, and its closed sets typed. */
export type DeliveryRead = Omit<StoredDelivery, 'state' | 'eventType' | 'deadReason'> & {
  readonly state: DeliveryState;
  readonly eventType: EventType;
  readonly deadReason: DeadReason | null;
};

/** With the body as it is sent. */
export async function readDelivery(
  tx: Tx,
  deliveryId: string,
): Promise<DeliveryRead & { readonly payload: string }> {
  const stored = await tx.db.webhookDelivery.findUnique({
    where: { tenantId_id: { tenantId: tx.tenantId, id: deliveryId } },
    select: { ...SHOWN_COLUMNS, payload: true },
  });
  if (stored === null) throw notFound('webhook delivery');
  return stored as DeliveryRead & { readonly payload: string }; // CHECK constraints keep them in their sets
}

export interface DeliveryFilter {
  readonly endpointId: string | null;
  readonly state: DeliveryState | null;
  /** Only of endpoints that are bound to this mission. */
  readonly missionId: string | null;
}

/** Newest first: at most `take` that are older than `after`. */
export async function listDeliveries(
  tx: Tx,
  filter: DeliveryFilter,
  page: { readonly after: PageStart | null; readonly take: number },
): Promise<DeliveryRead[]> {
  const stored = await tx.db.webhookDelivery.findMany({
    where: {
      AND: [
        { tenantId: tx.tenantId },
        filter.endpointId === null ? {} : { endpointId: filter.endpointId },
        filter.state === null ? {} : { state: filter.state },
        filter.missionId === null ? {} : { endpoint: { missionId: filter.missionId } },
        olderThan(page.after),
      ],
    },
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    take: page.take,
    select: SHOWN_COLUMNS,
  });
  return stored.map((delivery) => delivery as DeliveryRead); // CHECK constraints keep them in their sets
}
