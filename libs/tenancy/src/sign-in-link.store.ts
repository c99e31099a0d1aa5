import { randomBytes } from 'node:crypto';
import { newUuid } from '#contracts';
import type { SystemTx, Tx } from '#database';
import { hashApiKey } from './domain/api-key.js';
import { formatToken, isToken, TOKEN_SECRET_BYTES } from './domain/token.js';

const LINK_MS = 15 * 60 * 1_000;

export interface NewSignInLink {
  /** The only time that it can be read: the database keeps its hash. */
  readonly token: string;
  readonly expiresAt: Date;
}

/** Makes a link that signs in once, as this key of the tenant, within a quarter of an hour. */
export async function createSignInLink(tx: Tx, apiKeyId: string): Promise<NewSignInLink> {
  const token = formatToken('signInLink', randomBytes(TOKEN_SECRET_BYTES));
  const expiresAt = new Date(tx.now.getTime() + LINK_MS);
  await tx.db.signInLink.deleteMany({ where: { tenantId: tx.tenantId, expiresAt: { lte: tx.now } } });
  await tx.db.signInLink.create({
    data: {
      tenantId: tx.tenantId,
      id: newUuid(),
      apiKeyId,
      tokenSha256: new Uint8Array(hashApiKey(token)),
      expiresAt,
      createdAt: tx.now,
    },
  });
  return { token, expiresAt };
}

/**
 * Uses a link up, and says which key it stands for; the transaction goes on as that key's tenant. Null for a link that
 * nobody made, that was used or has run out, or whose key is no longer good. Of two who use it at once one finds it gone.
 */
export async function redeemSignInLink(
  system: SystemTx,
  token: string,
): Promise<{ tx: Tx; apiKeyId: string } | null> {
  if (!isToken('signInLink', token)) return null;
  const [found] = await system.db.$queryRaw<{ tenant_id: string; id: string; api_key_id: string }[]>`
    SELECT l.tenant_id, l.id, l.api_key_id
      FROM sign_in_link l JOIN api_key k ON k.tenant_id = l.tenant_id AND k.id = l.api_key_id
     WHERE l.token_sha256 = ${hashApiKey(token)} AND l.expires_at > now()
       AND k.revoked_at IS NULL AND coalesce(k.expires_at > now(), true)`;
  if (found === undefined) return null;
  const tx = await system.become(found.tenant_id);
  const { count } = await tx.db.signInLink.deleteMany({ where: { tenantId: tx.tenantId, id: found.id } });
  return count === 0 ? null : { tx, apiKeyId: found.api_key_id };
}
