import type { z } from 'zod';
import { encodeId, type tenantSchema } from '#contracts';
import type { TenantRow } from '#tenancy';

/** A tenant; its first key only where both were just made. */
export function tenantView(row: TenantRow, apiKey?: string): z.output<typeof tenantSchema> {
  return {
    id: encodeId('tenant', row.id),
    name: row.name,
    limits: row.limits,
    created_at: row.createdAt.toISOString(),
    ...(apiKey === undefined ? {} : { api_key: apiKey }),
  };
}
