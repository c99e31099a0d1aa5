import type { RotationPreview } from '#contracts';
import type { Tx } from '#database';
import { previewSnapshot } from './open-wave.js';
import { readMissionStatus } from './read/missions.store.js';
import { readWaveWithDecisions } from './read/waves.store.js';
import type { ExpectTokens } from './rotate-conductor.js';

/** What `rotateConductor` would keep, drop and come to, by the ledger as it is now. Locks and changes nothing. */
export async function previewRotation(
  tx: Tx,
  missionId: string,
  choice: { readonly keepNote: boolean },
  expectTokens: ExpectTokens,
): Promise<RotationPreview> {
  const mission = await readMissionStatus(tx, missionId);
  const snapshot = await previewSnapshot(tx, missionId, choice);
  const running = mission.waveId === null ? null : await readWaveWithDecisions(tx, mission.waveId);
  const { tasksBlocked, tasksQueued, tasksWorking, tasksInputRequired } = mission;
  return {
    before_tokens: mission.lastContextTokens,
    expected_tokens: expectTokens(snapshot, mission.policy),
    kept: {
      directives: snapshot.directives.length,
      notes: snapshot.notesTotal,
      digests: snapshot.finished.length,
      open_tasks: tasksBlocked + tasksQueued + tasksWorking + tasksInputRequired,
      input_requests: snapshot.requests.length,
      inbox: mission.inboxUnseen,
    },
    dropped: {
      running_wave: running?.number ?? null,
      handoff_note: mission.handoffNote !== null && !choice.keepNote,
    },
  };
}
