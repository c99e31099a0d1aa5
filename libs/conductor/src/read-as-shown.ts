import type { ReadCall } from '#contracts';
import type { Transactions } from '#database';
import type { OpenWave } from '#ledger';
import { answerRead } from './answer-read.js';
import { RESULT_BYTES_MAX, showResult } from './domain/spill.js';

/** What a conductor would be shown as the result of a read: the answer, or the ends of one that is too long. */
export async function readAsShown(
  transactions: Transactions,
  wave: OpenWave,
  call: ReadCall,
): Promise<string> {
  const answer = await answerRead(transactions, wave, call, new Map());
  return showResult(wave.waveId, answer, RESULT_BYTES_MAX).content;
}
