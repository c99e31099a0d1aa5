import { newUuid, SCOPES, TENANT_LIMITS_DEFAULT, tenantLimitsSchema, type TenantLimits } from '#contracts';
import type { Prisma, SystemTx, Transactions, Tx } from '#database';
import { createApiKey } from './api-key.store.js';
import type { KeyEnvironment } from './domain/api-key.js';
import { olderThan, type PageStart } from './domain/page.js';

export interface TenantRow {
  readonly id: string;
  readonly name: string;
  readonly limits: TenantLimits;
  readonly createdAt: Date;
}

export interface NewTenant {
  readonly name: string;
  /** Overlaid on the defaults. */
  readonly limits: Partial<TenantLimits>;
  readonly environment: KeyEnvironment;
}

/** Makes a tenant and its first key, with all scopes. The transaction goes on as that tenant's: `tx`. */
export async function createTenant(
  system: SystemTx,
  input: NewTenant,
): Promise<{ row: TenantRow; apiKey: string; tx: Tx }> {
  const limits = { ...TENANT_LIMITS_DEFAULT, ...input.limits };
  const stored = await system.db.tenant.create({
    data: { id: newUuid(), name: input.name, limits },
    select: SHOWN_COLUMNS,
  });
  const tx = await system.become(stored.id);
  const { apiKey } = await createApiKey(tx, {
    name: 'first key',
    scopes: SCOPES,
    missionId: null,
    expiresAt: null,
    environment: input.environment,
  });
  return { row: toTenantRow(stored), apiKey, tx };
}

/** Newest first: at most `take` that are older than `after`. */
export async function listTenants(
  system: SystemTx,
  page: { readonly after: PageStart | null; readonly take: number },
): Promise<TenantRow[]> {
  const stored = await system.db.tenant.findMany({
    where: olderThan(page.after),
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    take: page.take,
    select: SHOWN_COLUMNS,
  });
  return stored.map(toTenantRow);
}

export async function findTenant(system: SystemTx, tenantId: string): Promise<TenantRow | null> {
  const stored = await system.db.tenant.findUnique({ where: { id: tenantId }, select: SHOWN_COLUMNS });
  return stored === null ? null : toTenantRow(stored);
}

/** Locks a tenant until the transaction ends, to read it and change it as one. */
export async function lockTenant(system: SystemTx, tenantId: string): Promise<TenantRow | null> {
  await system.db.$queryRaw`SELECT 1 AS locked FROM tenant WHERE id = ${tenantId}::uuid FOR NO KEY UPDATE`;
  return findTenant(system, tenantId);
}

/** Changes the name or some limits of a tenant that `lockTenant` found. */
export async function updateTenant(
  system: SystemTx,
  before: TenantRow,
  patch: { readonly name?: string | undefined; readonly limits?: Partial<TenantLimits> | undefined },
): Promise<TenantRow> {
  const stored = await system.db.tenant.update({
    where: { id: before.id },
    data: { name: patch.name ?? before.name, limits: { ...before.limits, ...patch.limits } },
    select: SHOWN_COLUMNS,
  });
  return toTenantRow(stored);
}

/**
 * Removes a tenant and everything it owns; false when there is none. Its keys end first: nothing new can arrive. Then its
 * missions go one by one, so that no statement grows with what a tenant has gathered. Cut short, it is asked for again.
 */
export async function deleteTenant(transactions: Transactions, tenantId: string): Promise<boolean> {
  await transactions.inTransaction(tenantId, (tx) => tx.db.apiKey.deleteMany({ where: { tenantId } }));
  while (await transactions.inTransaction(tenantId, removeOneMission));
  return transactions.inSystemTransaction(async ({ db }) => {
    const { count } = await db.tenant.deleteMany({ where: { id: tenantId } });
    return count > 0;
  });
}

async function removeOneMission({ db, tenantId }: Tx): Promise<boolean> {
  const mission = await db.mission.findFirst({ where: { tenantId }, select: { id: true } });
  if (mission !== null) await db.mission.deleteMany({ where: { tenantId, id: mission.id } });
  return mission !== null;
}

const SHOWN_COLUMNS = {
  id: true,
  name: true,
  limits: true,
  createdAt: true,
} as const satisfies Prisma.TenantSelect;

function toTenantRow(stored: Prisma.TenantGetPayload<{ select: typeof SHOWN_COLUMNS }>): TenantRow {
  return { ...stored, limits: tenantLimitsSchema.parse(stored.limits) };
}
