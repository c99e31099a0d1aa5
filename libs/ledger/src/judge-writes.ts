import type { StagedWrite } from '#contracts';
import type { Tx } from '#database';
import { decide, type Decision } from './domain/decide.js';
import { MissionLedger } from './mission-ledger.js';
import { loadView } from './view.store.js';

/** Judges staged writes against the ledger as it is now, changing nothing: what a conductor is told before its commit. */
export async function judgeWrites(
  tx: Tx,
  missionId: string,
  writes: readonly StagedWrite[],
): Promise<Decision[]> {
  const ledger = await MissionLedger.peek(tx, missionId);
  const { view } = await loadView(ledger, writes);
  return decide(view, writes);
}
