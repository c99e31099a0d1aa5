import { Prisma, type Tx } from '#database';
import type { BudgetInput } from '#contracts';
import {
  fullLimit,
  onDay,
  setLimits,
  toNanoUsd,
  toUsd,
  type Account,
  type LimitKind,
  type Meter,
} from './domain/budget.js';

/** A mission's id, or the tenant of the transaction itself. */
export type AccountHolder = { readonly missionId: string } | 'tenant';

/**
 * Locks the books of a mission and then its tenant's, until the transaction ends, and reads them as they stand today by
 * the database's clock, which is read again once both are locked: so a day never begins twice. The tenant's row is
 * shared by all its missions: who locks it does little more before its commit.
 */
export async function lockAccounts(
  tx: Tx,
  missionId: string,
): Promise<{ mission: Account; tenant: Account }> {
  const mission = await lockRow(tx, { missionId });
  if (mission === undefined) throw new Error('the ledger has no such mission');
  const tenant = await lockTenantRow(tx);
  const day = await today(tx);
  return { mission: onDay(toAccount(mission), day), tenant: onDay(toAccount(tenant), day) };
}

/** The tenant's books alone. */
export async function lockTenantAccount(tx: Tx): Promise<Account> {
  const tenant = await lockTenantRow(tx);
  return onDay(toAccount(tenant), await today(tx));
}

/** The tenant's books as they stand, without a lock. */
export async function readTenantAccount(tx: Tx): Promise<Account> {
  const [row] = await tx.db.$queryRaw<AccountRow[]>`SELECT ${COLUMNS} FROM ${rowOf(tx, 'tenant')}`;
  return onDay(toAccount(row ?? NOTHING), dayOf(tx.now));
}

/** Sets what is given of a mission's limits; true when there is room for spending now. */
export async function setBudget(tx: Tx, missionId: string, budget: BudgetInput): Promise<boolean> {
  const row = await lockRow(tx, { missionId });
  if (row === undefined) throw new Error('the ledger has no such mission');
  const changed = setLimits(onDay(toAccount(row), await today(tx)), limitsOf(budget));
  await saveAccount(tx, { missionId }, changed);
  return fullLimit(changed) === null;
}

export function limitsOf(budget: BudgetInput): Parameters<typeof setLimits>[1] {
  const nano = (usd: string | null): bigint | null => (usd === null ? null : toNanoUsd(usd));
  return {
    ...(budget.limit_usd === undefined ? {} : { total: nano(budget.limit_usd) }),
    ...(budget.daily_usd === undefined ? {} : { daily: nano(budget.daily_usd) }),
  };
}

export async function saveAccount(tx: Tx, holder: AccountHolder, account: Account): Promise<void> {
  const { total, daily } = account;
  await tx.db.$executeRaw`
    UPDATE ${tableOf(holder)}
       SET limit_usd = ${usdOrNull(total.limit)}::numeric, spent_usd = ${toUsd(total.spent)}::numeric,
           reserved_usd = ${toUsd(total.reserved)}::numeric, limit_announced = ${total.announced},
           daily_usd = ${usdOrNull(daily.limit)}::numeric, day_spent_usd = ${toUsd(daily.spent)}::numeric,
           day_reserved_usd = ${toUsd(daily.reserved)}::numeric, daily_announced = ${daily.announced},
           budget_day = ${account.day}::date, budget_reached = ${account.reached}
     WHERE ${own(tx, holder)}`;
}

/** A conductor's request moves the gauge of its mission's context. */
export async function noteContextTokens(tx: Tx, missionId: string, tokens: number): Promise<void> {
  await tx.db.$executeRaw`
    UPDATE mission SET last_context_tokens = ${tokens} WHERE tenant_id = ${tx.tenantId}::uuid AND id = ${missionId}::uuid`;
}

interface AccountRow {
  readonly limit_usd: string | null;
  readonly spent_usd: string;
  readonly reserved_usd: string;
  readonly limit_announced: number;
  readonly daily_usd: string | null;
  readonly day_spent_usd: string;
  readonly day_reserved_usd: string;
  readonly daily_announced: number;
  readonly budget_day: string | null;
  readonly budget_reached: LimitKind | null;
}

const COLUMNS = Prisma.sql`limit_usd::text, spent_usd::text, reserved_usd::text, limit_announced::int, daily_usd::text,
  day_spent_usd::text, day_reserved_usd::text, daily_announced::int, budget_day::text, budget_reached`;

/** Of a tenant that has neither set a limit nor spent anything. */
const NOTHING: AccountRow = {
  limit_usd: null,
  spent_usd: '0',
  reserved_usd: '0',
  limit_announced: 0,
  daily_usd: null,
  day_spent_usd: '0',
  day_reserved_usd: '0',
  daily_announced: 0,
  budget_day: null,
  budget_reached: null,
};

function tableOf(holder: AccountHolder): Prisma.Sql {
  return holder === 'tenant' ? Prisma.sql`tenant_budget` : Prisma.sql`mission`;
}

function own(tx: Tx, holder: AccountHolder): Prisma.Sql {
  const tenant = Prisma.sql`tenant_id = ${tx.tenantId}::uuid`;
  return holder === 'tenant' ? tenant : Prisma.sql`${tenant} AND id = ${holder.missionId}::uuid`;
}

function rowOf(tx: Tx, holder: AccountHolder): Prisma.Sql {
  return Prisma.sql`${tableOf(holder)} WHERE ${own(tx, holder)}`;
}

async function lockRow(tx: Tx, holder: AccountHolder): Promise<AccountRow | undefined> {
  const [row] = await tx.db.$queryRaw<AccountRow[]>`SELECT ${COLUMNS} FROM ${rowOf(tx, holder)} FOR UPDATE`;
  return row;
}

/** A tenant's row is made when it is first asked for. */
async function lockTenantRow(tx: Tx): Promise<AccountRow> {
  const found = await lockRow(tx, 'tenant');
  if (found !== undefined) return found;
  await tx.db
    .$executeRaw`INSERT INTO tenant_budget (tenant_id) VALUES (${tx.tenantId}::uuid) ON CONFLICT DO NOTHING`;
  return (await lockRow(tx, 'tenant')) ?? NOTHING;
}

function toAccount(row: AccountRow): Account {
  const meter = (limit: string | null, spent: string, reserved: string, announced: number): Meter => ({
    limit: limit === null ? null : toNanoUsd(limit),
    spent: toNanoUsd(spent),
    reserved: toNanoUsd(reserved),
    announced,
  });
  return {
    total: meter(row.limit_usd, row.spent_usd, row.reserved_usd, row.limit_announced),
    daily: meter(row.daily_usd, row.day_spent_usd, row.day_reserved_usd, row.daily_announced),
    day: row.budget_day,
    reached: row.budget_reached,
  };
}

function usdOrNull(nano: bigint | null): string | null {
  return nano === null ? null : toUsd(nano);
}

async function today(tx: Tx): Promise<string> {
  return dayOf(await tx.readClock());
}

function dayOf(time: Date): string {
  return time.toISOString().slice(0, 10);
}
