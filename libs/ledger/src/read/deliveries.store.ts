import type { DeliveryState, EventType } from '#contracts';
import type { Prisma, Tx } from '#database';
import { olderThan, type PageStart } from '#tenancy';

const SHOWN_COLUMNS = {
  id: true,
  endpointId: true,
  eventId: true,
  eventType: true,
  state: true,
  nextTryAt: true,
  createdAt: true,
  tries: {
    select: { at: true, status: true, durationMs: true, error: true, responseExcerpt: true },
    orderBy: { number: 'asc' },
  },
} as const satisfies Prisma.WebhookDeliverySelect;

type StoredDelivery = Prisma.WebhookDeliveryGetPayload<{ select: typeof SHOWN_COLUMNS }>;
/** A delivery with its tries, and its closed sets typed. */
export type DeliveryRead = Omit<StoredDelivery, 'state' | 'eventType'> & {
  readonly state: DeliveryState;
  readonly eventType: EventType;
};

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
  return stored.map((delivery) => delivery as DeliveryRead); // CHECK constraints keep both in their sets
}
