import { encodeId, type Hold } from '#contracts';
import type { Tx } from '#database';
import { carryOutRotations } from './carry-out-rotations.js';
import { ABORTS_IN_ROW_MAX, abortBackoffMs, LEASES_LOST_IN_ROW_MAX, OUTAGE_MS_MAX } from './domain/due.js';
import { holdMission } from './holds.js';
import { inMission, type MissionLedger } from './mission-ledger.js';
import { endWave } from './wave.store.js';

/**
 * Why a wave ends without a commit. An error counts towards a stall; an outage and a lost lease (a crash or a rotation)
 * do not, or not so soon; a hold keeps the mission until a person acts.
 */
export type Abortion =
  | { readonly kind: 'error' | 'wait'; readonly reason: string }
  | { readonly kind: 'outage'; readonly reason: string; readonly retryAfterMs: number }
  | { readonly kind: 'lease_lost' }
  /** `detail` is what the person who has to act is told; the reason, where there is nothing more to say. */
  | { readonly kind: 'hold'; readonly hold: Hold; readonly reason: string; readonly detail?: string };

/** Ends a wave that could not commit; of it remains its bill. Does nothing when the wave has been fenced off already. */
export async function abortWave(
  tx: Tx,
  wave: { readonly missionId: string; readonly waveId: string; readonly epoch: number },
  abortion: Abortion,
): Promise<void> {
  await inMission(tx, wave.missionId, async (ledger) => {
    if (ledger.mission.waveId !== wave.waveId || ledger.mission.epoch !== wave.epoch) return;
    await abortRunningWave(ledger, abortion.kind === 'lease_lost' ? abortion.kind : abortion.reason);
    await backOff(ledger, abortion);
  });
}

/** Ends the wave of a mission whose lease has run out: its conductor is gone, a fresh one begins from what is committed. */
export async function expireWave(tx: Tx, missionId: string): Promise<void> {
  await inMission(tx, missionId, async (ledger) => {
    const { waveLeaseUntil } = ledger.mission;
    if (waveLeaseUntil === null || waveLeaseUntil > ledger.now) return;
    await abortRunningWave(ledger, 'lease_lost');
    await backOff(ledger, { kind: 'lease_lost' });
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
  carryOutRotations(ledger);
}

/** What an abortion means for the next wave: at once, after a back-off, or not before a person has acted. */
async function backOff(ledger: MissionLedger, abortion: Abortion): Promise<void> {
  switch (abortion.kind) {
    case 'hold':
      return holdMission(ledger, abortion.hold, abortion.detail ?? abortion.reason);
    case 'lease_lost':
      return loseLease(ledger);
    case 'error':
      return countError(ledger, abortion.reason);
    case 'wait':
      return dueIn(ledger, abortBackoffMs(1));
    case 'outage':
      return sitOut(ledger, abortion);
  }
}

async function loseLease(ledger: MissionLedger): Promise<void> {
  const { mission } = ledger;
  mission.leasesLostInRow += 1;
  dueIn(ledger, 0);
  if (mission.leasesLostInRow >= LEASES_LOST_IN_ROW_MAX)
    await holdMission(
      ledger,
      'stalled',
      `${mission.leasesLostInRow} waves in a row lost their lease before they could commit.`,
    );
}

async function countError(ledger: MissionLedger, reason: string): Promise<void> {
  const { mission } = ledger;
  mission.abortsInRow += 1;
  dueIn(ledger, abortBackoffMs(mission.abortsInRow));
  if (mission.abortsInRow >= ABORTS_IN_ROW_MAX)
    await holdMission(
      ledger,
      'stalled',
      `${mission.abortsInRow} waves in a row failed, the last with: ${reason}`,
    );
}

/** An outage is nobody's fault here: it backs off further and further, and after a while a person is told. */
async function sitOut(
  ledger: MissionLedger,
  outage: { readonly reason: string; readonly retryAfterMs: number },
): Promise<void> {
  const { mission, now } = ledger;
  mission.outagesInRow += 1;
  mission.outageSince ??= now;
  dueIn(ledger, Math.max(outage.retryAfterMs, abortBackoffMs(mission.outagesInRow)));
  if (now.getTime() - mission.outageSince.getTime() >= OUTAGE_MS_MAX)
    await holdMission(
      ledger,
      'provider',
      `The provider has not answered for ten minutes: ${outage.reason}. Resume to try again.`,
    );
}

function dueIn(ledger: MissionLedger, delayMs: number): void {
  ledger.mission.waveDueAt = new Date(ledger.now.getTime() + delayMs);
}
