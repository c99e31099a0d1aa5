import type { Config } from '#config';
import { Transactions } from '#database';
import { resealEndpoints } from '#ledger';
import { createLogger } from '#telemetry';
import { listTenants, SecretBox, type PageStart, type TenantRow } from '#tenancy';
import { EXIT } from './exit-codes.js';
import { CommandFailure } from './failure.js';
import { openDatabase } from './up-database.js';
import { forgetPreviousMasterKey, loadSecrets, makeHome, renewMasterKey } from './up-home.js';
import { takeHome } from './up-instance.js';

const TENANTS_PER_PAGE = 100;

/** What a rotation has put under the current master key. */
interface Rotated {
  readonly tenants: number;
  readonly endpoints: number;
}

/**
 * Wraps every tenant's data key under the current master key. With WAVEKEEPER_MASTER_KEY that is the one given there, and
 * the service may run; else a new one is made in the home, whose service must not run: it would not know the new one.
 * Interrupted, it is run again: both keys open until it has come to its end.
 */
export async function rotateKeys(config: Config): Promise<number> {
  await makeHome(config.homeDir);
  const rotated =
    config.masterKey === null
      ? await withHome(config.homeDir, () => rotateInHome(config))
      : await rotate(config);
  process.stdout.write(
    `Sealed anew under the current master key: ${rotated.tenants} tenants' data keys, ${rotated.endpoints} older webhook secrets.\n`,
  );
  return EXIT.ok;
}

async function rotateInHome(config: Config): Promise<Rotated> {
  await renewMasterKey(config.homeDir);
  const rotated = await rotate(config);
  await forgetPreviousMasterKey(config.homeDir);
  return rotated;
}

async function withHome<Result>(homeDir: string, work: () => Promise<Result>): Promise<Result> {
  const instance = await takeHome(homeDir);
  if (instance.kind === 'running')
    throw new CommandFailure(
      `Process ${instance.pid} runs the service of ${homeDir} and keeps the old master key in memory.`,
      EXIT.conflict,
      'Stop it, run this again, and start it.',
    );
  try {
    return await work();
  } finally {
    await instance.release();
  }
}

async function rotate(config: Config): Promise<Rotated> {
  const secrets = await loadSecrets(config);
  const secretBox = new SecretBox(secrets.masterKey, secrets.previousMasterKey);
  const database = await openDatabase(config);
  const transactions = new Transactions(database.url, createLogger(config.logLevel));
  try {
    return await rotateAll(transactions, secretBox);
  } finally {
    await transactions.close();
    await database.stop();
  }
}

/** Tenant by tenant, each in a transaction of its own. */
async function rotateAll(transactions: Transactions, secretBox: SecretBox): Promise<Rotated> {
  const rotated = { tenants: 0, endpoints: 0 };
  for await (const tenantId of everyTenant(transactions))
    await transactions.inTransaction(tenantId, async (tx) => {
      if (await secretBox.rewrap(tx)) rotated.tenants += 1;
      rotated.endpoints += await resealEndpoints(tx, secretBox);
    });
  return rotated;
}

async function* everyTenant(transactions: Transactions): AsyncGenerator<string> {
  let after: PageStart | null = null;
  for (;;) {
    const page: TenantRow[] = await pageAfter(transactions, after);
    for (const { id } of page) yield id;
    after = page.at(-1) ?? null;
    if (after === null) return;
  }
}

function pageAfter(transactions: Transactions, after: PageStart | null): Promise<TenantRow[]> {
  return transactions.inSystemTransaction((system) => listTenants(system, { after, take: TENANTS_PER_PAGE }));
}
