import type { DecisionRecord } from '#contracts';
import type { Tx } from '#database';
import { conflict, type LedgerRefusal } from './errors.js';
import { readMission, type MissionRow } from './mission.store.js';
import { readWaveWithDecisions } from './read/waves.store.js';
import { readWaveContext, type KeptBytes, type ShownContext } from './wave.store.js';

/** A wave that has ended, with all that it takes to ask its question again. */
export interface ShadowedWave {
  readonly tenantId: string;
  readonly missionId: string;
  readonly waveId: string;
  readonly number: number;
  readonly decisions: readonly DecisionRecord[];
  readonly context: ShownContext & KeptBytes;
}

/**
 * Reads a wave whose question is to be asked again. Throws `no_stored_request` for one that has not committed: only a
 * committed wave has kept what it saw, and not for ever; `mission_ended` for a mission that nothing is spent on any more;
 * `provider_blocked` and `policy_unreadable` for one that waits until a person has seen to that.
 */
export async function readShadowedWave(tx: Tx, waveId: string): Promise<ShadowedWave> {
  const wave = await readWaveWithDecisions(tx, waveId);
  const refusal = refusalOf(await readMission(tx, wave.missionId));
  if (refusal !== null) throw refusal;
  const context = await readWaveContext(tx, waveId);
  if (context === null)
    throw conflict(
      'no_stored_request',
      `Wave ${wave.number} is ${wave.state}: only a committed wave has kept its request. Choose one of those.`,
    );
  if (context.kept === null)
    throw conflict(
      'no_stored_request',
      `The request of wave ${wave.number} is not kept any more. Choose a younger wave.`,
    );
  const { missionId, number, decisions } = wave;
  return {
    tenantId: tx.tenantId,
    missionId,
    waveId,
    number,
    decisions,
    context: { ...context, ...context.kept },
  };
}

/** Whether a shadow may send another request: not once its mission has ended or waits for a person to see to its provider. */
export async function mayShadowGoOn(tx: Tx, missionId: string): Promise<boolean> {
  return refusalOf(await readMission(tx, missionId)) === null;
}

function refusalOf({ state, holds, unreadablePolicy }: MissionRow): LedgerRefusal | null {
  if (state === 'canceled' || state === 'archived')
    return conflict('mission_ended', `This mission is ${state}: no model is asked for it any more.`);
  if (holds.includes('provider'))
    return conflict(
      'provider_blocked',
      'The provider refuses this mission; answer what its hold asks, or resume it, then ask again.',
    );
  if (unreadablePolicy.length > 0)
    return conflict(
      'policy_unreadable',
      `The mission's policy has fields that cannot be read (${unreadablePolicy.join(', ')}): set them, then ask again.`,
    );
  return null;
}
