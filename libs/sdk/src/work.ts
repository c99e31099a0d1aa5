import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import * as api from './generated/index.js';
import type { HeldLease } from './held-lease.js';
import type { Report } from './outbox.js';
import { answerOf, type Wavekeeper } from './wavekeeper.js';

const SUMMARY_CHARACTERS_MAX = 4_000;
const JSON_SUMMARY_CHARACTERS_MAX = 200;
const ERROR_CHARACTERS_MAX = 4_000;
const MESSAGE_CHARACTERS_MAX = 500;
/** A handler that has been told to stop gets this long to do so; then it is on its own. */
const STOP_MS = 15_000;

/** What a handler is given beside its task. */
export interface AttemptContext {
  /** All there is to know: mission, directives, task, results of dependencies, feedback on the last attempt. */
  readonly brief: api.Brief;
  readonly attempt: api.Attempt;
  /** Aborts when the work is for nothing: the task was canceled, the lease is lost, or the worker stops. */
  readonly signal: AbortSignal;
  /** Says how far it is (0 to 1), for people to see. Costs nothing to call often. */
  progress(fraction: number, message?: string): Promise<void>;
  /** Keeps a file (64 MiB at most) beside the result, which then names it. */
  upload(name: string, bytes: string | Uint8Array<ArrayBuffer>, mediaType?: string): Promise<api.Artifact>;
}

/**
 * Does a task. What it returns is the result: `{ summary, output?, artifacts? }`, or any JSON, which becomes the output.
 * What it throws fails the attempt.
 */
export type Handler = (task: api.Task, context: AttemptContext) => Promise<unknown>;

/** Throw it to say that trying again is useless, or useful. Any other error may be tried again. */
export class AttemptFailedError extends Error {
  readonly retryable: boolean;

  constructor(message: string, { retryable }: { readonly retryable: boolean }) {
    super(message);
    this.name = 'AttemptFailedError';
    this.retryable = retryable;
  }
}

/** Throw it when this worker can do no task at all: the attempt is given back and the worker ends. */
export class BrokenWorkerError extends Error {
  override readonly name: string = 'BrokenWorkerError';
}

/** Runs the handler; null when the attempt is to be given back. Throws `BrokenWorkerError`. */
export async function workOn(
  handler: Handler,
  claim: api.Claim,
  { wavekeeper, lease, giveBack }: WorkSettings,
): Promise<Report | null> {
  const uploaded: string[] = [];
  const signal = AbortSignal.any([lease.lost, giveBack]);
  const context: AttemptContext = {
    brief: claim.brief,
    attempt: claim.attempt,
    signal,
    progress: (fraction, message) =>
      // `done / total` of nothing is no number
      lease.say(Math.min(Math.max(fraction, 0), 1) || 0, message && plain(message, MESSAGE_CHARACTERS_MAX)),
    upload: async (name, bytes, mediaType = 'application/octet-stream') => {
      const artifact = await upload(wavekeeper, claim, { name, bytes, mediaType, signal });
      uploaded.push(artifact.id);
      return artifact;
    },
  };
  const report = Promise.resolve()
    .then(() => handler(claim.task, context))
    .then(
      (value) => reportOf(value, uploaded),
      (error: unknown) => reportOfError(error, giveBack),
    );
  return Promise.race([report, afterAbort(signal)]);
}

export interface WorkSettings {
  readonly wavekeeper: Wavekeeper;
  readonly lease: HeldLease;
  /** Aborts when the worker stops and its attempts have had their grace. */
  readonly giveBack: AbortSignal;
}

async function afterAbort(signal: AbortSignal): Promise<null> {
  if (!signal.aborted)
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  await delay(STOP_MS, undefined, { ref: false });
  return null;
}

async function upload(
  { client }: Wavekeeper,
  claim: api.Claim,
  { name, bytes, mediaType, signal }: Upload,
): Promise<api.Artifact> {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return answerOf(
    api.uploadArtifact({
      client,
      signal,
      path: { id: claim.attempt.id },
      query: { lease_token: claim.lease_token, name, sha256 },
      body: new Blob([bytes]),
      headers: { 'Content-Type': mediaType },
    }),
  );
}

interface Upload {
  readonly name: string;
  readonly bytes: string | Uint8Array<ArrayBuffer>;
  readonly mediaType: string;
  readonly signal: AbortSignal;
}

function reportOf(value: unknown, uploaded: readonly string[]): Report {
  const result = isResult(value)
    ? value
    : { summary: summaryOf(value), output: value ?? null, artifacts: [] };
  const artifacts = [...new Set([...(result.artifacts ?? []), ...uploaded])];
  try {
    const wire = JSON.parse(JSON.stringify({ ...result, artifacts })) as api.ResultInput;
    return { verb: 'complete', result: wire };
  } catch (error) {
    return failed(`The handler returned what is no JSON: ${String(error)}`, true);
  }
}

/** Null for a handler that the worker's own stop has ended: the attempt is no failure. */
function reportOfError(error: unknown, giveBack: AbortSignal): Report | null {
  if (error instanceof BrokenWorkerError) throw error;
  if (giveBack.aborted) return null;
  if (error instanceof AttemptFailedError) return failed(error.message, error.retryable);
  return failed(error instanceof Error ? error.message : String(error), true);
}

function failed(message: string, retryable: boolean): Report {
  const text = plain(message, ERROR_CHARACTERS_MAX);
  return { verb: 'fail', error: { message: text === '' ? 'It failed without a word.' : text, retryable } };
}

const RESULT_FIELDS: readonly string[] = ['summary', 'output', 'artifacts'];

function isResult(value: unknown): value is api.ResultInput {
  if (value === null || typeof value !== 'object' || !('summary' in value)) return false;
  return (
    typeof value.summary === 'string' && Object.keys(value).every((name) => RESULT_FIELDS.includes(name))
  );
}

function summaryOf(value: unknown): string {
  if (value === undefined || value === null) return 'Done.';
  if (typeof value !== 'string') {
    const text = stringified(value);
    return plain(text, JSON_SUMMARY_CHARACTERS_MAX);
  }
  const firstLine = value.split('\n').find((line) => line.trim() !== '');
  return plain(firstLine?.trim() ?? '', SUMMARY_CHARACTERS_MAX);
}

function stringified(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return ''; // said when the whole is written
  }
}

/** Text that the service takes: well-formed, without NUL, not too long. */
function plain(text: string, charactersMax: number): string {
  const clean = text.toWellFormed().replaceAll('\0', '');
  return clean.length <= charactersMax ? clean : `${clean.slice(0, charactersMax - 1).toWellFormed()}…`;
}
