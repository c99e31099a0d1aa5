import { newUuid } from '#contracts';
import type { Tx } from '#database';
import { announceToMission, announceToTenant, holdForBudget, tellTenantReached } from './budgets.js';
import { lockAccounts, noteContextTokens, saveAccount } from './budget.store.js';
import {
  announce,
  leavesEnough,
  markReached,
  reserve,
  settle,
  toNanoUsd,
  type Reservation,
} from './domain/budget.js';
import { chargeRecentTokens, readMission } from './mission.store.js';
import { sumWaveUsage } from './wave.store.js';
import {
  claimSettlement,
  insertModelCall,
  type NewModelCall,
  type SettledCall,
  type Settlement,
} from './model-call.store.js';

/** A request that may be sent: its intent is on record and its worst case reserved. */
export type CallPermission =
  { readonly kind: 'ok'; readonly callId: string } | { readonly kind: Exclude<Reservation['kind'], 'ok'> };

/**
 * Records the intent to send one model request and reserves its worst-case price against the limits of its mission and
 * its tenant, in one transaction, before it is sent: 1. under the locks of both, in this order, 2. never above a limit,
 * spent and reserved together, 3. `wait` while others' reservations may yet free room, 4. `reached` holds the mission,
 * 5. a limit of the tenant holds none: the request waits, and until there is room again none of its missions is picked,
 * 6. a luxury takes nothing of what is left for the work, and holds nobody, 7. nothing at all is spent by a policy that
 * cannot be read, which nobody has chosen.
 */
export async function permitModelCall(tx: Tx, call: NewModelCall): Promise<CallPermission> {
  const amount = toNanoUsd(call.reservedUsd);
  const { mission, tenant } = await lockAccounts(tx, call.missionId);
  const { unreadablePolicy } = await readMission(tx, call.missionId);
  if (unreadablePolicy.length > 0) return { kind: 'wait' };
  if (LUXURIES.has(call.role) && !(leavesEnough(mission, amount) && leavesEnough(tenant, amount)))
    return { kind: 'wait' };
  const own = reserve(mission, amount);
  if (own.kind === 'reached') {
    const { account, crossings } = markReached(mission, own.limit);
    await saveAccount(tx, call, account);
    await holdForBudget(tx, call.missionId, { limit: own.limit, crossings });
    return { kind: 'reached' };
  }
  const shared = reserve(tenant, amount);
  if (shared.kind === 'reached') {
    const { account, crossings } = markReached(tenant, shared.limit);
    await saveAccount(tx, 'tenant', account);
    await announceToTenant(tx, crossings);
    if (tenant.reached === null) await tellTenantReached(tx, account, shared.limit);
    return { kind: 'wait' };
  }
  if (own.kind === 'wait' || shared.kind === 'wait') return { kind: 'wait' };
  const callId = newUuid();
  await insertModelCall(tx, callId, call);
  await saveAccount(tx, call, own.account);
  await saveAccount(tx, 'tenant', shared.account);
  return { kind: 'ok', callId };
}

/** No work waits for these. */
const LUXURIES: ReadonlySet<NewModelCall['role']> = new Set(['digest', 'shadow']);

/**
 * Settles a request from the provider's usage, also when it failed (`failure` says how). Idempotent: a call that has
 * been settled, or whose reservation was orphaned and settled at its worst case, stays as it is.
 */
export async function settleModelCall(tx: Tx, callId: string, settlement: Settlement): Promise<void> {
  const settled = await claimSettlement(tx, callId, {
    ...settlement,
    state: settlement.failure === null ? 'settled' : 'failed',
  });
  if (settled === null) return;
  const { input, cacheWrite, cacheRead, output } = settlement.tokens;
  const promptTokens = input + cacheWrite + cacheRead;
  if (settled.role === 'conductor' && promptTokens > 0)
    await noteContextTokens(tx, settled.missionId, promptTokens);
  if (settled.waveId !== null) await sumWaveUsage(tx, settled.waveId);
  await book(tx, settled, promptTokens + output);
}

/** Settles a call that nobody came back from, at its worst case: it may have been billed. */
export async function settleOrphanedCall(tx: Tx, callId: string): Promise<void> {
  const none = { input: 0, cacheWrite: 0, cacheRead: 0, output: 0 };
  const settled = await claimSettlement(tx, callId, {
    state: 'orphaned',
    tokens: none,
    costUsd: null,
    billingUncertain: true,
    stopReason: null,
    failure: 'orphaned',
  });
  if (settled === null) return;
  if (settled.waveId !== null) await sumWaveUsage(tx, settled.waveId);
  await book(tx, settled, 0);
}

/** Turns a reservation into what was spent, in both books, and announces the thresholds that this passes. */
async function book(tx: Tx, settled: SettledCall, recentTokens: number): Promise<void> {
  const { mission, tenant } = await lockAccounts(tx, settled.missionId);
  const call = {
    reserved: toNanoUsd(settled.reservedUsd),
    spent: toNanoUsd(settled.costUsd),
    day: settled.sentOn,
  };
  const own = announce(settle(mission, call));
  const shared = announce(settle(tenant, call));
  await saveAccount(tx, settled, own.account);
  await saveAccount(tx, 'tenant', shared.account);
  // The tenant's row comes after its mission's and before events, as it does for whoever counts slots: otherwise they deadlock.
  await chargeRecentTokens(tx, recentTokens);
  await announceToMission(tx, settled.missionId, own.crossings);
  await announceToTenant(tx, shared.crossings);
}
