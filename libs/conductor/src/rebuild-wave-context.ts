import { rebuildContext, type Rebuild } from '#context';
import type { Tx } from '#database';
import { readWaveContext } from '#ledger';

/** Runs the builder again on what was stored with a wave and compares the bytes; null when nothing is kept of it. */
export async function rebuildWaveContext(tx: Tx, waveId: string): Promise<Rebuild | null> {
  const stored = await readWaveContext(tx, waveId);
  if (!stored?.kept) return null;
  return rebuildContext(stored.kept.inputJson, stored.requestSha256);
}
