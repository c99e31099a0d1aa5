import { randomBytes } from 'node:crypto';
import { newUuid, tenantLimitsSchema } from '#contracts';
import type { Transactions, Tx } from '#database';
import { hashApiKey } from './domain/api-key.js';
import { formatToken, isToken, TOKEN_SECRET_BYTES } from './domain/token.js';

/** A question's oldest links end when more than this many are made for it. */
const LINKS_PER_REQUEST_MAX = 20;

export interface NewAnswerLink {
  /** The only time that it can be read: the database keeps its hash. */
  readonly token: string;
  readonly expiresAt: Date;
}

/** Makes a link by which whoever has it may answer this one question, as a person whom the key's owner trusts. */
export async function createAnswerLink(
  tx: Tx,
  link: { readonly requestId: string; readonly apiKeyId: string; readonly expiresAt: Date },
): Promise<NewAnswerLink> {
  await lockQuestion(tx, link.requestId);
  await removeOldLinks(tx, link.requestId);
  const token = formatToken('answerLink', randomBytes(TOKEN_SECRET_BYTES));
  await tx.db.answerLink.create({
    data: {
      ...link,
      tenantId: tx.tenantId,
      id: newUuid(),
      tokenSha256: new Uint8Array(hashApiKey(token)),
      createdAt: tx.now,
    },
  });
  return { token, expiresAt: link.expiresAt };
}

/** What an answer link speaks for: one question, with the word of the key that made it. */
export interface AnswerLink {
  readonly tenantId: string;
  readonly requestId: string;
  readonly apiKeyId: string;
  /** 0 means unlimited. */
  readonly requestsPerMinute: number;
}

/**
 * Null for a link that nobody made or that has run out, or whose key was revoked or has expired. It is not used up here:
 * a question takes one answer, whoever it comes from.
 */
export async function findAnswerLink(transactions: Transactions, token: string): Promise<AnswerLink | null> {
  if (!isToken('answerLink', token)) return null;
  return transactions.inSystemTransaction(async (system) => {
    const [found] = await system.db.$queryRaw<FoundLink[]>`
      SELECT l.tenant_id, l.request_id, l.api_key_id, t.limits
        FROM answer_link l
        JOIN api_key k ON k.tenant_id = l.tenant_id AND k.id = l.api_key_id
        JOIN tenant t ON t.id = l.tenant_id
       WHERE l.token_sha256 = ${hashApiKey(token)} AND l.expires_at > now()
         AND k.revoked_at IS NULL AND coalesce(k.expires_at > now(), true)`;
    return found === undefined
      ? null
      : {
          tenantId: found.tenant_id,
          requestId: found.request_id,
          apiKeyId: found.api_key_id,
          requestsPerMinute: tenantLimitsSchema.parse(found.limits).requests_per_minute,
        };
  });
}

interface FoundLink {
  readonly tenant_id: string;
  readonly request_id: string;
  readonly api_key_id: string;
  readonly limits: unknown;
}

/** Links of one question are made one after another: two at once would leave one too many. */
async function lockQuestion(tx: Tx, requestId: string): Promise<void> {
  await tx.db.$queryRaw`
    SELECT 1 AS locked FROM input_request
     WHERE tenant_id = ${tx.tenantId}::uuid AND id = ${requestId}::uuid FOR NO KEY UPDATE`;
}

/** Those of the tenant that have run out, and the oldest of this question beyond its number; each found by its index. */
async function removeOldLinks(tx: Tx, requestId: string): Promise<void> {
  await tx.db.$executeRaw`
    DELETE FROM answer_link
     WHERE tenant_id = ${tx.tenantId}::uuid
       AND id IN (SELECT id FROM answer_link WHERE tenant_id = ${tx.tenantId}::uuid AND expires_at <= now()
                   UNION ALL
                  (SELECT id FROM answer_link
                    WHERE tenant_id = ${tx.tenantId}::uuid AND request_id = ${requestId}::uuid
                    ORDER BY created_at DESC, id DESC OFFSET ${LINKS_PER_REQUEST_MAX - 1}))`;
}
