import type { Tx } from '#database';
import { readMission } from './mission.store.js';

/** The part of a mission's policy that one who asks a model for it goes by, its conductor aside. */
export interface WorkerPolicy {
  readonly model: string;
  readonly contextBudgetTokens: number;
  readonly outputTokensMax: number;
  readonly allowPremium: boolean;
}

/** A digest's sources are a few dozen lines: more than this is never asked or paid for. */
const DIGEST_BUDGET_TOKENS = 8_000;
const DIGEST_OUTPUT_TOKENS = 1_024;

/** What the model that rewords digests is asked by; `WorkerPolicy` in form. */
export async function readDigestPolicy(tx: Tx, missionId: string): Promise<WorkerPolicy> {
  const { policy } = await readMission(tx, missionId);
  return {
    model: policy.digest_model,
    contextBudgetTokens: DIGEST_BUDGET_TOKENS,
    outputTokensMax: DIGEST_OUTPUT_TOKENS,
    allowPremium: policy.allow_premium,
  };
}

export async function readWorkerPolicy(tx: Tx, missionId: string): Promise<WorkerPolicy> {
  const { policy } = await readMission(tx, missionId);
  return {
    model: policy.worker_model,
    contextBudgetTokens: policy.context_budget_tokens,
    outputTokensMax: policy.output_tokens_max,
    allowPremium: policy.allow_premium,
  };
}
