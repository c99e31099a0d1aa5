import type { Tx } from '#database';

/** One model request before it is sent. Money is a decimal string in USD. */
export interface NewModelCall {
  readonly missionId: string;
  readonly waveId: string | null;
  readonly attemptId: string | null;
  readonly role: 'conductor' | 'worker' | 'digest' | 'shadow';
  readonly model: string;
  readonly budgetTokens: number;
  readonly countedTokens: number | null;
  /** What proved that it fits its budget, and at how many tokens at most. */
  readonly boundTier: 'proved' | 'counted' | 'estimated';
  readonly boundTokens: number;
  /** By our own measure of its text. */
  readonly estimatedTokens: number;
  readonly reservedUsd: string;
  /** After this long nobody will come back to settle it. */
  readonly deadlineMs: number;
}

/** Tokens as the provider counted them; the three inputs are disjoint and sum to the request. */
export interface SettledTokens {
  readonly input: number;
  readonly cacheWrite: number;
  readonly cacheRead: number;
  readonly output: number;
}

export async function insertModelCall(tx: Tx, id: string, call: NewModelCall): Promise<void> {
  const { deadlineMs, ...columns } = call;
  await tx.db.modelCall.create({
    data: {
      ...columns,
      tenantId: tx.tenantId,
      id,
      state: 'sent',
      sentAt: tx.now,
      deadlineAt: new Date(tx.now.getTime() + deadlineMs),
    },
  });
}

/** How a request ended. A null cost stands for what was reserved. */
export interface Settlement {
  readonly tokens: SettledTokens;
  readonly costUsd: string | null;
  /** True when the provider did not say all that it charges. */
  readonly billingUncertain: boolean;
  /** Null when there was no whole answer. */
  readonly stopReason: string | null;
  readonly failure: string | null;
}

/** A call that has just been settled. */
export interface SettledCall {
  readonly missionId: string;
  readonly waveId: string | null;
  readonly role: string;
  readonly reservedUsd: string;
  readonly costUsd: string;
  /** The day on which it was sent (YYYY-MM-DD, UTC), and whose limit it counts towards. */
  readonly sentOn: string;
}

/** Moves a call out of `sent`, once; null when it has left it already. Answers what it has cost. */
export async function claimSettlement(
  tx: Tx,
  callId: string,
  settlement: Settlement & { readonly state: 'settled' | 'failed' | 'orphaned' },
): Promise<SettledCall | null> {
  const { tokens } = settlement;
  const [row] = await tx.db.$queryRaw<
    {
      mission_id: string;
      wave_id: string | null;
      role: string;
      reserved_usd: string;
      cost_usd: string;
      sent_on: string;
    }[]
  >`
    UPDATE model_call
       SET state = ${settlement.state}, failure = ${settlement.failure}, settled_at = clock_timestamp(),
           stop_reason = ${settlement.stopReason}, billing_uncertain = ${settlement.billingUncertain},
           input_tokens = ${tokens.input}, cache_write_tokens = ${tokens.cacheWrite},
           cache_read_tokens = ${tokens.cacheRead}, output_tokens = ${tokens.output},
           cost_usd = coalesce(${settlement.costUsd}::numeric, reserved_usd)
     WHERE tenant_id = ${tx.tenantId}::uuid AND id = ${callId}::uuid AND state = 'sent'
    RETURNING mission_id, wave_id, role, reserved_usd::text, cost_usd::text,
              (sent_at AT TIME ZONE 'UTC')::date::text AS sent_on`;
  return row === undefined
    ? null
    : {
        missionId: row.mission_id,
        waveId: row.wave_id,
        role: row.role,
        reservedUsd: row.reserved_usd,
        costUsd: row.cost_usd,
        sentOn: row.sent_on,
      };
}

/** Whole answers that a model's rate is taken from: old ones say little of how its texts are tokenized today. */
const RATE_SAMPLES_MAX = 64;

/** What the latest requests to a model were estimated at, and what the provider counted. */
export async function readRateSamples(
  tx: Tx,
  model: string,
): Promise<{ estimatedTokens: number; countedTokens: number }[]> {
  return tx.db.$queryRaw<{ estimatedTokens: number; countedTokens: number }[]>`
    SELECT estimated_tokens AS "estimatedTokens",
           input_tokens + cache_write_tokens + cache_read_tokens AS "countedTokens"
      FROM model_call
     WHERE tenant_id = ${tx.tenantId}::uuid AND model = ${model} AND state = 'settled' AND estimated_tokens IS NOT NULL
     ORDER BY sent_at DESC
     LIMIT ${RATE_SAMPLES_MAX}`;
}
