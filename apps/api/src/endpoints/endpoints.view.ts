import type { z } from 'zod';
import { encodeId, encodeOptionalId, type Callback, type endpointSchema } from '#contracts';
import type { EndpointRead, NewCallback } from '#ledger';

/** An endpoint; its secret only where it was just made. */
export function endpointView(endpoint: EndpointRead, secret?: string): z.output<typeof endpointSchema> {
  return {
    id: encodeId('endpoint', endpoint.id),
    ...changeableEndpointView(endpoint),
    mission_id: encodeOptionalId('mission', endpoint.missionId),
    is_callback: endpoint.implicit,
    disabled_reason: endpoint.disabledReason,
    health: {
      failures_in_a_row: endpoint.failuresInARow,
      failing_since: endpoint.failingSince?.toISOString() ?? null,
      next_probe_at: endpoint.probeAt?.toISOString() ?? null,
    },
    ...(secret === undefined ? {} : { secret }),
    created_at: endpoint.createdAt.toISOString(),
  };
}

/** What a PATCH can change: its health changes by itself. */
export function changeableEndpointView(endpoint: EndpointRead) {
  return {
    url: endpoint.url,
    event_types: endpoint.eventTypes,
    include_result: endpoint.includeResult,
    description: endpoint.description,
    state: endpoint.state,
  };
}

/** The endpoint that a callback_url became, with its secret, this once. */
export function callbackView({ id, url, secret }: NewCallback): Callback {
  return { endpoint_id: encodeId('endpoint', id), url, secret };
}

/** The field of an answer whose request can have named one address; no field when it was known. */
export function firstCallback([callback]: readonly NewCallback[]): { callback?: Callback } {
  return callback === undefined ? {} : { callback: callbackView(callback) };
}
