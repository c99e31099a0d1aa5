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

/**
 * The newest waves with an answered request, oldest first. The builder's own measure of its sections becomes the
 * provider's tokens by what the provider counted the same request to be.
 */
async function readPlayedWaves(tx: Tx, missionId: string): Promise<PlayedWaveRow[]> {
  const rows = await tx.db.$queryRaw<PlayedWaveRow[]>`
    WITH answered AS (
      SELECT wave_id, sent_at, id, output_tokens,
             input_tokens + cache_write_tokens + cache_read_tokens AS tokens
        FROM model_call
       WHERE tenant_id = ${tx.tenantId}::uuid AND mission_id = ${missionId}::uuid
         AND wave_id IS NOT NULL AND state = 'settled'),
    played AS (
      SELECT wave_id, count(*)::int AS turns, max(tokens) AS peak, sum(tokens)::float8 AS read,
             (array_agg(tokens ORDER BY sent_at, id))[1] AS first,
             (array_agg(tokens ORDER BY sent_at DESC, id DESC))[1] AS last,
             (array_agg(output_tokens ORDER BY sent_at DESC, id DESC))[1] AS last_output
        FROM answered WHERE tokens > 0 GROUP BY wave_id)
    SELECT w.id AS "waveId", w.number, w.epoch, w.state = 'committed' AS "isCommitted",
           w.budget_tokens AS "budgetTokens", p.turns, p.first AS "firstTokens", p.last AS "lastTokens",
           p.peak AS "peakTokens", p.read AS "readTokens", p.last_output AS "lastOutputTokens",
           coalesce(p.first * s.prefix / nullif(s.total, 0), 0)::int AS "prefixTokens",
           coalesce(p.first * s.news / nullif(s.total, 0), 0)::int AS "newsTokens"
      FROM played p
      JOIN wave w ON w.tenant_id = ${tx.tenantId}::uuid AND w.id = p.wave_id
      LEFT JOIN wave_context c ON c.tenant_id = w.tenant_id AND c.wave_id = w.id
      LEFT JOIN LATERAL (
        SELECT sum(tokens)::float8 AS total,
               sum(tokens) FILTER (WHERE name IN ('Z0', 'Z1', 'Z2', 'Z3')) AS prefix,
               sum(tokens) FILTER (WHERE name = 'Z7') AS news
          FROM jsonb_to_recordset(c.manifest -> 'sections') AS section (name text, tokens int)) s ON true
     ORDER BY w.number DESC LIMIT ${SERIES_WAVES_MAX}`;
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
