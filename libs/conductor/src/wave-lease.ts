import type { Transactions } from '#database';
import { prolongWaveLease, WAVE_LEASE_MS, type OpenWave } from '#ledger';

/** A beat every third of the lease. */
const BEAT_INTERVAL_MS = WAVE_LEASE_MS / 3;

/** Holds a wave's lease while it runs. */
export interface WaveLease {
  /** Aborts when the wave has been fenced off, or when this process is told to stop. */
  readonly signal: AbortSignal;
  /** Asks whether another request may be sent: not when the mission was paused meanwhile. */
  mayGoOn(): Promise<boolean>;
  release(): void;
}

export function holdWaveLease(transactions: Transactions, wave: OpenWave, shutdown: AbortSignal): WaveLease {
  const lost = new AbortController();
  const beat = async (): Promise<string | null> => {
    const state = await transactions.inTransaction(wave.tenantId, (tx) =>
      prolongWaveLease(tx, { ...wave, leaseMs: WAVE_LEASE_MS }),
    );
    if (state === null) lost.abort();
    return state;
  };
  const timer = setInterval(() => {
    beat().catch(() => undefined); // a missed beat is not a lost lease; the next one, or the commit, will tell
  }, BEAT_INTERVAL_MS);
  return {
    signal: AbortSignal.any([lost.signal, shutdown]),
    mayGoOn: async () => (await beat()) === 'active',
    release: () => {
      clearInterval(timer);
    },
  };
}
