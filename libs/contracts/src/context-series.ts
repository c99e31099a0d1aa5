import { z } from 'zod';
import { idSchema } from './ids.js';

/** Waves that one series is made of, the newest: an older beginning would only make the estimates larger. */
export const SERIES_WAVES_MAX = 20_000;
/** Points that one series has; neighbours of a longer history become one, with the largest of their requests. */
export const SERIES_POINTS_MAX = 2_500;
/** Where a conversation that sums itself up does so, of the window. */
export const COMPACT_SHARE = 0.8;
/** What a summary takes in the conversation that goes on from it. */
export const SUMMARY_TOKENS = 2_000;
/** Of each mission, the newest waves that a list draws. */
export const RECENT_WAVES_MAX = 32;
export const RECENT_MISSIONS_MAX = 100;

const seriesPointSchema = z
  .object({
    wave_id: idSchema('wave'),
    number: z.int(),
    epoch: z.int(),
    turn: z.int().describe('of the first of its requests, counted from 1 over the series'),
    turns: z.int().describe('requests that were answered'),
    first_tokens: z.int().describe('input of its first request, as the provider counted it'),
    peak_tokens: z.int().describe('input of its largest request'),
    budget_tokens: z.int(),
    conversation_tokens: z.int().describe('estimate: what one conversation would carry by now'),
    compacted_tokens: z
      .int()
      .describe('estimate: the same, summed up whenever it is past its share of the window'),
  })
  .meta({ id: 'SeriesPoint' });
export type SeriesPoint = z.infer<typeof seriesPointSchema>;

/** What each wave carried, and what a conversation that is never, or automatically, cut would have carried instead. */
export const contextSeriesSchema = z
  .object({
    mission_id: idSchema('mission'),
    window_tokens: z.int().describe('the standard window of the models'),
    compact_at_tokens: z.int(),
    waves: z.int(),
    turns: z.int(),
    read_tokens: z.int().describe('input tokens of all requests of conductors'),
    conversation_read_tokens: z.int().describe('estimate: of the same turns in one conversation'),
    compacted_read_tokens: z.int().describe('estimate: of the same turns with automatic compaction'),
    compactions: z.int(),
    points: z.array(seriesPointSchema),
    rotations: z.array(
      z.object({ number: z.int().describe('the wave before it'), reason: z.string(), at: z.iso.datetime() }),
    ),
  })
  .meta({ id: 'ContextSeries' });
export type ContextSeries = z.infer<typeof contextSeriesSchema>;

/** The largest request of each of the newest waves of some missions, oldest first. */
export const recentContextsSchema = z
  .object({ data: z.array(z.object({ mission_id: idSchema('mission'), tokens: z.array(z.int()) })) })
  .meta({ id: 'RecentContexts' });
