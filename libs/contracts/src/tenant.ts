import { z } from 'zod';
import { idSchema } from './ids.js';
import { storableText } from './text.js';

export const SCOPES = [
  'missions:read',
  'missions:write',
  'messages:write',
  'tasks:read',
  'tasks:write',
  'workers:claim',
  'webhooks:manage',
  'admin',
] as const;
export const scopeSchema = z.enum(SCOPES);
export type Scope = (typeof SCOPES)[number];

/** Per tenant; 0 means unlimited, `weight` is its share where tenants compete. */
export const tenantLimitsSchema = z
  .strictObject({
    requests_per_minute: z.int().min(0).max(1_000_000),
    concurrent_waves: z.int().min(0).max(1_000),
    concurrent_attempts: z.int().min(0).max(10_000),
    weight: z.number().min(0.01).max(1_000),
  })
  .meta({ id: 'TenantLimits' });
export type TenantLimits = z.infer<typeof tenantLimitsSchema>;

export const TENANT_LIMITS_DEFAULT: TenantLimits = {
  requests_per_minute: 600,
  concurrent_waves: 4,
  concurrent_attempts: 50,
  weight: 1,
};

export const tenantInputSchema = z
  .strictObject({ name: storableText(200, 1), limits: tenantLimitsSchema.partial().default({}) })
  .meta({ id: 'TenantInput' });
export const tenantPatchSchema = z
  .strictObject({ name: storableText(200, 1), limits: tenantLimitsSchema.partial() })
  .partial()
  .meta({ id: 'TenantPatch' });
export const tenantSchema = z
  .object({
    id: idSchema('tenant'),
    name: z.string(),
    limits: tenantLimitsSchema,
    created_at: z.iso.datetime(),
    api_key: z.string().optional().describe('only in the answer to create'),
  })
  .meta({ id: 'Tenant' });

export const apiKeyInputSchema = z
  .strictObject({
    name: storableText(200, 1),
    scopes: z
      .array(scopeSchema)
      .min(1)
      .max(SCOPES.length)
      .default([...SCOPES]),
    mission_id: idSchema('mission').nullable().default(null),
    expires_at: z.iso.datetime().nullable().default(null),
  })
  .meta({ id: 'ApiKeyInput' });
export type ApiKeyInput = z.infer<typeof apiKeyInputSchema>;
export const apiKeySchema = z
  .object({
    id: idSchema('apiKey'),
    name: z.string(),
    prefix: z.string(),
    last4: z.string(),
    scopes: z.array(scopeSchema),
    mission_id: idSchema('mission').nullable(),
    expires_at: z.iso.datetime().nullable(),
    revoked_at: z.iso.datetime().nullable(),
    last_used_at: z.iso.datetime().nullable(),
    created_at: z.iso.datetime(),
    api_key: z.string().optional().describe('only in the answer to create'),
  })
  .meta({ id: 'ApiKey' });
