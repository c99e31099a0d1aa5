import type { Tx } from '#database';
import type { BudgetInput } from '#contracts';

/** Sets what is given of a mission's limits; true when spending is within them now. */
export async function setBudget(tx: Tx, missionId: string, budget: BudgetInput): Promise<boolean> {
  const row = await tx.db.mission.update({
    where: { tenantId_id: { tenantId: tx.tenantId, id: missionId } },
    data: {
      ...(budget.limit_usd === undefined ? {} : { limitUsd: budget.limit_usd }),
      ...(budget.daily_usd === undefined ? {} : { dailyUsd: budget.daily_usd }),
    },
    select: { limitUsd: true, spentUsd: true, reservedUsd: true },
  });
  return row.limitUsd === null || row.limitUsd.greaterThan(row.spentUsd.plus(row.reservedUsd));
}

/** What a reservation came to: made; not now, since others' reservations may yet free room; or never under this limit. */
export type Reservation = 'ok' | 'wait' | 'reached';

/**
 * Reserves `amountUsd` (decimal string) against the mission's limits, 1. under the mission's lock, so that concurrent
 * requests cannot both take the last of it, 2. never above the limit, spent and reserved together, 3. nor above the day's (UTC),
 * counting what today's calls have cost or still reserve.
 */
export async function reserveBudget(tx: Tx, missionId: string, amountUsd: string): Promise<Reservation> {
  // The lock comes first, as a statement of its own: an UPDATE that had to wait for it would still see yesterday's calls.
  await tx.db.$queryRaw`
    SELECT 1 AS locked FROM mission WHERE tenant_id = ${tx.tenantId}::uuid AND id = ${missionId}::uuid FOR UPDATE`;
  const reserved = await tx.db.$executeRaw`
    UPDATE mission
       SET reserved_usd = reserved_usd + ${amountUsd}::numeric
     WHERE tenant_id = ${tx.tenantId}::uuid AND id = ${missionId}::uuid
       AND (limit_usd IS NULL OR spent_usd + reserved_usd + ${amountUsd}::numeric <= limit_usd)
       AND (daily_usd IS NULL OR ${amountUsd}::numeric + (
             SELECT coalesce(sum(CASE WHEN state = 'sent' THEN c.reserved_usd ELSE cost_usd END), 0)
               FROM model_call c
              WHERE c.tenant_id = mission.tenant_id AND c.mission_id = mission.id
                AND sent_at >= date_trunc('day', clock_timestamp() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC') <= daily_usd)`;
  if (reserved === 1) return 'ok';
  const [row] = await tx.db.$queryRaw<{ others: boolean }[]>`
    SELECT reserved_usd > 0 AS others FROM mission WHERE tenant_id = ${tx.tenantId}::uuid AND id = ${missionId}::uuid`;
  return row?.others === true ? 'wait' : 'reached';
}

/** Turns a reservation into what was really spent; a conductor's request also moves the gauge of its context. */
export async function settleBudget(
  tx: Tx,
  missionId: string,
  amounts: {
    readonly reservedUsd: string;
    readonly spentUsd: string;
    /** Input tokens of the conductor's last request; null when they are not known, or of no conductor's. */
    readonly contextTokens: number | null;
  },
): Promise<void> {
  await tx.db.$executeRaw`
    UPDATE mission
       SET reserved_usd = reserved_usd - ${amounts.reservedUsd}::numeric, spent_usd = spent_usd + ${amounts.spentUsd}::numeric,
           last_context_tokens = coalesce(${amounts.contextTokens}::int, last_context_tokens)
     WHERE tenant_id = ${tx.tenantId}::uuid AND id = ${missionId}::uuid`;
}
