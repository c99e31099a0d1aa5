import { randomBytes } from 'node:crypto';
import { newUuid, scopeSchema, type Scope } from '#contracts';
import type { Prisma, Tx } from '#database';
import {
  describeApiKey,
  formatApiKey,
  hashApiKey,
  KEY_SECRET_BYTES,
  type KeyEnvironment,
} from './domain/api-key.js';
import { olderThan, type PageStart } from './domain/page.js';

/** A key as it may be shown: never its secret. */
export interface ApiKeyRow {
  readonly id: string;
  readonly name: string;
  readonly prefix: string;
  readonly last4: string;
  readonly scopes: Scope[];
  readonly missionId: string | null;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  readonly lastUsedAt: Date | null;
  readonly createdAt: Date;
}

export interface NewApiKey {
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** Reaches only this mission; it must be the tenant's own. */
  readonly missionId: string | null;
  readonly expiresAt: Date | null;
  readonly environment: KeyEnvironment;
}

/** Makes a key. `apiKey` is the only time that it can be read: the database keeps its hash. */
export async function createApiKey(tx: Tx, input: NewApiKey): Promise<{ row: ApiKeyRow; apiKey: string }> {
  const apiKey = formatApiKey(input.environment, randomBytes(KEY_SECRET_BYTES));
  const stored = await tx.db.apiKey.create({
    data: {
      tenantId: tx.tenantId,
      id: newUuid(),
      name: input.name,
      scopes: [...input.scopes],
      missionId: input.missionId,
      expiresAt: input.expiresAt,
      secretSha256: new Uint8Array(hashApiKey(apiKey)),
      ...describeApiKey(apiKey),
    },
    select: SHOWN_COLUMNS,
  });
  return { row: toApiKeyRow(stored), apiKey };
}

/** Newest first, revoked ones included: at most `take` that are older than `after`. */
export async function listApiKeys(
  tx: Tx,
  page: { readonly after: PageStart | null; readonly take: number },
): Promise<ApiKeyRow[]> {
  const stored = await tx.db.apiKey.findMany({
    where: { tenantId: tx.tenantId, ...olderThan(page.after) },
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    take: page.take,
    select: SHOWN_COLUMNS,
  });
  return stored.map(toApiKeyRow);
}

/** Ends a key, from the next request on; false when the tenant has no such key. Revoking twice keeps the first time. */
export async function revokeApiKey(tx: Tx, keyId: string): Promise<boolean> {
  const where = { tenantId: tx.tenantId, id: keyId };
  const { count } = await tx.db.apiKey.updateMany({
    where: { ...where, revokedAt: null },
    data: { revokedAt: tx.now },
  });
  return count > 0 || (await tx.db.apiKey.count({ where })) > 0;
}

const SHOWN_COLUMNS = {
  id: true,
  name: true,
  prefix: true,
  last4: true,
  scopes: true,
  missionId: true,
  expiresAt: true,
  revokedAt: true,
  lastUsedAt: true,
  createdAt: true,
} as const satisfies Prisma.ApiKeySelect;

function toApiKeyRow(stored: Prisma.ApiKeyGetPayload<{ select: typeof SHOWN_COLUMNS }>): ApiKeyRow {
  return { ...stored, scopes: stored.scopes.map((scope) => scopeSchema.parse(scope)) };
}
