import path from 'node:path';
import { z } from 'zod';
import { encodeId } from '#contracts';
import type { Transactions } from '#database';
import { crashPoint } from '#telemetry';
import { authenticate, createSignInLink, createTenant } from '#tenancy';
import { readJson, writePrivateJson } from './up-home.js';

const credentialsSchema = z.object({
  url: z.string(),
  api_key: z.string(),
  admin_key: z.string(),
  tenant_id: z.string(),
});

type LocalTenant = Pick<z.output<typeof credentialsSchema>, 'api_key' | 'tenant_id'>;

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
  const write = ({ api_key, tenant_id }: LocalTenant): Promise<void> =>
    writePrivateJson(file, { api_key, tenant_id, url: place.url, admin_key: place.adminKey });
  if (!works) return linkFor(transactions, await createLocalTenant(transactions, write));
  await write(known.data);
  return null;
}

async function linkFor(transactions: Transactions, apiKey: string): Promise<string> {
  const principal = await authenticate(transactions, apiKey, '');
  if (principal?.kind !== 'tenant') throw new Error('the first key of the tenant does not work');
  const { token } = await transactions.inTransaction(principal.tenantId, (tx) =>
    createSignInLink(tx, principal.keyId),
  );
  return token;
}

/** The key is in its file before the tenant is committed: whoever dies between leaves a key without a tenant, which is made anew. */
async function createLocalTenant(
  transactions: Transactions,
  write: (tenant: LocalTenant) => Promise<void>,
): Promise<string> {
  return transactions.inSystemTransaction(async (system) => {
    const { row, apiKey } = await createTenant(system, {
      name: 'default',
      limits: { requests_per_minute: 0 },
      environment: 'local',
    });
    await write({ api_key: apiKey, tenant_id: encodeId('tenant', row.id) });
    crashPoint('start.tenant_made');
    return apiKey;
  });
}
