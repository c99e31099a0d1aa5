import { createHash } from 'node:crypto';
import type { Request } from 'express';
import { TASKS_PER_REQUEST_MAX, taskBatchSchema, taskInputSchema, type TaskInput } from '#contracts';
import type { SubmissionItem } from '#ledger';
import type { CheckWebhookUrl } from '../dependencies.js';
import { fieldErrors } from '../edge/field-errors.js';
import { parseInput } from '../edge/input.js';
import { ApiProblem, validationProblem, type FieldError } from '../edge/problem.js';
import { BODY_BYTES_MAX, parseJson, readBody, readChunks, tooLarge } from '../edge/read-body.js';
import { LineSplitter } from './line-splitter.js';

const BULK_BYTES_MAX = 8 * 1_024 * 1_024;
const LINE_BYTES_MAX = 64 * 1_024;

/** What a request hands in: one task, answered alone, or a list, answered item by item. */
export interface Submission {
  readonly items: readonly SubmissionItem[];
  readonly isBatch: boolean;
  /** What the request means, for its Idempotency-Key. */
  readonly body: unknown;
}

/** Reads `{…}`, `{"tasks": […]}` or newline-delimited JSON. In a list a bad item is that item's problem only. */
export async function readSubmission(request: Request, check: CheckWebhookUrl): Promise<Submission> {
  const isLines = /^application\/(x-)?ndjson\b/i.test(request.headers['content-type'] ?? '');
  return isLines ? readLines(request, check) : toSubmission(await readBody(request, BULK_BYTES_MAX), check);
}

function toSubmission(bytes: Buffer, check: CheckWebhookUrl): Submission {
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

/** Each line becomes an item as it arrives; of the body itself only its hash is kept. */
async function readLines(request: Request, check: CheckWebhookUrl): Promise<Submission> {
  const items: SubmissionItem[] = [];
  const hash = createHash('sha256');
  const lines = new LineSplitter(LINE_BYTES_MAX, (line) => {
    if (items.length === TASKS_PER_REQUEST_MAX) throw wrongLineCount();
    hash.update(line).update('\n');
    items.push(toLineItem(line, check));
  });
  await readChunks(request, BULK_BYTES_MAX, (chunk) => lines.push(chunk));
  lines.end();
  if (items.length === 0) throw wrongLineCount();
  return { items, isBatch: true, body: { lines: items.length, sha256: hash.digest('hex') } };
}

function wrongLineCount(): ApiProblem {
  return validationProblem([
    { pointer: '', code: 'too_big', message: `takes 1 to ${TASKS_PER_REQUEST_MAX} lines, one task each` },
  ]);
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
