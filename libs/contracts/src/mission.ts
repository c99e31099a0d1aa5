import { z } from 'zod';
import { idSchema } from './ids.js';
import { policyPatchSchema, policySchema, usdSchema } from './policy.js';
import { jsonSchema, metadataSchema, storableText } from './text.js';
import { TASK_STATES, type TaskState } from './task.js';

/** What is stored. */
export const MISSION_STATES = ['active', 'paused', 'completed', 'canceled', 'archived'] as const;
export type MissionState = (typeof MISSION_STATES)[number];

/** Why an active mission does not run, beside what a person asked for. */
export const HOLDS = ['budget', 'stalled', 'overcommitted', 'provider'] as const;
export const holdSchema = z.enum(HOLDS);
export type Hold = (typeof HOLDS)[number];

/** What the API shows: derived from state and holds, first match wins (see `missionStatus` in the ledger's domain). */
export const MISSION_STATUSES = [
  'archived',
  'canceled',
  'completed',
  'paused',
  'budget_reached',
  'stalled',
  'overcommitted',
  'provider_blocked',
  'input_required',
  'active',
] as const;
export const missionStatusSchema = z.enum(MISSION_STATUSES);
export type MissionStatus = (typeof MISSION_STATUSES)[number];

export const DIRECTIVES_PER_REQUEST_MAX = 50;
export const DIRECTIVE_CHARACTERS_MAX = 4_000;
export const directiveTextSchema = storableText(DIRECTIVE_CHARACTERS_MAX, 1);

export const budgetInputSchema = z
  .strictObject({ limit_usd: usdSchema.nullable(), daily_usd: usdSchema.nullable() })
  .partial()
  .meta({ id: 'BudgetInput' });
export type BudgetInput = z.infer<typeof budgetInputSchema>;

export const missionInputSchema = z
  .strictObject({
    title: storableText(200, 1),
    objective: storableText(8_000).default(''),
    directives: z.array(directiveTextSchema).max(DIRECTIVES_PER_REQUEST_MAX).default([]),
    acceptance_criteria: z.array(storableText(2_000, 1)).max(20).default([]),
    policy: policyPatchSchema.default({}),
    budget: budgetInputSchema.default({}),
    callback_url: z.url().max(2_000).nullable().default(null),
    metadata: metadataSchema.default({}),
  })
  .meta({ id: 'MissionInput' });
export type MissionInput = z.infer<typeof missionInputSchema>;

export const missionPatchSchema = z
  .strictObject({ title: storableText(200, 1), policy: policyPatchSchema, budget: budgetInputSchema })
  .partial()
  .meta({ id: 'MissionPatch' });
export type MissionPatch = z.infer<typeof missionPatchSchema>;

export const budgetSchema = z
  .object({
    limit_usd: z.string().nullable(),
    daily_usd: z.string().nullable(),
    spent_usd: z.string(),
    reserved_usd: z.string(),
  })
  .meta({ id: 'Budget' });

const countsShape = Object.fromEntries(TASK_STATES.map((state) => [state, z.int()])) as Record<
  TaskState,
  z.ZodInt
>;

export const missionSchema = z
  .object({
    id: idSchema('mission'),
    title: z.string(),
    objective: z.string(),
    acceptance_criteria: z.array(z.string()),
    state: missionStatusSchema,
    holds: z.array(holdSchema),
    policy: policySchema,
    budget: budgetSchema,
    counts: z.object(countsShape),
    conductor: z.object({ epoch: z.int(), wave_id: idSchema('wave').nullable() }),
    waves: z.int().describe('how many there have been'),
    input_requests_open: z.int(),
    last_seq: z.int().describe('of its last event'),
    is_default: z.boolean(),
    callback_url: z.string().nullable(),
    metadata: z.record(z.string(), jsonSchema),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .meta({ id: 'Mission' });
export type Mission = z.infer<typeof missionSchema>;

export const messageInputSchema = z
  .strictObject({
    text: storableText(20_000, 1),
    trusted: z
      .boolean()
      .optional()
      .describe(
        'false: not the caller’s own word, such as what an agent or a tool said; the conductor reads it as material. By default a message of a key with missions:write is a person’s word, and only such a key may say true',
      ),
  })
  .meta({ id: 'MessageInput' });
export type MessageInput = z.infer<typeof messageInputSchema>;

export const directiveSchema = z
  .object({
    id: idSchema('directive'),
    ref: z.string(),
    text: z.string(),
    state: z.enum(['accepted', 'proposed', 'rejected', 'retired']),
    source: z.string(),
    created_at: z.iso.datetime(),
  })
  .meta({ id: 'Directive' });
export const directiveInputSchema = z
  .strictObject({
    text: directiveTextSchema,
    state: z
      .enum(['accepted', 'proposed'])
      .default('accepted')
      .describe('proposed: holds only once somebody accepts it'),
  })
  .meta({ id: 'DirectiveInput' });

export const NOTE_KINDS = ['decision', 'failure', 'question', 'fact', 'directive'] as const;
export const noteKindSchema = z.enum(NOTE_KINDS);
export type NoteKind = (typeof NOTE_KINDS)[number];
