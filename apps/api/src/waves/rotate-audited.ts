import { encodeId, type Rotation, type RotationInput } from '#contracts';
import { expectTokens } from '#conductor';
import type { Tx } from '#database';
import { rotateConductor } from '#ledger';
import { recordAudit } from '#tenancy';
import type { Call } from '../edge/call.js';

/** Archives the conductor, and remembers who asked for it. */
export async function rotateAudited(
  tx: Tx,
  missionId: string,
  input: RotationInput,
  actor: Call['actor'],
): Promise<Rotation> {
  const rotation = await rotateConductor(tx, missionId, input, { actor, expectTokens });
  await recordAudit(tx, {
    actor,
    action: 'conductor.rotated',
    subjectId: encodeId('mission', missionId),
    after: { ...input, epoch: rotation.epoch },
  });
  return rotation;
}
