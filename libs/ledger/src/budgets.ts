import type { Actor, BudgetInput, Json } from '#contracts';
import type { Tx } from '#database';
import { limitsOf, lockTenantAccount, readTenantAccount, saveAccount } from './budget.store.js';
import { setLimits, toUsd, type Account, type Crossing, type LimitKind } from './domain/budget.js';
import { holdMission, liftHold } from './holds.js';
import { inMission, type MissionLedger } from './mission-ledger.js';
import { emitTenantEvent } from './tenant-events.js';

/** A tenant's limits and what counts towards them, as decimal strings in USD. */
export interface TenantBudget {
  readonly limitUsd: string | null;
  readonly dailyUsd: string | null;
  readonly spentUsd: string;
  readonly reservedUsd: string;
}

const SYSTEM: Actor = { kind: 'system', id: null };

export async function readTenantBudget(tx: Tx): Promise<TenantBudget> {
  return toTenantBudget(await readTenantAccount(tx));
}

/** Sets a tenant's limits; where that makes room, its missions are picked again from now on. */
export async function setTenantBudget(tx: Tx, input: BudgetInput): Promise<TenantBudget> {
  const before = await lockTenantAccount(tx);
  const account = setLimits(before, limitsOf(input));
  await saveAccount(tx, 'tenant', account);
  if (before.reached !== null && account.reached === null) {
    tx.ring('wave');
    tx.ring('attempt');
  }
  return toTenantBudget(account);
}

/** Holds a mission whose next request does not fit a limit of its own. */
export async function holdForBudget(
  tx: Tx,
  missionId: string,
  { limit, crossings }: { readonly limit: LimitKind; readonly crossings: readonly Crossing[] },
): Promise<void> {
  await inMission(tx, missionId, async (ledger) => {
    appendCrossings(ledger, crossings);
    await holdMission(ledger, 'budget', REASON_OF_LIMIT[limit]);
  });
}

const REASON_OF_LIMIT: Record<LimitKind, string> = {
  total: 'The next model request does not fit the limit; raise it to go on.',
  daily:
    'The next model request does not fit the day’s limit; raise it, or the mission goes on at midnight UTC.',
};

/** Lifts the hold of a mission whose day is over. Does nothing where something else holds it, or it has gone on already. */
export async function endDayOfMission(tx: Tx, missionId: string): Promise<void> {
  await inMission(tx, missionId, async (ledger) => {
    const { budgetReached, budgetDay } = ledger.mission;
    if (budgetReached === 'daily' && budgetDay !== null && isBefore(budgetDay, ledger.now)) {
      ledger.mission.budgetReached = null;
      await liftHold(ledger, 'budget', { actor: SYSTEM, because: 'The day of the limit is over.' });
    }
  });
}

/** Says which thresholds of its limits a mission has passed. */
export async function announceToMission(
  tx: Tx,
  missionId: string,
  crossings: readonly Crossing[],
): Promise<void> {
  if (crossings.length === 0) return;
  await inMission(tx, missionId, (ledger) => {
    appendCrossings(ledger, crossings);
    return Promise.resolve();
  });
}

export async function announceToTenant(tx: Tx, crossings: readonly Crossing[]): Promise<void> {
  for (const crossing of crossings)
    await emitTenantEvent(tx, {
      type: 'tenant.budget_threshold_reached',
      actor: SYSTEM,
      data: crossingData(crossing),
    });
}

/** Says that a tenant's missions wait for its limit. */
export async function tellTenantReached(tx: Tx, account: Account, limit: LimitKind): Promise<void> {
  const meter = account[limit];
  await emitTenantEvent(tx, {
    type: 'tenant.budget_reached',
    actor: SYSTEM,
    data: { limit, limit_usd: toUsd(meter.limit ?? 0n), spent_usd: toUsd(meter.spent) },
  });
}

function appendCrossings(ledger: MissionLedger, crossings: readonly Crossing[]): void {
  for (const crossing of crossings)
    ledger.append({
      type: 'mission.budget_threshold_reached',
      actor: SYSTEM,
      data: crossingData(crossing),
    });
}

function crossingData({ kind, threshold, limit, spent }: Crossing): Record<string, Json> {
  return { limit: kind, threshold_percent: threshold, limit_usd: toUsd(limit), spent_usd: toUsd(spent) };
}

function toTenantBudget({ total, daily }: Account): TenantBudget {
  return {
    limitUsd: total.limit === null ? null : toUsd(total.limit),
    dailyUsd: daily.limit === null ? null : toUsd(daily.limit),
    spentUsd: toUsd(total.spent),
    reservedUsd: toUsd(total.reserved),
  };
}

function isBefore(day: Date, now: Date): boolean {
  return day.toISOString().slice(0, 10) < now.toISOString().slice(0, 10);
}
