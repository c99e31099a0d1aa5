import { rebuildContext, type Rebuild } from '#context';
import type { Tx } from '#database';
import { readWaveContext } from '#ledger';

/** Runs the builder again on what was stored with a wave and compares the bytes; null when the wave asked nothing. */
export async function rebuildWaveContext(tx: Tx, waveId: string): Promise<Rebuild | null> {
  const stored = await readWaveContext(tx, waveId);
  return stored === null ? null : rebuildContext(stored.inputJson, stored.requestSha256);
}
