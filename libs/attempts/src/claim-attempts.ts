import type { Transactions } from '#database';
import { pickMissionWithOffers } from '#dispatch';
import { leaseAttempts, type LeasedAttempt } from '#ledger';

/** Whose attempts, of which pool, how many, for how long, and for whom. Null tenant: of all tenants, the fairest first. */
export interface ClaimRequest {
  readonly tenantId: string | null;
  readonly missionId: string | null;
  readonly pool: string;
  readonly max: number;
  readonly leaseSeconds: number;
  readonly worker: string;
}

export interface ClaimedAttempt extends LeasedAttempt {
  readonly tenantId: string;
}

/** Another claimer may take what was picked; after so many times there is little left to be had. */
const PICKS_MAX = 8;

/** Claims up to `max` attempts, mission by mission, the fairest first. Empty when nothing is offered now. */
export async function claimAttempts(
  transactions: Transactions,
  request: ClaimRequest,
): Promise<ClaimedAttempt[]> {
  const claimed: ClaimedAttempt[] = [];
  for (let picks = 0; picks < PICKS_MAX && claimed.length < request.max; picks += 1) {
    const taken = await claimFromFairest(transactions, { ...request, max: request.max - claimed.length });
    if (taken === null) break;
    claimed.push(...taken);
  }
  return claimed;
}

/** Null when no mission offers anything; empty when somebody else was faster. */
async function claimFromFairest(
  transactions: Transactions,
  request: ClaimRequest,
): Promise<ClaimedAttempt[] | null> {
  return transactions.inSystemTransaction(async (system) => {
    const picked = await pickMissionWithOffers(system, request);
    if (picked === null) return null;
    const tx = await system.become(picked.tenantId);
    const leased = await leaseAttempts(tx, picked.missionId, {
      pool: request.pool,
      attemptsMax: request.max,
      leaseSeconds: request.leaseSeconds,
      worker: request.worker,
    });
    return leased.map((attempt) => ({ ...attempt, tenantId: picked.tenantId }));
  });
}
