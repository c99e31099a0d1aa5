import { randomBytes } from 'node:crypto';
import { newUuid } from '#contracts';
import type { SystemTx, Transactions, Tx } from '#database';
import { hashApiKey } from './domain/api-key.js';
import { formatToken, isToken, TOKEN_SECRET_BYTES } from './domain/token.js';
import { toPrincipal, type KeyRights, type TenantPrincipal } from './principal.js';

/** A session ends when it was not used for so long, and in any case after so long. */
const SESSION_IDLE_HOURS = 12;
export const SESSION_HOURS_MAX = 7 * 24;
/** A key's oldest sessions end when it signs in more often than this. */
const SESSIONS_PER_KEY_MAX = 50;
const HOUR_MS = 60 * 60 * 1_000;

export interface NewSession {
  readonly id: string;
  /** The only time that it can be read: the database keeps its hash. */
  readonly token: string;
  readonly expiresAt: Date;
}

/** Signs a browser in with a key of this tenant. */
export async function createSession(tx: Tx, apiKeyId: string): Promise<NewSession> {
  await removeOldSessions(tx, apiKeyId);
  const id = newUuid();
  const token = formatToken('session', randomBytes(TOKEN_SECRET_BYTES));
  await tx.db.session.create({
    data: {
      tenantId: tx.tenantId,
      id,
      apiKeyId,
      tokenSha256: new Uint8Array(hashApiKey(token)),
      lastSeenAt: tx.now,
      createdAt: tx.now,
    },
  });
  return { id, token, expiresAt: endOf(tx.now) };
}

/** Ends a session, from the next request on; false when there is none. */
export async function endSession(tx: Tx, sessionId: string): Promise<boolean> {
  const { count } = await tx.db.session.deleteMany({ where: { tenantId: tx.tenantId, id: sessionId } });
  return count > 0;
}

/**
 * Whom a session speaks for: the key that it was made with, with that key's rights of this moment. Null for a token
 * that nobody was given, a session that is over, or one whose key was revoked or has expired. Nothing is cached.
 */
export async function authenticateSession(
  transactions: Transactions,
  token: string,
): Promise<TenantPrincipal | null> {
  if (!isToken('session', token)) return null;
  return transactions.inSystemTransaction((system) => findSession(system, hashApiKey(token)));
}

interface FoundSession extends KeyRights {
  readonly session_id: string;
  readonly created_at: Date;
  readonly use_is_noted: boolean;
}

async function findSession(system: SystemTx, tokenSha256: Buffer): Promise<TenantPrincipal | null> {
  const [found] = await system.db.$queryRaw<FoundSession[]>`
    SELECT k.tenant_id, k.id, k.scopes, k.mission_id, t.limits, s.id AS session_id, s.created_at,
           s.last_seen_at > now() - interval '1 minute' AS use_is_noted
      FROM session s
      JOIN api_key k ON k.tenant_id = s.tenant_id AND k.id = s.api_key_id
      JOIN tenant t ON t.id = s.tenant_id
     WHERE s.token_sha256 = ${tokenSha256}
       AND s.last_seen_at > now() - ${SESSION_IDLE_HOURS} * interval '1 hour'
       AND s.created_at > now() - ${SESSION_HOURS_MAX} * interval '1 hour'
       AND k.revoked_at IS NULL AND coalesce(k.expires_at > now(), true)`;
  if (found === undefined) return null;
  if (!found.use_is_noted)
    await system.db.$executeRaw`
      UPDATE session SET last_seen_at = now()
       WHERE tenant_id = ${found.tenant_id}::uuid AND id = ${found.session_id}::uuid`;
  return toPrincipal(found, { id: found.session_id, expiresAt: endOf(found.created_at) });
}

/** Those that are over, and the oldest of this key beyond its number. */
async function removeOldSessions(tx: Tx, apiKeyId: string): Promise<void> {
  await tx.db.$executeRaw`
    DELETE FROM session
     WHERE tenant_id = ${tx.tenantId}::uuid
       AND (last_seen_at <= now() - ${SESSION_IDLE_HOURS} * interval '1 hour'
            OR created_at <= now() - ${SESSION_HOURS_MAX} * interval '1 hour'
            OR id IN (SELECT id FROM session
                       WHERE tenant_id = ${tx.tenantId}::uuid AND api_key_id = ${apiKeyId}::uuid
                       ORDER BY created_at DESC, id DESC OFFSET ${SESSIONS_PER_KEY_MAX - 1}))`;
}

function endOf(createdAt: Date): Date {
  return new Date(createdAt.getTime() + SESSION_HOURS_MAX * HOUR_MS);
}
