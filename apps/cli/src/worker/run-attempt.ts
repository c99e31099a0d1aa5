import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ApiClient, Claim } from '../api-client.js';
import { ApiProblemError, NoServiceError } from '../transport.js';
import { keepLease } from './keep-lease.js';
import {
  reportOf,
  RESULT_FILE_BYTES_MAX,
  type AttemptReport,
  type ResultFile,
} from './result-from-process.js';
import { CommandNotStartedError, runCommand } from './run-command.js';

const REPORT_TRIES_MAX = 10;
const REPORT_DELAY_MS = 500;
const REPORT_DELAY_MAX_MS = 30_000;
const NOT_ANSWERED = 'not_answered';
/** Why a report is no longer wanted, or cannot be told from one that arrived. */
const LOST_CODES = ['attempt_canceled', 'lease_lost', NOT_ANSWERED];
/** What a command has no business with: it is given one task, not the tenant. */
const WITHHELD_VARIABLES = ['WAVEKEEPER_API_KEY', 'WAVEKEEPER_ADMIN_KEY', 'WAVEKEEPER_MASTER_KEY'];

export interface AttemptSettings {
  readonly client: ApiClient;
  readonly command: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  readonly leaseMs: number;
  /** Aborts when the worker stops and running commands have had their grace. */
  readonly giveBack: AbortSignal;
}

export type AttemptEnd =
  | { readonly kind: 'completed' | 'failed'; readonly text: string }
  /** The service had taken it from this worker, or took no report: `reason` is its code. */
  | { readonly kind: 'lost'; readonly reason: string }
  | { readonly kind: 'released' };

/**
 * One claimed attempt, from the brief to the report. The command gets the brief on stdin and in a file; the lease is
 * kept until the report has been answered. Never leaves a process or a file behind.
 */
export async function runAttempt(claim: Claim, settings: AttemptSettings): Promise<AttemptEnd> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'wavekeeper-attempt-'));
  const lease = keepLease(settings.client, claim, settings.leaseMs);
  try {
    const report = await runForReport(claim, settings, { folder, lost: lease.lost });
    if (lease.lost.aborted) return { kind: 'lost', reason: String(lease.lost.reason) };
    if (report === null) return await release(claim, settings);
    return await handIn(claim, report, settings);
  } finally {
    lease.release();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The command's report; null when the worker's stop ended the command. */
async function runForReport(
  claim: Claim,
  settings: AttemptSettings,
  attempt: { readonly folder: string; readonly lost: AbortSignal },
): Promise<AttemptReport | null> {
  const brief = JSON.stringify(claim.brief, null, 2);
  const briefFile = path.join(attempt.folder, 'brief.json');
  const resultFile = path.join(attempt.folder, 'result.json');
  await writeFile(briefFile, brief, { mode: 0o600 });
  try {
    const end = await runCommand(settings.command, {
      stdin: brief,
      environment: commandEnvironment(claim, settings.environment, { briefFile, resultFile }),
      kill: AbortSignal.any([attempt.lost, settings.giveBack]),
    });
    // A command that ended well in its last moment has a result, stop or no stop.
    if (settings.giveBack.aborted && end.exitCode !== 0) return null;
    return reportOf(end, await readResultFile(resultFile));
  } catch (error) {
    if (error instanceof CommandNotStartedError) await release(claim, settings);
    throw error;
  }
}

function commandEnvironment(
  claim: Claim,
  environment: NodeJS.ProcessEnv,
  files: { readonly briefFile: string; readonly resultFile: string },
): NodeJS.ProcessEnv {
  const inherited = Object.entries(environment).filter(([name]) => !WITHHELD_VARIABLES.includes(name));
  return {
    ...Object.fromEntries(inherited),
    WAVEKEEPER_BRIEF_FILE: files.briefFile,
    WAVEKEEPER_RESULT_FILE: files.resultFile,
    WAVEKEEPER_TASK_ID: claim.task.id,
    WAVEKEEPER_TASK_REF: claim.task.ref,
    WAVEKEEPER_ATTEMPT_ID: claim.attempt.id,
    WAVEKEEPER_ATTEMPT_NUMBER: String(claim.attempt.number),
    WAVEKEEPER_IDEMPOTENCY_KEY: claim.brief.attempt.idempotency_key,
  };
}

async function readResultFile(file: string): Promise<ResultFile> {
  const handle = await open(file, 'r').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  });
  if (handle === null) return { kind: 'none' };
  try {
    const { size } = await handle.stat();
    if (size > RESULT_FILE_BYTES_MAX) return { kind: 'too_large', bytes: size };
    return size === 0 ? { kind: 'none' } : { kind: 'written', text: await handle.readFile('utf8') };
  } finally {
    await handle.close();
  }
}

async function release(claim: Claim, settings: AttemptSettings): Promise<AttemptEnd> {
  const refusal = await sendUntilAnswered(() => settings.client.releaseAttempt(claim), settings.giveBack);
  return refusal === null ? { kind: 'released' } : { kind: 'lost', reason: refusal };
}

async function handIn(claim: Claim, report: AttemptReport, settings: AttemptSettings): Promise<AttemptEnd> {
  const { client, giveBack } = settings;
  if (report.verb === 'fail') {
    const refusal = await sendUntilAnswered(() => client.failAttempt(claim, report.error), giveBack);
    return refusal === null
      ? { kind: 'failed', text: report.error.message }
      : { kind: 'lost', reason: refusal };
  }
  const refusal = await sendUntilAnswered(() => client.completeAttempt(claim, report.result), giveBack);
  if (refusal === null) return { kind: 'completed', text: report.result.summary };
  if (LOST_CODES.includes(refusal)) return { kind: 'lost', reason: refusal };
  // The lease is still ours, only this result is not taken: say so, or the attempt would hang until its lease ends.
  const error = { message: `The service refused the result: ${refusal}.`, retryable: true };
  return handIn(claim, { verb: 'fail', error }, settings);
}

/**
 * Sends a report again while nothing answers it: `complete` is idempotent for ever, and a `fail` or `release` that did
 * arrive answers the second one with a conflict. Null when it was taken, else the code of the refusal.
 */
async function sendUntilAnswered(send: () => Promise<void>, giveBack: AbortSignal): Promise<string | null> {
  for (let tries = 1; ; tries += 1) {
    try {
      await send();
      return null;
    } catch (error) {
      const passing =
        error instanceof NoServiceError ||
        (error instanceof ApiProblemError && (error.status >= 500 || error.status === 429));
      if (error instanceof ApiProblemError && !passing) return error.code;
      if (!passing || tries === REPORT_TRIES_MAX || giveBack.aborted) return NOT_ANSWERED;
      const delayMs = Math.min(REPORT_DELAY_MS * 2 ** (tries - 1), REPORT_DELAY_MAX_MS);
      await delay(delayMs, undefined, { signal: giveBack }).catch(() => {});
    }
  }
}
