import type { z } from 'zod';
import { encodeId, encodeOptionalId, type apiKeySchema } from '#contracts';
import type { ApiKeyRow } from '#tenancy';

/** A key as it may be shown; the key itself only where it was just made. */
export function apiKeyView(row: ApiKeyRow, apiKey?: string): z.output<typeof apiKeySchema> {
  return {
    id: encodeId('apiKey', row.id),
    name: row.name,
    prefix: row.prefix,
    last4: row.last4,
    scopes: row.scopes,
    mission_id: encodeOptionalId('mission', row.missionId),
    expires_at: row.expiresAt?.toISOString() ?? null,
    revoked_at: row.revokedAt?.toISOString() ?? null,
    last_used_at: row.lastUsedAt?.toISOString() ?? null,
    created_at: row.createdAt.toISOString(),
    ...(apiKey === undefined ? {} : { api_key: apiKey }),
  };
}
