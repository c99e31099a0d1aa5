import path from 'node:path';
import { z } from 'zod';
import { encodeId } from '#contracts';
import type { Transactions } from '#database';
import { authenticate, createSignInLink, createTenant } from '#tenancy';
import { readJson, writePrivateJson } from './up-home.js';

const credentialsSchema = z.object({
  url: z.string(),
  api_key: z.string(),
  admin_key: z.string(),
  tenant_id: z.string(),
});

/**
 * In local mode a first start makes a tenant `default` without a request limit and writes its key, with the operator's,
 * to credentials.json for the CLI and for whoever sits at this machine. A later start only brings the address up to date.
 * Answers the token of a link to sign in with once when the tenant was made just now, else null.
 */
export async function ensureLocalTenant(
  transactions: Transactions,
  place: { readonly homeDir: string; readonly url: string; readonly adminKey: string },
): Promise<string | null> {
  const file = path.join(place.homeDir, 'credentials.json');
  const known = credentialsSchema.safeParse(await readJson(file));
  const works =
    known.success && (await authenticate(transactions, known.data.api_key, place.adminKey)) !== null;
  const tenant = works ? known.data : await createLocalTenant(transactions);
  await writePrivateJson(file, { ...tenant, url: place.url, admin_key: place.adminKey });
  return works ? null : await linkFor(transactions, tenant.api_key);
}

async function linkFor(transactions: Transactions, apiKey: string): Promise<string> {
  const principal = await authenticate(transactions, apiKey, '');
  if (principal?.kind !== 'tenant') throw new Error('the first key of the tenant does not work');
  const { token } = await transactions.inTransaction(principal.tenantId, (tx) =>
    createSignInLink(tx, principal.keyId),
  );
  return token;
}

async function createLocalTenant(
  transactions: Transactions,
): Promise<{ api_key: string; tenant_id: string }> {
  return transactions.inSystemTransaction(async (system) => {
    const { row, apiKey } = await createTenant(system, {
      name: 'default',
      limits: { requests_per_minute: 0 },
      environment: 'local',
    });
    return { api_key: apiKey, tenant_id: encodeId('tenant', row.id) };
  });
}
