import type { Tx } from '#database';

/** One model request before it is sent. Money is a decimal string in USD. */
export interface NewModelCall {
  readonly missionId: string;
  readonly waveId: string | null;
  readonly attemptId: string | null;
  readonly role: 'conductor' | 'worker';
  readonly model: string;
  readonly budgetTokens: number;
  readonly countedTokens: number | null;
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

/** Moves a call out of `sent`, once; null when it has left it already. A null cost stands for what was reserved. */
export async function claimSettlement(
  tx: Tx,
  callId: string,
  settlement: {
    readonly state: 'settled' | 'failed' | 'orphaned';
    readonly tokens: SettledTokens;
    readonly costUsd: string | null;
    readonly failure: string | null;
  },
): Promise<{ missionId: string; waveId: string | null; reservedUsd: string } | null> {
  const { tokens } = settlement;
  const [row] = await tx.db.$queryRaw<{ mission_id: string; wave_id: string | null; reserved_usd: string }[]>`
    UPDATE model_call
       SET state = ${settlement.state}, failure = ${settlement.failure}, settled_at = clock_timestamp(),
           input_tokens = ${tokens.input}, cache_write_tokens = ${tokens.cacheWrite},
           cache_read_tokens = ${tokens.cacheRead}, output_tokens = ${tokens.output},
           cost_usd = coalesce(${settlement.costUsd}::numeric, reserved_usd)
     WHERE tenant_id = ${tx.tenantId}::uuid AND id = ${callId}::uuid AND state = 'sent'
    RETURNING mission_id, wave_id, reserved_usd::text`;
  return row === undefined
    ? null
    : { missionId: row.mission_id, waveId: row.wave_id, reservedUsd: row.reserved_usd };
}
