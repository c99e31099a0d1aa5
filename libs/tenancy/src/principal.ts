import { scopeSchema, tenantLimitsSchema, type Scope } from '#contracts';

/** Who a request speaks for. */
export type Principal = TenantPrincipal | { readonly kind: 'operator' };

export interface TenantPrincipal {
  readonly kind: 'tenant';
  readonly tenantId: string;
  readonly keyId: string;
  readonly scopes: readonly Scope[];
  /** The only mission that this key reaches; null for all of the tenant's. */
  readonly missionId: string | null;
  /** 0 means unlimited. */
  readonly requestsPerMinute: number;
  /** The session that speaks for the key; null when the key itself was sent. */
  readonly session: PresentSession | null;
}

export interface PresentSession {
  readonly id: string;
  readonly expiresAt: Date;
}

/** A key's rights, as rows of `api_key` and `tenant` have them. */
export interface KeyRights {
  readonly tenant_id: string;
  readonly id: string;
  readonly scopes: string[];
  readonly mission_id: string | null;
  readonly limits: unknown;
}

export function toPrincipal(key: KeyRights, session: PresentSession | null): TenantPrincipal {
  return {
    kind: 'tenant',
    tenantId: key.tenant_id,
    keyId: key.id,
    scopes: key.scopes.map((scope) => scopeSchema.parse(scope)),
    missionId: key.mission_id,
    requestsPerMinute: tenantLimitsSchema.parse(key.limits).requests_per_minute,
    session,
  };
}
