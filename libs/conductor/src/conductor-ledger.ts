import type { ReadCall, StagedWrite } from '#contracts';
import type { Transactions } from '#database';
import { judgeWrites, type OpenWave, type SpilledText } from '#ledger';
import { answerRead, type ReadingWave } from './answer-read.js';
import type { WriteVerdict } from './domain/judged-call.js';

/** What answers a conductor's tool calls. */
export interface ConductorLedger {
  read(call: ReadCall, spills: ReadonlyMap<string, SpilledText>): Promise<string>;
  /** A verdict on each of `writes`, which come after those that are staged. */
  judge(staged: readonly StagedWrite[], writes: readonly StagedWrite[]): Promise<readonly WriteVerdict[]>;
}

/** The ledger of a wave that runs: reads are answered and writes are judged by its rows as they are now. */
export function ledgerOfWave(transactions: Transactions, wave: OpenWave): ConductorLedger {
  return {
    read: (call, spills) => answerRead(transactions, wave, call, spills),
    judge: async (staged, writes) => {
      const verdicts = await transactions.inTransaction(wave.tenantId, (tx) =>
        judgeWrites(tx, wave.missionId, [...staged, ...writes]),
      );
      return verdicts.slice(staged.length);
    },
  };
}

/**
 * The ledger of a shadow. It reads the rows as they are now, and counts how often: nothing keeps them as they were. Writes
 * are taken as they are said: the rows have moved on, not least by the very wave, and would refuse what it carried out.
 */
export class ShadowLedger implements ConductorLedger {
  reads = 0;

  constructor(
    private readonly transactions: Transactions,
    private readonly wave: ReadingWave,
  ) {}

  read(call: ReadCall, spills: ReadonlyMap<string, SpilledText>): Promise<string> {
    this.reads += 1;
    return answerRead(this.transactions, this.wave, call, spills);
  }

  judge(_staged: readonly StagedWrite[], writes: readonly StagedWrite[]): Promise<readonly WriteVerdict[]> {
    return Promise.resolve(writes.map(() => ({ outcome: 'applied' })));
  }
}
