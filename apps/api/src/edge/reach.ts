import type { Tx } from '#database';
import { findResource, type Resource, type ResourceKind } from '#ledger';

/** The row that an id names; null for what is not there, what another tenant owns, and what this key does not reach. */
export async function findInReach(
  tx: Tx,
  boundMissionId: string | null,
  named: { readonly kind: ResourceKind; readonly id: string },
): Promise<Resource | null> {
  const found = await findResource(tx, named.kind, named.id);
  return boundMissionId === null || boundMissionId === found?.missionId ? found : null;
}
