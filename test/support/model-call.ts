import type { NewModelCall } from '#ledger';
import type { TestMission } from './mission.js';

/** A worker's request as the gateway would ask leave for it, ten cents at worst. */
export function aCall(mission: TestMission, reservedUsd = '0.10'): NewModelCall {
  return {
    missionId: mission.id,
    waveId: null,
    attemptId: null,
    role: 'worker',
    model: 'claude-sonnet-5-5',
    budgetTokens: 24_000,
    countedTokens: null,
    boundTier: 'counted',
    boundTokens: 1_000,
    estimatedTokens: 1_000,
    reservedUsd,
    deadlineMs: 60_000,
  };
}
