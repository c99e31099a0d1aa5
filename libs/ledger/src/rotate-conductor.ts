import type { Actor, Policy, Rotation, RotationInput } from '#contracts';
import type { Tx } from '#database';
import { abortRunningWave } from './abort-wave.js';
import { carryOutRotation } from './carry-out-rotations.js';
import { ROTATIONS_PENDING_MAX, type RequestedRotation } from './domain/rotation.js';
import type { ConductorSnapshot } from './domain/snapshot.js';
import { conflict } from './errors.js';
import { inMission, type MissionLedger } from './mission-ledger.js';
import { previewSnapshot } from './open-wave.js';

/** Tokens that the builder would pack of this snapshot. */
export type ExpectTokens = (snapshot: ConductorSnapshot, policy: Policy) => number;

/**
 * Archives the conductor: the epoch moves, and the next wave starts from the ledger without the old hand-off note, unless
 * `keep_note`. `now` fences the running wave off: it cannot commit. `drain` waits for the running wave's end; without one
 * it is the same as `now`. Nothing becomes due by it. Throws `mission_ended`, and `rotations_pending_max_reached`.
 */
export async function rotateConductor(
  tx: Tx,
  missionId: string,
  input: RotationInput,
  ports: { readonly actor: Actor; readonly expectTokens: ExpectTokens },
): Promise<Rotation> {
  return inMission(tx, missionId, async (ledger) => {
    const { mission } = ledger;
    refuseWithoutConductor(ledger);
    const snapshot = await previewSnapshot(tx, missionId, { keepNote: input.keep_note });
    const rotation: RequestedRotation = {
      reason: input.reason,
      mode: input.mode,
      keepNote: input.keep_note,
      actor: ports.actor,
      beforeTokens: mission.lastContextTokens,
      expectedTokens: ports.expectTokens(snapshot, mission.policy),
    };
    const epoch = mission.epoch + 1;
    if (mission.waveId !== null && input.mode === 'drain') wait(ledger, rotation);
    else await rotateNow(ledger, rotation);
    return { epoch, before_tokens: rotation.beforeTokens, expected_tokens: rotation.expectedTokens };
  });
}

function wait(ledger: MissionLedger, rotation: RequestedRotation): void {
  const { mission } = ledger;
  if (mission.pendingRotations.length >= ROTATIONS_PENDING_MAX)
    throw conflict(
      'rotations_pending_max_reached',
      `${ROTATIONS_PENDING_MAX} rotations wait for the running wave already; one is enough, or rotate with mode "now".`,
    );
  mission.pendingRotations = [...mission.pendingRotations, rotation];
}

/** The end of the running wave moves the epoch, and carries out what waited for it; without one this does. */
async function rotateNow(ledger: MissionLedger, rotation: RequestedRotation): Promise<void> {
  if (ledger.mission.waveId === null) ledger.mission.epoch += 1;
  else await abortRunningWave(ledger, 'rotated');
  carryOutRotation(ledger, rotation);
}

function refuseWithoutConductor({ mission }: MissionLedger): void {
  if (mission.state !== 'active' && mission.state !== 'paused')
    throw conflict('mission_ended', `This mission is ${mission.state}: no conductor works on it any more.`);
}
