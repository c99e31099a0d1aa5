import { z } from 'zod';
import {
  DEADLINE_MINUTES_MAX,
  DEADLINE_MINUTES_MIN,
  INPUT_OPTION_CHARACTERS_MAX,
  INPUT_OPTIONS_MAX,
  INPUT_PROMPT_CHARACTERS_MAX,
  INPUT_REQUEST_KINDS,
  TIMEOUT_ACTIONS,
} from './input-request.js';
import { NOTE_KINDS } from './mission.js';
import { poolSchema } from './policy.js';
import { toStorableText } from './text.js';

/** A short name in a mission's text: `T12` a task, `A88` an attempt, `D3` a directive, `N7` a note. */
export const REF_PATTERN = /^[TADN][1-9][0-9]{0,9}$/;
const refSchema = z.string().regex(REF_PATTERN);
/** What a model writes is never refused for its characters: one that could not be stored is replaced. */
const textSchema = z.string().overwrite(toStorableText);
const taskRefOrKeySchema = textSchema.min(1).max(200);

export const UPSERT_ITEMS_MAX = 10;
export const DISPATCH_REFS_MAX = 20;
export const VERDICTS_MAX = 20;
export const CANCEL_REFS_MAX = 20;
const ASK_REFS_MAX = 20;
export const NOTES_MAX = 10;
/** What one conductor leaves for the next: bounded in characters here, in tokens where they are measured. */
export const HANDOFF_NOTE_CHARACTERS_MAX = 900;
export const HANDOFF_NOTE_TOKENS_MAX = 300;

/** Input schemas of the tools that change the ledger. They are staged, judged by `decide`, and committed with the wave. */
export const writeToolSchemas = {
  task_upsert: z.strictObject({
    items: z
      .array(
        z.strictObject({
          key: taskRefOrKeySchema.describe('your name for a new task, or ref or key of one to change'),
          expected_version: z.int().optional().describe('to change a task: 3 for v3'),
          title: textSchema.min(1).max(500).optional(),
          instructions: textSchema.max(20_000).optional(),
          depends_on: z
            .array(taskRefOrKeySchema)
            .max(100)
            .optional()
            .describe('new tasks only: refs or keys'),
          worker: poolSchema.optional(),
          priority: z.int().min(0).max(4).optional(),
          acceptance_criteria: z.array(textSchema.min(1).max(2_000)).max(20).optional(),
        }),
      )
      .min(1)
      .max(UPSERT_ITEMS_MAX),
  }),
  task_dispatch: z.strictObject({
    refs: z.array(taskRefOrKeySchema).min(1).max(DISPATCH_REFS_MAX),
    worker: poolSchema.optional().describe('for tasks that name none'),
  }),
  task_review: z.strictObject({
    verdicts: z
      .array(
        z.strictObject({
          ref: taskRefOrKeySchema,
          verdict: z.enum(['accept', 'revise', 'fail']),
          feedback: textSchema.max(4_000).optional().describe('for revise and fail: what is missing'),
          attempt: refSchema.optional().describe('A… whose late result is judged instead'),
        }),
      )
      .min(1)
      .max(VERDICTS_MAX),
  }),
  task_cancel: z.strictObject({
    refs: z.array(taskRefOrKeySchema).min(1).max(CANCEL_REFS_MAX),
    reason: textSchema.min(1).max(500),
  }),
  note: z.strictObject({
    entries: z
      .array(
        z.strictObject({
          kind: z.enum(NOTE_KINDS),
          text: textSchema.min(1).max(2_000),
          supersedes: refSchema.optional().describe('N… that this replaces'),
        }),
      )
      .min(1)
      .max(NOTES_MAX),
  }),
  ask_human: z.strictObject({
    kind: z.enum(INPUT_REQUEST_KINDS),
    prompt: textSchema.min(1).max(INPUT_PROMPT_CHARACTERS_MAX),
    options: z
      .array(textSchema.min(1).max(INPUT_OPTION_CHARACTERS_MAX))
      .max(INPUT_OPTIONS_MAX)
      .optional()
      .describe('choice only'),
    refs: z.array(taskRefOrKeySchema).max(ASK_REFS_MAX).optional().describe('only these tasks wait for it'),
    deadline_minutes: z.int().min(DEADLINE_MINUTES_MIN).max(DEADLINE_MINUTES_MAX).optional(),
    default: textSchema.min(1).max(INPUT_OPTION_CHARACTERS_MAX).optional().describe('taken at the deadline'),
    on_timeout: z.enum(TIMEOUT_ACTIONS).optional(),
  }),
  handoff: z.strictObject({
    note: textSchema.max(HANDOFF_NOTE_CHARACTERS_MAX),
    done: z.boolean(),
    defer_ready: z.boolean().optional().describe('leave ready tasks alone until something new arrives'),
    verified: z
      .array(z.strictObject({ criterion: z.int().min(1), refs: z.array(refSchema).min(1).max(20) }))
      .max(20)
      .optional()
      .describe('verification only'),
  }),
} as const;

/** Input schemas of the tools that only read. */
export const readToolSchemas = {
  ledger_get: z.strictObject({ refs: z.array(textSchema.min(1).max(200)).min(1).max(10) }),
  ledger_search: z.strictObject({
    query: textSchema.max(200).describe('empty lists all'),
    state: z
      .enum(['blocked', 'queued', 'working', 'input_required', 'completed', 'failed', 'canceled'])
      .optional(),
    in: z.enum(['tasks', 'notes']).optional(),
    offset: z.int().min(0).max(1_000_000).optional(),
  }),
  digest_expand: z.strictObject({
    ref: textSchema.min(1).max(20).describe('G12, or root for all'),
    offset: z.int().min(0).max(1_000).optional(),
  }),
  artifact_read: z.strictObject({
    id: textSchema.min(1).max(100).describe('art_…, T12 instructions, A16 output, I5 message'),
    offset: z.int().min(0).max(1_000_000_000).optional(),
  }),
} as const;

export type WriteTool = keyof typeof writeToolSchemas;
export type ReadTool = keyof typeof readToolSchemas;
export type ConductorTool = WriteTool | ReadTool;

export type WriteInput<Name extends WriteTool> = z.infer<(typeof writeToolSchemas)[Name]>;
export type ReadInput<Name extends ReadTool> = z.infer<(typeof readToolSchemas)[Name]>;

/** One staged write, as the conductor asked for it. */
export type StagedWrite = { [Name in WriteTool]: { tool: Name; input: WriteInput<Name> } }[WriteTool];
/** One read that a response asked for. */
export type ReadCall = { [Name in ReadTool]: { tool: Name; input: ReadInput<Name> } }[ReadTool];

/** In the order in which the model is told of them (section Z0). */
export const CONDUCTOR_TOOLS: readonly ConductorTool[] = [
  'ledger_get',
  'ledger_search',
  'digest_expand',
  'artifact_read',
  'task_upsert',
  'task_dispatch',
  'task_review',
  'task_cancel',
  'note',
  'ask_human',
  'handoff',
];

export const CONDUCTOR_TOOL_DESCRIPTIONS: Record<ConductorTool, string> = {
  ledger_get: 'Read what refs (T12, A88, D3, N7, I5, Q2) or task keys name, whole.',
  ledger_search: 'Find tasks, in one state or any, or notes in force; 20 a page.',
  digest_expand: 'See what a digest was made of.',
  artifact_read: 'Read part of a long text.',
  task_upsert: 'Create tasks, or change ones that have not started.',
  task_dispatch: 'Offer ready tasks to workers; one call settles a whole page.',
  task_review: 'Judge results: accept completes the task, revise sends it back with feedback, fail ends it.',
  task_cancel: 'End open tasks nobody needs any more.',
  note: 'Record what must not be forgotten.',
  ask_human: 'Ask a person what only a person can decide.',
  handoff:
    'End the wave with a note for the next conductor; done only when the objective is met and nothing is left to do.',
};
