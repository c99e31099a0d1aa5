import type { z } from 'zod';
import {
  contextCeilingTokens,
  contextLevel,
  encodeId,
  type conductorGaugeSchema,
  type Wave,
} from '#contracts';
import type { MissionRead, WaveRead } from '#ledger';

export function waveView(wave: WaveRead): Wave {
  return {
    id: encodeId('wave', wave.id),
    mission_id: encodeId('mission', wave.missionId),
    number: wave.number,
    epoch: wave.epoch,
    state: wave.state,
    trigger: wave.trigger,
    stop_reason: wave.stopReason,
    model: wave.model,
    requests: wave.requests,
    context: {
      tokens: wave.peakRequestTokens,
      budget: wave.budgetTokens,
      level: contextLevel(wave.peakRequestTokens, wave.budgetTokens),
    },
    peak_request_tokens: wave.peakRequestTokens,
    usage: {
      input_tokens: wave.inputTokens,
      cache_write_tokens: wave.cacheWriteTokens,
      cache_read_tokens: wave.cacheReadTokens,
      output_tokens: wave.outputTokens,
      cost_usd: wave.costUsd.toFixed(),
    },
    handoff_note: wave.handoffNote,
    decisions: [...wave.decisions],
    started_at: wave.startedAt.toISOString(),
    ended_at: wave.endedAt?.toISOString() ?? null,
  };
}

/** The fuel gauge: how full the last request was, and how much no wave has seen. */
export function gaugeView(
  mission: MissionRead,
  wave: WaveRead | null,
): z.output<typeof conductorGaugeSchema> {
  const { lastContextTokens: tokens, policy } = mission;
  const budget = policy.context_budget_tokens;
  return {
    wave: wave === null ? null : waveView(wave),
    context: {
      tokens,
      budget,
      ceiling: contextCeilingTokens(policy),
      level: contextLevel(tokens, budget),
    },
    spill: mission.inboxUnseen,
    next_wave_at: mission.waveId === null ? (mission.waveDueAt?.toISOString() ?? null) : null,
  };
}
