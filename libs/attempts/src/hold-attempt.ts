import type { Transactions } from '#database';
import { heartbeatAttempt } from '#ledger';
import type { ClaimedAttempt } from './claim-attempts.js';

/** Keeps an attempt's lease while its work goes on. */
export interface AttemptHold {
  /** Aborts when the attempt was canceled or its lease was lost, or when this process is to stop. */
  readonly signal: AbortSignal;
  release(): void;
}

/** Beats every third of the lease. */
export function holdAttempt(
  transactions: Transactions,
  attempt: ClaimedAttempt,
  options: { readonly leaseSeconds: number; readonly shutdown: AbortSignal },
): AttemptHold {
  const lost = new AbortController();
  const beat = async (): Promise<void> => {
    const outcome = await transactions.inTransaction(attempt.tenantId, (tx) =>
      heartbeatAttempt(tx, attempt.attemptId, { leaseToken: attempt.leaseToken }),
    );
    if (!outcome.accepted) lost.abort();
  };
  const timer = setInterval(
    () => {
      beat().catch(() => undefined); // a missed beat is not a lost lease; the next one, or the end, will tell
    },
    (options.leaseSeconds * 1_000) / 3,
  );
  return {
    signal: AbortSignal.any([lost.signal, options.shutdown]),
    release: () => {
      clearInterval(timer);
    },
  };
}
