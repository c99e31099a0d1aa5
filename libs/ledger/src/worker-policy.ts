import type { Tx } from '#database';
import { readMission } from './mission.store.js';

/** The part of a mission's policy that its built-in worker goes by. */
export interface WorkerPolicy {
  readonly model: string;
  readonly contextBudgetTokens: number;
  readonly outputTokensMax: number;
  readonly allowPremium: boolean;
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
