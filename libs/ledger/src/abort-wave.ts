import { encodeId, type Hold } from '#contracts';
import type { Tx } from '#database';
import { ABORTS_IN_ROW_MAX, abortBackoffMs, LEASES_LOST_IN_ROW_MAX } from './domain/due.js';
import { holdMission } from './holds.js';
import { inMission, type MissionLedger } from './mission-ledger.js';
import { endWave } from './wave.store.js';

/**
 * Why a wave ends without a commit. An error counts towards a stall; an outage and a lost lease (a crash or a rotation)
 * do not, or not so soon; a hold keeps the mission until a person acts.
 */
export type Abortion =
  | { readonly kind: 'error' | 'outage'; readonly reason: string }
  | { readonly kind: 'lease_lost' }
  | { readonly kind: 'hold'; readonly hold: Hold; readonly reason: string };

/** Ends a wave that could not commit; of it remains its bill. Does nothing when the wave has been fenced off already. */
export async function abortWave(
  tx: Tx,
  wave: { readonly missionId: string; readonly waveId: string; readonly epoch: number },
  abortion: Abortion,
): Promise<void> {
  await inMission(tx, wave.missionId, async (ledger) => {
    if (ledger.mission.waveId !== wave.waveId || ledger.mission.epoch !== wave.epoch) return;
    await abortRunningWave(ledger, abortion.kind === 'lease_lost' ? abortion.kind : abortion.reason);
    backOff(ledger, abortion);
  });
}

/** Ends the wave of a mission whose lease has run out: its conductor is gone, a fresh one begins from what is committed. */
export async function expireWave(tx: Tx, missionId: string): Promise<void> {
  await inMission(tx, missionId, async (ledger) => {
    const { waveLeaseUntil } = ledger.mission;
    if (waveLeaseUntil === null || waveLeaseUntil > ledger.now) return;
    await abortRunningWave(ledger, 'lease_lost');
    backOff(ledger, { kind: 'lease_lost' });
  });
}

/** Fences off the running wave, if there is one: the epoch moves, so that it cannot commit any more. */
export async function abortRunningWave(ledger: MissionLedger, reason: string): Promise<void> {
  const { mission, tx } = ledger;
  if (mission.waveId === null) return;
  const waveId = mission.waveId;
  const ended = await endWave(tx, waveId, {
    state: 'aborted',
    stopReason: reason,
    endedAt: ledger.now,
    handoffNote: null,
    decisions: [],
  });
  mission.epoch += 1;
  mission.waveId = null;
  mission.waveLeaseUntil = null;
  ledger.append({
    type: 'wave.aborted',
    actor: { kind: 'wave', id: encodeId('wave', waveId) },
    waveId,
    data: { number: ended.number, state: 'aborted', reason },
  });
}

/** What an abortion means for the next wave: at once, after a back-off, or not before a person has acted. */
function backOff(ledger: MissionLedger, abortion: Abortion): void {
  const { mission } = ledger;
  if (abortion.kind === 'hold') {
    holdMission(ledger, abortion.hold, abortion.reason);
    return;
  }
  if (abortion.kind === 'lease_lost') mission.leasesLostInRow += 1;
  if (abortion.kind === 'error') mission.abortsInRow += 1;
  const delayMs = abortion.kind === 'lease_lost' ? 0 : abortBackoffMs(Math.max(1, mission.abortsInRow));
  mission.waveDueAt = new Date(ledger.now.getTime() + delayMs);
  if (abortion.kind === 'error' && mission.abortsInRow >= ABORTS_IN_ROW_MAX)
    holdMission(
      ledger,
      'stalled',
      `${mission.abortsInRow} waves in a row failed, the last with: ${abortion.reason}`,
    );
  if (mission.leasesLostInRow >= LEASES_LOST_IN_ROW_MAX)
    holdMission(
      ledger,
      'stalled',
      `${mission.leasesLostInRow} waves in a row lost their lease before they could commit.`,
    );
}
