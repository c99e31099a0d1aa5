import type { Tx } from '#database';
import { makeDigests, type RebuiltDigests } from './grow-digests.js';
import { inMission } from './mission-ledger.js';

/** Makes a mission's digest tree again from what its tasks came to. Throws `not_found`. */
export async function rebuildDigests(tx: Tx, missionId: string): Promise<RebuiltDigests> {
  return inMission(tx, missionId, makeDigests);
}

/** Makes the tree of a mission that is older than the tree, once. */
export async function ensureDigests(tx: Tx, missionId: string): Promise<void> {
  await inMission(tx, missionId, async (ledger) => {
    if (ledger.mission.taskEnds === null) await makeDigests(ledger);
  });
}
