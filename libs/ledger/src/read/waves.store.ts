import type { DecisionRecord, WaveState, WaveTrigger } from '#contracts';
import type { Prisma, Tx } from '#database';
import { notFound } from '../errors.js';

type StoredWave = Prisma.WaveGetPayload<Record<string, never>>;
/** A wave with its closed sets and its decisions typed. */
export type WaveRead = Omit<StoredWave, 'state' | 'trigger' | 'decisions'> & {
  readonly state: WaveState;
  readonly trigger: WaveTrigger;
  readonly decisions: readonly DecisionRecord[];
};

/** Newest first: at most `take` before the wave with this number; of one number alone when it is given. */
export async function listWaves(
  tx: Tx,
  missionId: string,
  page: { readonly number: number | null; readonly beforeNumber: number | null; readonly take: number },
): Promise<WaveRead[]> {
  const stored = await tx.db.wave.findMany({
    where: {
      tenantId: tx.tenantId,
      missionId,
      AND: [
        page.number === null ? {} : { number: page.number },
        page.beforeNumber === null ? {} : { number: { lt: page.beforeNumber } },
      ],
    },
    orderBy: { number: 'desc' },
    take: page.take,
  });
  return stored.map(toWaveRead);
}

export async function readWaveWithDecisions(tx: Tx, waveId: string): Promise<WaveRead> {
  const stored = await tx.db.wave.findUnique({
    where: { tenantId_id: { tenantId: tx.tenantId, id: waveId } },
  });
  if (stored === null) throw notFound('wave');
  return toWaveRead(stored);
}

/** CHECK constraints keep the sets closed, and only a wave's commit writes decisions. */
function toWaveRead(stored: StoredWave): WaveRead {
  return stored as unknown as WaveRead;
}
