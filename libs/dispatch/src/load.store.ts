import type { SystemTx } from '#database';

/** What the ledger holds at this moment, all tenants together. */
export interface LedgerLoad {
  readonly wavesRunning: number;
  readonly attemptsRunning: number;
  readonly questionsOpen: number;
  /** How long the mission that has waited longest for its wave has been due, in seconds; 0 when none waits. */
  readonly waveLagSeconds: number;
}

/** Each number is read from an index of just those rows. */
export async function readLedgerLoad({ db }: SystemTx): Promise<LedgerLoad> {
  const [row] = await db.$queryRaw<LedgerLoad[]>`
    SELECT (SELECT count(*)::int FROM mission WHERE wave_id IS NOT NULL) AS "wavesRunning",
           (SELECT count(*)::int FROM attempt WHERE state = 'leased') AS "attemptsRunning",
           (SELECT count(*)::int FROM input_request WHERE state = 'open') AS "questionsOpen",
           coalesce((SELECT greatest(0, extract(epoch FROM clock_timestamp() - wave_due_at))::float8 FROM mission
                      WHERE state = 'active' AND holds = '{}' AND wave_id IS NULL AND wave_due_at IS NOT NULL
                      ORDER BY wave_due_at LIMIT 1), 0) AS "waveLagSeconds"`;
  return row ?? { wavesRunning: 0, attemptsRunning: 0, questionsOpen: 0, waveLagSeconds: 0 };
}
