import { z } from 'zod';
import { idSchema } from './ids.js';
import { jsonSchema, storableText } from './text.js';

export const WAVE_STATES = ['running', 'committed', 'aborted'] as const;
export type WaveState = (typeof WAVE_STATES)[number];
export const WAVE_TRIGGERS = [
  'submission',
  'message',
  'result',
  'answer',
  'ready_tasks',
  'verification',
  'retry',
] as const;
export type WaveTrigger = (typeof WAVE_TRIGGERS)[number];

/** How full the largest request was: soft from 70 %, hard from 90 % of the context budget. */
export const CONTEXT_LEVELS = ['ok', 'soft', 'hard'] as const;
export const contextLevelSchema = z.enum(CONTEXT_LEVELS);
export type ContextLevel = (typeof CONTEXT_LEVELS)[number];
export const SOFT_LEVEL_SHARE = 0.7;
export const HARD_LEVEL_SHARE = 0.9;

export function contextLevel(tokens: number, budgetTokens: number): ContextLevel {
  if (tokens >= budgetTokens * HARD_LEVEL_SHARE) return 'hard';
  return tokens >= budgetTokens * SOFT_LEVEL_SHARE ? 'soft' : 'ok';
}

export const usageSchema = z
  .object({
    input_tokens: z.int(),
    cache_write_tokens: z.int(),
    cache_read_tokens: z.int(),
    output_tokens: z.int(),
    cost_usd: z.string(),
  })
  .meta({ id: 'Usage' });
export type Usage = z.infer<typeof usageSchema>;

export const decisionSchema = z
  .object({
    tool: z.string(),
    input: jsonSchema,
    outcome: z.enum(['applied', 'rejected']),
    reason: z.string().nullable(),
    changed: z.array(z.object({ kind: z.string(), id: z.string(), ref: z.string() })),
  })
  .meta({ id: 'Decision' });
export type DecisionRecord = z.infer<typeof decisionSchema>;

export const waveSchema = z
  .object({
    id: idSchema('wave'),
    mission_id: idSchema('mission'),
    number: z.int(),
    epoch: z.int(),
    state: z.enum(WAVE_STATES),
    trigger: z.enum(WAVE_TRIGGERS),
    stop_reason: z.string().nullable(),
    model: z.string(),
    requests: z.int(),
    context: z.object({ tokens: z.int(), budget: z.int(), level: contextLevelSchema }),
    peak_request_tokens: z.int(),
    usage: usageSchema,
    handoff_note: z.string().nullable(),
    decisions: z.array(decisionSchema),
    started_at: z.iso.datetime(),
    ended_at: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Wave' });
export type Wave = z.infer<typeof waveSchema>;

export const SECTION_NAMES = ['Z0', 'Z1', 'Z2', 'Z3', 'Z4', 'Z5', 'Z6', 'Z7', 'Z8'] as const;
export type SectionName = (typeof SECTION_NAMES)[number];

const blockSchema = z.object({
  ref: z.string(),
  source: z.string(),
  rung: z.string(),
  tokens: z.int(),
  sha256: z.string(),
});
const omissionSchema = z.object({
  ref: z.string().nullable(),
  count: z.int(),
  reason: z.string(),
  fetch: z.string().nullable(),
});
export const contextSectionSchema = z
  .object({
    name: z.enum(SECTION_NAMES),
    title: z.string(),
    tokens: z.int(),
    ceiling: z.int(),
    blocks: z.array(blockSchema),
    omitted: z.array(omissionSchema),
  })
  .meta({ id: 'ContextSection' });
export type ContextBlock = z.infer<typeof blockSchema>;
export type ContextOmission = z.infer<typeof omissionSchema>;
export type ContextSection = z.infer<typeof contextSectionSchema>;

export const contextManifestSchema = z
  .object({
    wave_id: idSchema('wave'),
    seq: z.int().describe('the last event of the mission that the wave could see'),
    builder_version: z.string(),
    budget_tokens: z.int(),
    target_tokens: z.int(),
    total_tokens: z.int(),
    counted_tokens: z.int(),
    prefix_sha256: z.record(z.string(), z.string()),
    sections: z.array(contextSectionSchema),
    requests: z.array(jsonSchema),
    requests_kept: z
      .boolean()
      .describe('false once the exact bytes have been let go (WAVEKEEPER_CONTEXT_DAYS); the sections stay'),
    rebuild: z.object({ equal: z.boolean(), sha256: z.string(), expected_sha256: z.string() }).nullable(),
  })
  .meta({ id: 'ContextManifest' });
export type ContextManifest = z.infer<typeof contextManifestSchema>;

export const conductorGaugeSchema = z
  .object({
    wave: waveSchema.nullable(),
    context: z.object({ tokens: z.int(), budget: z.int(), ceiling: z.int(), level: contextLevelSchema }),
    spill: z.int(),
    next_wave_at: z.iso.datetime().nullable(),
  })
  .meta({ id: 'ConductorGauge' });

const ROTATION_MODES = ['drain', 'now'] as const;
export const rotationInputSchema = z
  .strictObject({
    reason: storableText(500).default(''),
    mode: z
      .enum(ROTATION_MODES)
      .default('drain')
      .describe('drain waits for the running wave to commit, now fences it off'),
    keep_note: z.boolean().default(false).describe('the next conductor gets the hand-off note of the last'),
  })
  .meta({ id: 'RotationInput' });
export type RotationInput = z.infer<typeof rotationInputSchema>;

export const rotationSchema = z
  .object({
    epoch: z.int().describe('of the fresh conductor; its first wave moves on from here'),
    before_tokens: z.int().describe('of the last request of the conductor that goes'),
    expected_tokens: z
      .int()
      .describe('of the first request of the one that comes, by the ledger as it is now'),
  })
  .meta({ id: 'Rotation' });
export type Rotation = z.infer<typeof rotationSchema>;

/** What a rotation would come to if it were asked for now. Nothing changes by looking. */
export const rotationPreviewSchema = z
  .object({
    before_tokens: z.int(),
    expected_tokens: z.int(),
    kept: z.object({
      directives: z.int(),
      notes: z.int(),
      digests: z.int().describe('live nodes of the digest tree'),
      open_tasks: z.int(),
      input_requests: z.int(),
      inbox: z.int().describe('items that no wave has seen'),
    }),
    dropped: z.object({
      running_wave: z
        .int()
        .nullable()
        .describe('number of the wave that runs: `now` drops what it has not committed'),
      handoff_note: z.boolean(),
    }),
  })
  .meta({ id: 'RotationPreview' });
export type RotationPreview = z.infer<typeof rotationPreviewSchema>;

export const messageSchema = z
  .object({
    id: idSchema('message'),
    seq: z.int(),
    text: z.string(),
    trusted: z.boolean(),
    created_at: z.iso.datetime(),
    seen_by_wave: idSchema('wave').nullable(),
    decisions: z.array(decisionSchema),
  })
  .meta({ id: 'Message' });
