import type { z } from 'zod';
import { encodeId, encodeOptionalId, type sessionSchema } from '#contracts';
import type { TenantPrincipal } from '#tenancy';

export function sessionView(principal: TenantPrincipal): z.output<typeof sessionSchema> {
  return {
    id: encodeOptionalId('session', principal.session?.id ?? null),
    tenant_id: encodeId('tenant', principal.tenantId),
    api_key_id: encodeId('apiKey', principal.keyId),
    scopes: [...principal.scopes],
    mission_id: encodeOptionalId('mission', principal.missionId),
    expires_at: principal.session?.expiresAt.toISOString() ?? null,
  };
}
