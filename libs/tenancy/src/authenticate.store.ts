import { createHash, timingSafeEqual } from 'node:crypto';
import type { SystemTx, Transactions } from '#database';
import { hashApiKey, isApiKey } from './domain/api-key.js';
import { toPrincipal, type KeyRights, type Principal, type TenantPrincipal } from './principal.js';

/**
 * Whose key this is; null for no key, a bad one, a revoked or an expired one. Nothing is cached: a revoked key is
 * refused by the next request. The operator's key never touches the database.
 */
export async function authenticate(
  transactions: Transactions,
  presentedKey: string,
  operatorKey: string,
): Promise<Principal | null> {
  if (isSame(presentedKey, operatorKey)) return { kind: 'operator' };
  if (!isApiKey(presentedKey)) return null;
  return transactions.inSystemTransaction((system) => findPrincipal(system, hashApiKey(presentedKey)));
}

interface FoundKey extends KeyRights {
  readonly use_is_noted: boolean;
}

async function findPrincipal(system: SystemTx, secretSha256: Buffer): Promise<TenantPrincipal | null> {
  const [key] = await system.db.$queryRaw<FoundKey[]>`
    SELECT k.tenant_id, k.id, k.scopes, k.mission_id, t.limits,
           coalesce(k.last_used_at > now() - interval '1 minute', false) AS use_is_noted
      FROM api_key k JOIN tenant t ON t.id = k.tenant_id
     WHERE k.secret_sha256 = ${secretSha256} AND k.revoked_at IS NULL AND coalesce(k.expires_at > now(), true)`;
  if (key === undefined) return null;
  if (!key.use_is_noted) await noteUse(system, key);
  return toPrincipal(key, null);
}

/** At most one write a minute, and never a wait: a row that somebody else holds is being noted, or revoked. */
async function noteUse(system: SystemTx, key: FoundKey): Promise<void> {
  await system.db.$executeRaw`
    UPDATE api_key SET last_used_at = now()
     WHERE (tenant_id, id) IN (
       SELECT tenant_id, id FROM api_key
        WHERE tenant_id = ${key.tenant_id}::uuid AND id = ${key.id}::uuid
          AND coalesce(last_used_at <= now() - interval '1 minute', true)
          FOR NO KEY UPDATE SKIP LOCKED)`;
}

/** Compares digests, so that the time taken says nothing about how much of the key was right. */
function isSame(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
