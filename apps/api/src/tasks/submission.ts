import { TASKS_PER_REQUEST_MAX, taskBatchSchema, taskInputSchema, type TaskInput } from '#contracts';
import type { SubmissionItem } from '#ledger';
import type { CheckWebhookUrl } from '../dependencies.js';
import { fieldErrors } from '../edge/field-errors.js';
import { parseInput } from '../edge/input.js';
import { ApiProblem, validationProblem, type FieldError } from '../edge/problem.js';
import { BODY_BYTES_MAX, parseJson, tooLarge } from '../edge/read-body.js';

export const BULK_BYTES_MAX = 8 * 1_024 * 1_024;
const LINE_BYTES_MAX = 64 * 1_024;
const NEWLINE = 0x0a;

/** What a request hands in: one task, answered alone, or a list, answered item by item. */
export interface Submission {
  readonly items: readonly SubmissionItem[];
  readonly isBatch: boolean;
  /** What the request means, for its Idempotency-Key. */
  readonly body: unknown;
}

/** Reads `{…}`, `{"tasks": […]}` or newline-delimited JSON. In a list a bad item is that item's problem only. */
export function readSubmission(bytes: Buffer, contentType: string, check: CheckWebhookUrl): Submission {
  if (/^application\/(x-)?ndjson\b/i.test(contentType)) return readLines(bytes, check);
  const body = parseJson(bytes);
  if (body !== null && typeof body === 'object' && 'tasks' in body) {
    const { tasks } = parseInput(taskBatchSchema, body);
    return { items: tasks.map((task) => toItem(task, check)), isBatch: true, body };
  }
  if (bytes.length > BODY_BYTES_MAX) throw tooLarge(BODY_BYTES_MAX);
  const task = parseInput(taskInputSchema, body);
  const errors = urlErrors(task, check);
  if (errors.length > 0) throw validationProblem(errors);
  return { items: [{ task }], isBatch: false, body };
}

function readLines(bytes: Buffer, check: CheckWebhookUrl): Submission {
  const lines = splitLines(bytes);
  if (lines.length === 0 || lines.length > TASKS_PER_REQUEST_MAX)
    throw validationProblem([
      { pointer: '', code: 'too_big', message: `takes 1 to ${TASKS_PER_REQUEST_MAX} lines, one task each` },
    ]);
  return {
    items: lines.map((line) => toLineItem(line, check)),
    isBatch: true,
    body: lines.map((line) => line.toString('utf8')),
  };
}

function splitLines(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let start = 0; start < bytes.length;) {
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline === -1 ? bytes.length : newline;
    const line = bytes.subarray(start, end);
    if (line.length > LINE_BYTES_MAX) throw tooLarge(LINE_BYTES_MAX);
    if (line.toString('latin1').trim() !== '') lines.push(line);
    start = end + 1;
  }
  return lines;
}

function toLineItem(line: Buffer, check: CheckWebhookUrl): SubmissionItem {
  try {
    return toItem(parseJson(line), check);
  } catch (error) {
    if (!(error instanceof ApiProblem)) throw error;
    return { problem: { code: error.code, message: error.message, pointer: '' } };
  }
}

function toItem(value: unknown, check: CheckWebhookUrl): SubmissionItem {
  const parsed = taskInputSchema.safeParse(value);
  const errors = parsed.success ? urlErrors(parsed.data, check) : fieldErrors(parsed.error);
  const [first] = errors;
  if (parsed.success && first === undefined) return { task: parsed.data };
  return { problem: first ?? { code: 'validation_failed', message: 'is not a task', pointer: '' } };
}

function urlErrors(task: TaskInput, check: CheckWebhookUrl): FieldError[] {
  const refusal = task.callback_url === null ? null : check(task.callback_url);
  return refusal === null ? [] : [{ pointer: '/callback_url', code: 'invalid_url', message: refusal }];
}
