import { newUuid } from '#contracts';
import type { Tx } from '#database';
import { reserveBudget, settleBudget, type Reservation } from './budget.store.js';
import { holdMission } from './holds.js';
import { inMission } from './mission-ledger.js';
import { chargeRecentTokens } from './mission.store.js';
import { sumWaveUsage } from './wave.store.js';
import { claimSettlement, insertModelCall, type NewModelCall, type Settlement } from './model-call.store.js';

/** A request that may be sent: its intent is on record and its worst case reserved. */
export type CallPermission =
  { readonly kind: 'ok'; readonly callId: string } | { readonly kind: Exclude<Reservation, 'ok'> };

/**
 * Records the intent to send one model request and reserves its worst-case price, in one transaction, before it is
 * sent. When the limit is reached the mission is held and asks for more.
 */
export async function permitModelCall(tx: Tx, call: NewModelCall): Promise<CallPermission> {
  const reservation = await reserveBudget(tx, call.missionId, call.reservedUsd);
  if (reservation === 'ok') {
    const callId = newUuid();
    await insertModelCall(tx, callId, call);
    return { kind: 'ok', callId };
  }
  if (reservation === 'reached')
    await inMission(tx, call.missionId, (ledger) => {
      holdMission(ledger, 'budget', 'The next model request does not fit the limit; raise it to go on.');
      return Promise.resolve();
    });
  return { kind: reservation };
}

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
  await settleBudget(tx, settled.missionId, {
    reservedUsd: settled.reservedUsd,
    spentUsd: settled.costUsd,
    contextTokens: settled.role === 'conductor' && promptTokens > 0 ? promptTokens : null,
  });
  if (settled.waveId !== null) await sumWaveUsage(tx, settled.waveId);
  await chargeRecentTokens(tx, promptTokens + output);
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
  await settleBudget(tx, settled.missionId, {
    reservedUsd: settled.reservedUsd,
    spentUsd: settled.costUsd,
    contextTokens: null,
  });
  if (settled.waveId !== null) await sumWaveUsage(tx, settled.waveId);
}
