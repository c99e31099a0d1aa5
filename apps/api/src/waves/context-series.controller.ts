import { Controller, Get, Inject } from '@nestjs/common';
import { z } from 'zod';
import {
  contextSeriesSchema,
  decodeId,
  encodeId,
  RECENT_MISSIONS_MAX,
  recentContextsSchema,
  STANDARD_WINDOW_TOKENS,
} from '#contracts';
import { Transactions } from '#database';
import {
  readContextSeries,
  readRecentContexts,
  type ContextSeriesRead,
  type Resource,
  type SeriesPointRead,
} from '#ledger';
import { CurrentCall, Subject, type Call } from '../edge/call.js';
import { QueryOf } from '../edge/input.js';
import { Route } from '../edge/route.js';

const ID_CHARACTERS_MAX = 40;
const recentQuery = z.object({
  mission_ids: z
    .string()
    .max(RECENT_MISSIONS_MAX * ID_CHARACTERS_MAX)
    .default('')
    .describe(`ids of up to ${RECENT_MISSIONS_MAX} missions, with commas between them`),
});

/** What conductors carried, wave by wave. */
@Controller('v1')
export class ContextSeriesController {
  constructor(@Inject(Transactions) private readonly transactions: Transactions) {}

  @Get('missions/:id/context-series')
  @Route({
    summary:
      'What each wave carried, and by the same ledger what one conversation would have carried instead',
    access: ['missions:read'],
    subject: 'mission',
    answer: contextSeriesSchema,
  })
  async readContextSeries(@CurrentCall() call: Call, @Subject() mission: Resource) {
    return seriesView(
      mission.id,
      await this.transactions.inTransaction(call.tenantId, (tx) => readContextSeries(tx, mission.id)),
    );
  }

  @Get('recent-contexts')
  @Route({
    summary:
      'The largest request of each of the newest waves of some missions; ids that name none are left out',
    access: ['missions:read'],
    narrowsToMission: true,
    answer: recentContextsSchema,
  })
  async readRecentContexts(
    @CurrentCall() call: Call,
    @QueryOf(recentQuery) query: z.output<typeof recentQuery>,
  ) {
    const ids = query.mission_ids
      .split(',', RECENT_MISSIONS_MAX)
      .flatMap((text) => decodeId('mission', text) ?? [])
      .filter((id) => call.boundMissionId === null || call.boundMissionId === id);
    const rows = await this.transactions.inTransaction(call.tenantId, (tx) => readRecentContexts(tx, ids));
    return {
      data: rows.map(({ missionId, tokens }) => ({ mission_id: encodeId('mission', missionId), tokens })),
    };
  }
}

function seriesView(missionId: string, series: ContextSeriesRead): z.output<typeof contextSeriesSchema> {
  return {
    mission_id: encodeId('mission', missionId),
    window_tokens: STANDARD_WINDOW_TOKENS,
    compact_at_tokens: series.compactAtTokens,
    waves: series.waves,
    turns: series.turns,
    read_tokens: series.readTokens,
    conversation_read_tokens: series.conversationReadTokens,
    compacted_read_tokens: series.compactedReadTokens,
    compactions: series.compactions,
    points: series.points.map(pointView),
    rotations: series.rotations.map(({ number, reason, at }) => ({ number, reason, at: at.toISOString() })),
  };
}

function pointView(point: SeriesPointRead): z.output<typeof contextSeriesSchema>['points'][number] {
  return {
    wave_id: encodeId('wave', point.waveId),
    number: point.number,
    epoch: point.epoch,
    turn: point.turn,
    turns: point.turns,
    first_tokens: point.firstTokens,
    peak_tokens: point.peakTokens,
    budget_tokens: point.budgetTokens,
    conversation_tokens: point.conversationTokens,
    compacted_tokens: point.compactedTokens,
  };
}
