import { z } from 'zod';
import { jsonSchema, PRIORITY_DEFAULT, TASKS_PER_REQUEST_MAX } from '#contracts';
import type { NewTask } from '../api-client.js';
import { EXIT } from '../exit-codes.js';
import { CommandFailure } from '../failure.js';

/** A row of a backlog file. What else it may have is left where it is. */
const rowSchema = z.object({
  key: z.string().min(1),
  title: z.string().min(1),
  instructions: z.string().default(''),
  priority: z.int().default(PRIORITY_DEFAULT),
  depends_on: z.array(z.string()).default([]),
  kind: z.string().optional(),
  /** What was really done; the simulator's worker answers with it. */
  outcome: jsonSchema.optional(),
});

/** Tasks from NDJSON, in the order of the file, at most `limit` of them. Names the line that does not fit. */
export function parseBacklog(text: string, limit: number): NewTask[] {
  const lines = text.split('\n').map((line, index) => ({ line, number: index + 1 }));
  const tasks = lines
    .filter(({ line }) => line.trim() !== '')
    .slice(0, limit)
    .map(({ line, number }) => taskOf(line, number));
  if (tasks.length === 0) throw new CommandFailure('The backlog has no tasks.', EXIT.usage);
  return tasks;
}

function taskOf(line: string, number: number): NewTask {
  const row = rowSchema.safeParse(parseLine(line, number));
  if (!row.success)
    throw new CommandFailure(`Line ${number} of the backlog: ${z.prettifyError(row.error)}`, EXIT.usage);
  const { kind, outcome, ...fields } = row.data;
  return {
    ...fields,
    metadata: {
      ...(kind === undefined ? {} : { kind }),
      ...(outcome === undefined ? {} : { outcome }),
    },
  };
}

function parseLine(line: string, number: number): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new CommandFailure(`Line ${number} of the backlog is not JSON.`, EXIT.usage);
  }
}

/** In requests of at most a thousand; a task's dependencies stand before it, in the same request or an earlier one. */
export function inRequests(tasks: readonly NewTask[]): NewTask[][] {
  const requests: NewTask[][] = [];
  for (let start = 0; start < tasks.length; start += TASKS_PER_REQUEST_MAX)
    requests.push(tasks.slice(start, start + TASKS_PER_REQUEST_MAX));
  return requests;
}
