import type { RequestedRotation } from './domain/rotation.js';
import type { MissionLedger } from './mission-ledger.js';

/** Carries out the rotations that waited for the wave that has just ended; the epoch has moved on from it already. */
export function carryOutRotations(ledger: MissionLedger): void {
  const { mission } = ledger;
  for (const rotation of mission.pendingRotations) carryOutRotation(ledger, rotation);
  if (mission.pendingRotations.length > 0) mission.pendingRotations = [];
}

/** The next conductor starts from the ledger, without the last one's note unless it is to have it. Makes nothing due. */
export function carryOutRotation(ledger: MissionLedger, rotation: RequestedRotation): void {
  const { mission } = ledger;
  if (!rotation.keepNote) mission.handoffNote = null;
  ledger.append({
    type: 'conductor.rotated',
    actor: rotation.actor,
    data: {
      reason: rotation.reason,
      mode: rotation.mode,
      keep_note: rotation.keepNote,
      epoch: mission.epoch,
      before_tokens: rotation.beforeTokens,
      expected_tokens: rotation.expectedTokens,
    },
  });
}
