import { randomBytes } from 'node:crypto';
import { newUuid, scopeSchema, type Scope } from '#contracts';
import type { Prisma, SystemTx, Tx } from '#database';
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

/** Null when the tenant has no such key. */
export async function findApiKey(tx: Tx, keyId: string): Promise<ApiKeyRow | null> {
  const stored = await tx.db.apiKey.findUnique({
    where: { tenantId_id: { tenantId: tx.tenantId, id: keyId } },
    select: SHOWN_COLUMNS,
  });
  return stored === null ? null : toApiKeyRow(stored);
}

/** True while the key may be used: for a request that outlives the moment when it was let in. */
export async function isApiKeyGood(tx: Tx, keyId: string): Promise<boolean> {
  const key = await findApiKey(tx, keyId);
  return key !== null && isGood(key, tx.now);
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

/** Of these keys, the ids of those that may be used no more: revoked, expired or gone. */
export async function findEndedKeys(
  { db }: SystemTx,
  keys: readonly { readonly tenantId: string; readonly keyId: string }[],
): Promise<string[]> {
  const [tenantIds, keyIds] = [keys.map(({ tenantId }) => tenantId), keys.map(({ keyId }) => keyId)];
  const rows = await db.$queryRaw<{ id: string }[]>`
    SELECT asked.id FROM unnest(${tenantIds}::uuid[], ${keyIds}::uuid[]) AS asked (tenant_id, id)
     WHERE NOT EXISTS (SELECT FROM api_key k
                        WHERE k.tenant_id = asked.tenant_id AND k.id = asked.id AND k.revoked_at IS NULL
                          AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp()))`;
  return rows.map(({ id }) => id);
}

/**
 * Replaces a key by one with the same name, rights and end; the old one goes on until `overlapSeconds` from now, or its
 * own end if that is sooner. Null when the tenant has no such key, or one that is over already: a dead key is not revived.
 */
export async function rerollApiKey(
  tx: Tx,
  keyId: string,
  choice: { readonly overlapSeconds: number; readonly environment: KeyEnvironment },
): Promise<{ row: ApiKeyRow; apiKey: string; replaced: ApiKeyRow } | null> {
  const where = { tenantId_id: { tenantId: tx.tenantId, id: keyId } };
  await tx.db.$queryRaw`
    SELECT 1 AS locked FROM api_key WHERE tenant_id = ${tx.tenantId}::uuid AND id = ${keyId}::uuid FOR UPDATE`;
  const stored = await tx.db.apiKey.findUnique({ where, select: SHOWN_COLUMNS });
  if (stored === null || !isGood(stored, tx.now)) return null;
  const old = toApiKeyRow(stored);
  const made = await createApiKey(tx, { ...old, environment: choice.environment });
  const overlapEnds = new Date(tx.now.getTime() + choice.overlapSeconds * 1_000);
  const expiresAt = old.expiresAt !== null && old.expiresAt < overlapEnds ? old.expiresAt : overlapEnds;
  await tx.db.apiKey.update({ where, data: { expiresAt } });
  return { ...made, replaced: { ...old, expiresAt } };
}

function isGood(
  key: { readonly revokedAt: Date | null; readonly expiresAt: Date | null },
  now: Date,
): boolean {
  return key.revokedAt === null && (key.expiresAt === null || key.expiresAt > now);
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
