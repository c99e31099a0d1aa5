import type { Transactions } from '#database';
import type { Reading } from '#telemetry';
import { readLedgerLoad } from './load.store.js';
import { countDueWork } from './picker.store.js';
import type { CountDueDeliveries } from './sweep.js';

/** More that is due of a kind is told as so much. */
const DUE_MAX = 10_000;

/** What the gauges show, from one look at the ledger. */
export function readLoad(
  transactions: Transactions,
  countDueDeliveries: CountDueDeliveries,
): Promise<readonly Reading[]> {
  return transactions.inSystemTransaction(async (system) => {
    const due = {
      ...(await countDueWork(system, DUE_MAX)),
      delivery: await countDueDeliveries(system, DUE_MAX),
    };
    const load = await readLedgerLoad(system);
    return [
      ...Object.entries(due).map(([kind, value]) => ({
        gauge: 'wavekeeper.work.due' as const,
        value,
        attributes: { kind },
      })),
      { gauge: 'wavekeeper.wave.lag', value: load.waveLagSeconds },
      { gauge: 'wavekeeper.questions.open', value: load.questionsOpen },
      { gauge: 'wavekeeper.waves.running', value: load.wavesRunning },
      { gauge: 'wavekeeper.attempts.running', value: load.attemptsRunning },
    ];
  });
}
