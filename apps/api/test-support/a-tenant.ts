import type { Transactions } from '#database';
import { createTenant } from '#tenancy';

/** A fresh tenant, without a request limit unless one is given, and its first key. */
export async function aTenant(
  transactions: Transactions,
  requestsPerMinute = 0,
): Promise<{ tenantId: string; apiKey: string }> {
  const { row, apiKey } = await transactions.inSystemTransaction((system) =>
    createTenant(system, {
      name: 'a tenant',
      limits: { requests_per_minute: requestsPerMinute },
      environment: 'local',
    }),
  );
  return { tenantId: row.id, apiKey };
}
