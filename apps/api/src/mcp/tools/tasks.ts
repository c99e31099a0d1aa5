import { z } from 'zod';
import {
  storableText,
  taskInputSchema,
  taskStateSchema,
  type Json,
  type SubmittedTask,
  type Task,
  type TaskSummary,
} from '#contracts';
import type { Tx } from '#database';
import { cancelTask, ensureDefaultMission, listTasks, readTaskWithAttempts, submitTasks } from '#ledger';
import { numberCursor, readNumberCursor, readTimeCursor, timeCursor } from '../../edge/page.js';
import { taskSummaryView, taskView } from '../../tasks/tasks.view.js';
import { ANSWER_BYTES_MAX, boundedPage, excerpt, textPart } from '../bounded-answer.js';
import { defineTool } from '../mcp-tool.js';
import type { Reach } from '../reach.js';
import { missionId, pageFields, taskId, TITLE_BYTES } from './fields.js';

/** An agent writes each of them out: what is more comes as a file, through the API or the command line. */
const TASKS_PER_CALL_MAX = 50;
const KEY_BYTES = 240;
const PROBLEM_BYTES = 100;
/** Beside the text of a task there are its title, its key and its ids. */
const TASK_TEXT_BYTES = ANSWER_BYTES_MAX - 2_048;
const QUERY_CHARACTERS_MAX = 200;

const task = taskInputSchema.omit({ callback_url: true, metadata: true }).shape;
const toMission = missionId
  .optional()
  .describe('msn_…; without one the tasks go to the default mission of the tenant');

export const submitTaskTool = defineTool({
  name: 'submit_task',
  title: 'Submit a task',
  description:
    'Hands a unit of work to a mission, which plans it, has a worker do it, and reviews the result. Give it a key: submitting the same key again finds the same task.',
  scopes: ['tasks:write'],
  effect: 'adds',
  input: z.strictObject({ mission_id: toMission, ...task }),
  run: async (reach, { mission_id: mission, ...given }) => {
    const [submitted] = await submit(reach, mission, [given]);
    return submitted ?? null;
  },
});

export const submitTasksTool = defineTool({
  name: 'submit_tasks',
  title: 'Submit several tasks',
  description: `Up to ${TASKS_PER_CALL_MAX} tasks at once. depends_on may name keys of the same call, and refs, keys or ids of earlier tasks. Answers task by task: what one got wrong is its problem alone.`,
  scopes: ['tasks:write'],
  effect: 'adds',
  input: z.strictObject({
    mission_id: toMission,
    tasks: z.array(z.strictObject(task)).min(1).max(TASKS_PER_CALL_MAX),
  }),
  run: async (reach, { mission_id: mission, tasks }) => ({ data: await submit(reach, mission, tasks) }),
});

export const listTasksTool = defineTool({
  name: 'list_tasks',
  title: 'List tasks',
  description: 'Tasks, newest first, one line each.',
  scopes: ['tasks:read'],
  effect: 'reads',
  input: z.strictObject({
    mission_id: missionId.optional(),
    state: taskStateSchema.optional(),
    q: storableText(QUERY_CHARACTERS_MAX).optional().describe('words of the title, an id, a ref or a key'),
    ...pageFields,
  }),
  async run(reach, { mission_id: mission, state, q: words, limit, cursor }) {
    const query = words?.trim() ?? '';
    const page = { after: readTimeCursor(cursor), take: limit + 1 };
    const rows = await reach.run(async (tx) => {
      const filter = {
        missionId: await reach.missionFilter(tx, mission),
        state: state ?? null,
        query: query === '' ? null : query,
      };
      return listTasks(tx, filter, page);
    });
    return boundedPage(rows, limit, { view: (row) => taskLine(taskSummaryView(row)), cursor: timeCursor });
  },
});

export const getTaskTool = defineTool({
  name: 'get_task',
  title: 'Read a task',
  description:
    'A task with its result, errors, criteria, dependencies and instructions as one text, which a cursor reads on when it is long.',
  scopes: ['tasks:read'],
  effect: 'reads',
  input: z.strictObject({ task_id: taskId, cursor: pageFields.cursor }),
  run: (reach, { task_id: id, cursor }) =>
    reach.run(async (tx) => readTask(tx, (await reach.find(tx, 'task', id)).id, cursor)),
});

export const cancelTaskTool = defineTool({
  name: 'cancel_task',
  title: 'Cancel a task',
  description: 'Ends a task that is open; whoever works on it is told at once.',
  scopes: ['tasks:write'],
  effect: 'ends',
  input: z.strictObject({ task_id: taskId }),
  run: (reach, { task_id: id }) =>
    reach.run(async (tx) => {
      const found = await reach.find(tx, 'task', id);
      await cancelTask(tx, found.id, reach.call.actor);
      return taskLine(taskView(await readTaskWithAttempts(tx, found.id)));
    }),
});

/** Also what the resource of a task shows. */
export async function readTask(tx: Tx, id: string, cursor?: string): Promise<Json> {
  const read = taskView(await readTaskWithAttempts(tx, id));
  const { part, nextOffset } = textPart(taskText(read), readNumberCursor(cursor) ?? 0, TASK_TEXT_BYTES);
  return {
    ...taskLine(read),
    mission_id: read.mission_id,
    attempts: read.attempts.length,
    created_at: read.created_at,
    completed_at: read.completed_at,
    text: part,
    next_cursor: nextOffset === null ? null : numberCursor(nextOffset),
  };
}

async function submit(
  reach: Reach,
  mission: string | undefined,
  given: readonly z.input<typeof taskInputSchema>[],
): Promise<Json[]> {
  const items = given.map((fields) => ({ task: taskInputSchema.parse(fields) }));
  return reach.run(async (tx) => {
    const { actor } = reach.call;
    const missionId = (await reach.missionFilter(tx, mission)) ?? (await ensureDefaultMission(tx, actor));
    return (await submitTasks(tx, missionId, items, actor)).map(submittedLine);
  });
}

function submittedLine(submitted: SubmittedTask): Json {
  if (!('problem' in submitted)) return submitted;
  const { code, message } = submitted.problem;
  return { index: submitted.index, problem: { code, message: excerpt(message, PROBLEM_BYTES) } };
}

function taskLine(summary: TaskSummary) {
  const { id, ref, state, state_reason: reason, worker, priority } = summary;
  const key = summary.key === null ? null : excerpt(summary.key, KEY_BYTES);
  return {
    id,
    ref,
    key,
    title: excerpt(summary.title, TITLE_BYTES),
    state,
    state_reason: reason,
    worker,
    priority,
  };
}

/** What is asked for most comes first: the outcome, then the order. */
function taskText(read: Task): string {
  const { result } = read;
  const lastError = read.attempts.at(-1)?.error?.message;
  const parts: readonly (readonly [string, string | undefined])[] = [
    ['Result', result?.summary],
    ['Output', textOf(result?.output ?? null)],
    ['Artifacts', result?.artifacts.map(({ id, name }) => `${id} ${name}`).join('\n')],
    ['Last error', lastError],
    ['Depends on', read.depends_on.join('\n')],
    ['Acceptance criteria', read.acceptance_criteria.map((criterion) => `- ${criterion}`).join('\n')],
    ['Instructions', read.instructions],
  ];
  return parts
    .flatMap(([heading, text]) => (text === undefined || text === '' ? [] : [`## ${heading}\n\n${text}`]))
    .join('\n\n');
}

function textOf(output: Json): string | undefined {
  if (output === null) return undefined;
  return typeof output === 'string' ? output : JSON.stringify(output, null, 1);
}
