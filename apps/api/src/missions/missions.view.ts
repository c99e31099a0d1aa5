import { encodeId, encodeOptionalId, type Json, type Mission } from '#contracts';
import type { MissionRead } from '#ledger';

export function missionView(mission: MissionRead): Mission {
  return {
    id: encodeId('mission', mission.id),
    title: mission.title,
    objective: mission.objective,
    acceptance_criteria: mission.acceptanceCriteria,
    state: mission.status,
    holds: mission.holds,
    policy: mission.policy,
    budget: {
      limit_usd: mission.limitUsd?.toFixed() ?? null,
      daily_usd: mission.dailyUsd?.toFixed() ?? null,
      spent_usd: mission.spentUsd.toFixed(),
      reserved_usd: mission.reservedUsd.toFixed(),
    },
    counts: {
      blocked: mission.tasksBlocked,
      queued: mission.tasksQueued,
      working: mission.tasksWorking,
      input_required: mission.tasksInputRequired,
      completed: mission.tasksCompleted,
      failed: mission.tasksFailed,
      canceled: mission.tasksCanceled,
    },
    conductor: { epoch: mission.epoch, wave_id: encodeOptionalId('wave', mission.waveId) },
    waves: mission.lastWaveNumber,
    input_requests_open: mission.requestsOpen,
    last_seq: mission.lastEventSeq,
    is_default: mission.isDefault,
    callback_url: mission.callbackUrl,
    metadata: mission.metadata as Record<string, Json>, // written from a parsed body
    created_at: mission.createdAt.toISOString(),
    updated_at: mission.updatedAt.toISOString(),
  };
}

/** What a PATCH can change. */
export function changeableView({ title, policy, budget }: Mission) {
  return { title, policy, limit_usd: budget.limit_usd, daily_usd: budget.daily_usd };
}
