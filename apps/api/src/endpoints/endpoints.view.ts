import type { z } from 'zod';
import { encodeId, encodeOptionalId, type endpointSchema } from '#contracts';
import type { EndpointRead } from '#ledger';

/** An endpoint; its secret only where it was just made. */
export function endpointView(endpoint: EndpointRead, secret?: string): z.output<typeof endpointSchema> {
  return {
    id: encodeId('endpoint', endpoint.id),
    url: endpoint.url,
    event_types: endpoint.eventTypes,
    mission_id: encodeOptionalId('mission', endpoint.missionId),
    include_result: endpoint.includeResult,
    description: endpoint.description,
    state: endpoint.state,
    ...(secret === undefined ? {} : { secret }),
    created_at: endpoint.createdAt.toISOString(),
  };
}
