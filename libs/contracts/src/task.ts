import { z } from 'zod';
import { idSchema } from './ids.js';
import { poolSchema } from './policy.js';
import { jsonSchema, metadataSchema, storableText } from './text.js';
import { attemptSchema, taskResultSchema } from './attempt.js';
import { callbackSchema } from './webhook.js';

export const TASK_STATES = [
  'blocked',
  'queued',
  'working',
  'input_required',
  'completed',
  'failed',
  'canceled',
] as const;
export const taskStateSchema = z.enum(TASK_STATES);
export type TaskState = (typeof TASK_STATES)[number];

export const TASK_TITLE_CHARACTERS_MAX = 500;
export const TASK_INSTRUCTIONS_CHARACTERS_MAX = 100_000;
export const TASK_DEPENDENCIES_MAX = 100;
export const TASKS_PER_REQUEST_MAX = 1_000;
export const PRIORITY_DEFAULT = 2;

/** Refs and ids are the ledger's to give: a conductor's own key may not look like one, so that it names one task only. */
export function looksLikeReference(text: string): boolean {
  return /^[TADNIQG][0-9]+$/.test(text) || text.startsWith('tsk_');
}

/** A caller's own name of a task, unique in its mission; it is what makes a repeated submission harmless. */
export const taskKeySchema = storableText(200, 1);
/** How a dependency is named: a task's key, its ref (`T12`), or its id. */
export const taskReferenceSchema = storableText(200, 1);

export const taskInputSchema = z
  .strictObject({
    title: storableText(TASK_TITLE_CHARACTERS_MAX, 1),
    instructions: storableText(TASK_INSTRUCTIONS_CHARACTERS_MAX).default(''),
    depends_on: z.array(taskReferenceSchema).max(TASK_DEPENDENCIES_MAX).default([]),
    worker: poolSchema.nullable().default(null),
    priority: z.int().min(0).max(4).default(PRIORITY_DEFAULT),
    acceptance_criteria: z.array(storableText(2_000, 1)).max(20).default([]),
    key: taskKeySchema.nullable().default(null),
    callback_url: z.url().max(2_000).nullable().default(null),
    metadata: metadataSchema.default({}),
  })
  .meta({ id: 'TaskInput' });
export type TaskInput = z.infer<typeof taskInputSchema>;

/** The envelope of a bulk submission; items are parsed one by one, so that one bad item does not refuse the rest. */
export const taskBatchSchema = z
  .strictObject({ tasks: z.array(z.unknown()).min(1).max(TASKS_PER_REQUEST_MAX) })
  .meta({ id: 'TaskBatch' });

export const taskPatchSchema = z
  .strictObject({
    title: storableText(TASK_TITLE_CHARACTERS_MAX, 1),
    instructions: storableText(TASK_INSTRUCTIONS_CHARACTERS_MAX),
    worker: poolSchema.nullable(),
    priority: z.int().min(0).max(4),
    acceptance_criteria: z.array(storableText(2_000, 1)).max(20),
    metadata: metadataSchema,
  })
  .partial()
  .meta({ id: 'TaskPatch' });
export type TaskPatch = z.infer<typeof taskPatchSchema>;

const taskSummaryFields = {
  id: idSchema('task'),
  ref: z.string(),
  key: z.string().nullable(),
  mission_id: idSchema('mission'),
  title: z.string(),
  state: taskStateSchema,
  state_reason: z.string().nullable(),
  worker: z.string().nullable(),
  priority: z.int(),
  depends_on: z.array(idSchema('task')),
  acceptance_criteria: z.array(z.string()),
  generation: z.int(),
  created_by_wave: idSchema('wave').nullable(),
  reviewed_by_wave: idSchema('wave').nullable(),
  digest_id: z.string().nullable(),
  callback_url: z.string().nullable(),
  metadata: z.record(z.string(), jsonSchema),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
  completed_at: z.iso.datetime().nullable(),
};

/** A task as lists return it. */
export const taskSummarySchema = z.object(taskSummaryFields).meta({ id: 'TaskSummary' });
/** A task as it is read alone. */
export const taskSchema = z
  .object({
    ...taskSummaryFields,
    instructions: z.string(),
    result: taskResultSchema.nullable(),
    attempts: z.array(attemptSchema),
  })
  .meta({ id: 'Task' });
export type TaskSummary = z.infer<typeof taskSummarySchema>;
export type Task = z.infer<typeof taskSchema>;

/** Steps of dependencies that a neighbourhood reaches in each direction, and tasks that it shows. */
export const NEIGHBOURHOOD_STEPS_MAX = 2;
export const NEIGHBOURHOOD_TASKS_MAX = 100;
/** The tasks around one task, by dependencies. */
export const neighbourhoodSchema = z
  .object({
    data: z.array(
      taskSummarySchema.pick({ id: true, ref: true, title: true, state: true, depends_on: true }),
    ),
    cut: z.boolean().describe('there are more tasks than are shown'),
  })
  .meta({ id: 'Neighbourhood' });

const itemProblemSchema = z.object({ code: z.string(), message: z.string(), pointer: z.string().nullable() });
export const submittedTaskSchema = z
  .union([
    z.object({ index: z.int(), id: idSchema('task'), ref: z.string(), existing: z.boolean() }),
    z.object({ index: z.int(), problem: itemProblemSchema }),
  ])
  .meta({ id: 'SubmittedTask' });
export type SubmittedTask = z.infer<typeof submittedTaskSchema>;
export const submittedTasksSchema = z
  .object({
    data: z.array(submittedTaskSchema),
    callbacks: z.array(callbackSchema).optional().describe('callback addresses that are new to the mission'),
  })
  .meta({ id: 'SubmittedTasks' });
