import type { z } from 'zod';
import { encodeId, type deliveryDetailSchema, type deliverySchema } from '#contracts';
import type { DeliveryRead } from '#ledger';

export function deliveryView(delivery: DeliveryRead): z.output<typeof deliverySchema> {
  return {
    id: encodeId('delivery', delivery.id),
    endpoint_id: encodeId('endpoint', delivery.endpointId),
    event_id: encodeId('event', delivery.eventId),
    event_type: delivery.eventType,
    state: delivery.state,
    dead_reason: delivery.deadReason,
    tries: delivery.tries.map((one) => ({
      at: one.at.toISOString(),
      url: one.url,
      redelivery: one.extra,
      status: one.status,
      duration_ms: one.durationMs,
      error: one.error,
      response_excerpt: one.responseExcerpt,
    })),
    next_try_at: (delivery.extraTryAt ?? delivery.nextTryAt)?.toISOString() ?? null,
    created_at: delivery.createdAt.toISOString(),
  };
}

export function deliveryDetailView(
  delivery: DeliveryRead & { readonly payload: string },
): z.output<typeof deliveryDetailSchema> {
  return { ...deliveryView(delivery), request_body: delivery.payload };
}
