import { z } from 'zod';
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
export const NOTES_MAX = 10;
/** About 300 tokens: what one conductor leaves for the next. */
export const HANDOFF_NOTE_CHARACTERS_MAX = 1_200;

/** Input schemas of the tools that change the ledger. They are staged, judged by `decide`, and committed with the wave. */
export const writeToolSchemas = {
  task_upsert: z.strictObject({
    items: z
      .array(
        z.strictObject({
          key: taskRefOrKeySchema.describe(
            'your own stable name of a new task, or key or ref of a task to change',
          ),
          expected_version: z
            .int()
            .optional()
            .describe('only to change a task: the v number that you read, such as 3 for v3'),
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
    worker: poolSchema.optional().describe('for tasks that name none; one of the workers in the charter'),
  }),
  task_review: z.strictObject({
    verdicts: z
      .array(
        z.strictObject({
          ref: taskRefOrKeySchema,
          verdict: z.enum(['accept', 'revise', 'fail']),
          feedback: textSchema
            .max(4_000)
            .optional()
            .describe('required for revise and fail: what is missing'),
          attempt: refSchema.optional().describe('an attempt (A…) whose late result is judged instead'),
        }),
      )
      .min(1)
      .max(VERDICTS_MAX),
  }),
  note: z.strictObject({
    entries: z
      .array(
        z.strictObject({
          kind: z.enum(NOTE_KINDS),
          text: textSchema.min(1).max(2_000),
          supersedes: refSchema.optional().describe('a note (N…) that this one replaces'),
        }),
      )
      .min(1)
      .max(NOTES_MAX),
  }),
  handoff: z.strictObject({
    note: textSchema.max(HANDOFF_NOTE_CHARACTERS_MAX),
    done: z
      .boolean()
      .describe('true when, in your judgement, the objective is met and nothing is left to do'),
    defer_ready: z
      .boolean()
      .optional()
      .describe('true to leave ready tasks alone until something new arrives'),
    verified: z
      .array(z.strictObject({ criterion: z.int().min(1), refs: z.array(refSchema).min(1).max(20) }))
      .max(20)
      .optional()
      .describe('verification waves only: the completed tasks that show each acceptance criterion'),
  }),
} as const;

/** Input schemas of the tools that only read. */
export const readToolSchemas = {
  ledger_get: z.strictObject({ refs: z.array(textSchema.min(1).max(200)).min(1).max(10) }),
  ledger_search: z.strictObject({
    query: textSchema
      .max(200)
      .describe('words as they stand in a title or note, a key or a ref; empty lists all'),
    state: z
      .enum(['blocked', 'queued', 'working', 'input_required', 'completed', 'failed', 'canceled'])
      .optional(),
    in: z.enum(['tasks', 'notes']).optional().describe('tasks unless told; notes are those in force'),
    offset: z.int().min(0).max(1_000_000).optional(),
  }),
  digest_expand: z.strictObject({
    ref: textSchema.min(1).max(20).describe('a digest (G12), or root for all finished work'),
    offset: z.int().min(0).max(1_000).optional(),
  }),
  artifact_read: z.strictObject({
    id: textSchema
      .min(1)
      .max(100)
      .describe(
        'an artifact (art_…), T12 for the instructions of a task, or A16 for the output of an attempt',
      ),
    offset: z.int().min(0).max(1_000_000_000).optional().describe('first byte'),
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
  'note',
  'handoff',
];

export const CONDUCTOR_TOOL_DESCRIPTIONS: Record<ConductorTool, string> = {
  ledger_get:
    'Read tasks, attempts, directives or notes whole, by ref (T12, A88, D3, N7) or key. Free of effects.',
  ledger_search:
    'Find tasks by words, key or ref, optionally in one state, or notes by words; 20 a page. Free of effects.',
  digest_expand: 'See what a digest was made of: digests or single ends of tasks. Free of effects.',
  artifact_read: 'Read part of a long text, such as a result too long to show. Free of effects.',
  task_upsert:
    'Create tasks under keys of your choice, or change tasks that have not started (give expected_version). At most 10 a call.',
  task_dispatch: 'Offer ready tasks to workers. At most 20 a call; one call settles a whole page.',
  task_review:
    'Judge results that wait for review: accept completes the task, revise sends it back with feedback, fail ends it.',
  note: 'Record what must not be forgotten: a decision, a failed approach, an open question, a fact, or a proposed directive.',
  handoff:
    'End the wave and leave a short note for the next conductor. Say done only when nothing is left to do.',
};
