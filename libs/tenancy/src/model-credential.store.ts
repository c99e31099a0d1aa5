import type { ModelProvider } from '#contracts';
import type { Tx } from '#database';
import type { SecretBox } from './secret-box.js';

/** Takes the tenant's own key of a provider in, in place of the one before. It is never read out again, only used. */
export async function putModelCredential(
  tx: Tx,
  secretBox: SecretBox,
  credential: { readonly provider: ModelProvider; readonly apiKey: string },
): Promise<void> {
  const { provider, apiKey } = credential;
  const apiKeySealed = await secretBox.seal(tx, apiKey, placeOf(tx, provider));
  await tx.db.modelCredential.upsert({
    where: { tenantId_provider: { tenantId: tx.tenantId, provider } },
    create: { tenantId: tx.tenantId, provider, apiKeySealed, updatedAt: tx.now },
    update: { apiKeySealed, updatedAt: tx.now },
  });
}

/** Goes back to the service's own key; false when the tenant had none. */
export async function deleteModelCredential(tx: Tx, provider: ModelProvider): Promise<boolean> {
  const { count } = await tx.db.modelCredential.deleteMany({ where: { tenantId: tx.tenantId, provider } });
  return count > 0;
}

/** The tenant's own key, to make its requests with; null when the service's own is to be used. */
export async function openModelCredential(
  tx: Tx,
  secretBox: SecretBox,
  provider: ModelProvider,
): Promise<string | null> {
  const stored = await tx.db.modelCredential.findUnique({
    where: { tenantId_provider: { tenantId: tx.tenantId, provider } },
    select: { apiKeySealed: true },
  });
  return stored && secretBox.open(tx, stored.apiKeySealed, placeOf(tx, provider));
}

function placeOf(tx: Tx, provider: ModelProvider): string {
  return `${tx.tenantId}|model_credential|${provider}|api_key`;
}
