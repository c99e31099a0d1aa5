import process from 'node:process';
import { createTenant } from '#tenancy';
import { Transactions } from '#database';
import { silentLogger } from '#telemetry';

/** A migrated database, reached as its owner; each test makes tenants of its own in it. */
const DATABASE_URL = process.env.TEST_DATABASE_URL ?? 'postgres://wavekeeper:pw@127.0.0.1:21500/api_edge';

export function openTransactions(databaseUrl = DATABASE_URL): Transactions {
  return new Transactions(databaseUrl, silentLogger);
}

/** A fresh tenant without a request limit, and its first key. */
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
