import {
  COMPACT_SHARE,
  RECENT_WAVES_MAX,
  SERIES_POINTS_MAX,
  SERIES_WAVES_MAX,
  STANDARD_WINDOW_TOKENS,
} from '#contracts';
import type { Tx } from '#database';
import { converse, inRuns, type PlayedWave } from '../domain/one-conversation.js';

/** One point: a wave, or a run of neighbours with the first one's beginning and the largest one's peak. */
export interface SeriesPointRead {
  readonly waveId: string;
  readonly number: number;
  readonly epoch: number;
  readonly turn: number;
  readonly turns: number;
  readonly firstTokens: number;
  readonly peakTokens: number;
  readonly budgetTokens: number;
  readonly conversationTokens: number;
  readonly compactedTokens: number;
}

export interface ContextSeriesRead {
  readonly compactAtTokens: number;
  readonly waves: number;
  readonly turns: number;
  readonly readTokens: number;
  readonly conversationReadTokens: number;
  readonly compactedReadTokens: number;
  readonly compactions: number;
  readonly points: readonly SeriesPointRead[];
  readonly rotations: readonly { readonly number: number; readonly reason: string; readonly at: Date }[];
}

/** What the conductors of a mission carried, and by the same ledger what one conversation would have. */
export async function readContextSeries(tx: Tx, missionId: string): Promise<ContextSeriesRead> {
  const waves = await readPlayedWaves(tx, missionId);
  const compactAtTokens = Math.floor(STANDARD_WINDOW_TOKENS * COMPACT_SHARE);
  const whole = converse(waves, null);
  const compacted = converse(waves, compactAtTokens);
  let turn = 1;
  const points = waves.map((wave, index): SeriesPointRead => {
    const at = turn;
    turn += wave.turns;
    return {
      ...wave,
      turn: at,
      conversationTokens: whole.carriedTokens[index] ?? 0,
      compactedTokens: compacted.carriedTokens[index] ?? 0,
    };
  });
  return {
    compactAtTokens,
    waves: waves.length,
    turns: turn - 1,
    readTokens: waves.reduce((sum, wave) => sum + wave.readTokens, 0),
    conversationReadTokens: whole.readTokens,
    compactedReadTokens: compacted.readTokens,
    compactions: compacted.compactions,
    points: inRuns(points, SERIES_POINTS_MAX).flatMap(onePoint),
    rotations: await readRotations(tx, missionId),
  };
}

function onePoint(run: readonly SeriesPointRead[]): SeriesPointRead[] {
  const [first] = run;
  const last = run.at(-1);
  if (first === undefined || last === undefined) return [];
  const largest = run.reduce((top, point) => (point.peakTokens > top.peakTokens ? point : top));
  return [
    {
      ...largest,
      turn: first.turn,
      turns: run.reduce((sum, point) => sum + point.turns, 0),
      firstTokens: first.firstTokens,
      conversationTokens: last.conversationTokens,
      compactedTokens: last.compactedTokens,
    },
  ];
}

type PlayedWaveRow = PlayedWave & {
  readonly waveId: string;
  readonly number: number;
  readonly epoch: number;
  readonly budgetTokens: number;
  readonly peakTokens: number;
};

/** The newest waves that have ended and had a request answered, oldest first. */
async function readPlayedWaves(tx: Tx, missionId: string): Promise<PlayedWaveRow[]> {
  const rows = await tx.db.$queryRaw<PlayedWaveRow[]>`
    SELECT id AS "waveId", number, epoch, state = 'committed' AS "isCommitted", budget_tokens AS "budgetTokens", turns,
           first_tokens AS "firstTokens", last_tokens AS "lastTokens", peak_request_tokens AS "peakTokens",
           read_tokens AS "readTokens", last_output_tokens AS "lastOutputTokens", prefix_tokens AS "prefixTokens",
           news_tokens AS "newsTokens"
      FROM wave
     WHERE tenant_id = ${tx.tenantId}::uuid AND mission_id = ${missionId}::uuid AND turns > 0
     ORDER BY number DESC LIMIT ${SERIES_WAVES_MAX}`;
  return rows.reverse();
}

/** Rotations that a person asked for, by the wave that came before. */
async function readRotations(tx: Tx, missionId: string) {
  const rows = await tx.db.$queryRaw<{ number: number; reason: string; at: Date }[]>`
    SELECT coalesce((SELECT max(w.number) FROM wave w
                      WHERE w.tenant_id = e.tenant_id AND w.mission_id = e.mission_id
                        AND w.started_at <= e.created_at), 0)::int AS number,
           e.body ->> 'reason' AS reason, e.created_at AS at
      FROM event e
     WHERE e.tenant_id = ${tx.tenantId}::uuid AND e.mission_id = ${missionId}::uuid
       AND e.type = 'conductor.rotated'
     ORDER BY e.seq DESC LIMIT ${ROTATIONS_SHOWN_MAX}`;
  return rows.reverse();
}

const ROTATIONS_SHOWN_MAX = 100;

/** Input of the largest request of each of the newest waves, oldest first; missions without one are left out. */
export async function readRecentContexts(
  tx: Tx,
  missionIds: readonly string[],
): Promise<{ missionId: string; tokens: number[] }[]> {
  return tx.db.$queryRaw<{ missionId: string; tokens: number[] }[]>`
    SELECT m.id AS "missionId", array_agg(w.tokens ORDER BY w.number) AS tokens
      FROM mission m
     CROSS JOIN LATERAL (
       SELECT number, peak_request_tokens AS tokens FROM wave
        WHERE tenant_id = m.tenant_id AND mission_id = m.id AND state = 'committed'
        ORDER BY number DESC LIMIT ${RECENT_WAVES_MAX}) w
     WHERE m.tenant_id = ${tx.tenantId}::uuid AND m.id = ANY (${missionIds}::uuid[])
     GROUP BY m.id ORDER BY m.id`;
}
