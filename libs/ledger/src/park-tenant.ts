import type { Tx } from '#database';
import { holdMission } from './holds.js';
import { inMission } from './mission-ledger.js';
import { listRunnableMissions, lockMissions } from './mission.store.js';

/** Missions that are held at once; any others find out at their next request. */
const PARKED_MISSIONS_MAX = 200;

/**
 * Holds a tenant's missions after its provider has refused to take more of its money, and tells it: each further
 * request would be refused as well. Resuming a mission asks again. Missions are locked in the order of their ids.
 */
export async function parkTenant(tx: Tx, reason: string): Promise<void> {
  const missionIds = await listRunnableMissions(tx, PARKED_MISSIONS_MAX);
  await lockMissions(tx, missionIds);
  for (const missionId of missionIds)
    await inMission(tx, missionId, async (ledger) => {
      if (ledger.mission.state === 'active') await holdMission(ledger, 'provider', reason);
    });
}
