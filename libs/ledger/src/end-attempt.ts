import { createHash } from 'node:crypto';
import {
  encodeId,
  newUuid,
  type Actor,
  type Artifact,
  type AttemptError,
  type AttemptUsage,
  type Json,
  type ResultInput,
  type TaskResult,
} from '#contracts';
import type { Tx } from '#database';
import { insertArtifact, readArtifactsOfAttempt, type ArtifactRead } from './artifact.store.js';
import {
  lockAttempt,
  missionOfAttempt,
  prolongLease,
  saveAttempt,
  type AttemptChange,
  type AttemptRow,
} from './attempt.store.js';
import { afterExpiry, afterFailure } from './domain/attempt-failure.js';
import { ATTEMPT_CANCELED, leaseRefusal, LEASE_LOST, type AttemptRefusal } from './domain/lease.js';
import { refOf } from './domain/refs.js';
import { nextState } from './domain/machine.js';
import { TASK_REASONS, TASK_TRANSITIONS } from './domain/task-state.js';
import { failTask, transition } from './end-task.js';
import { invalid } from './errors.js';
import { inMission, type MissionLedger } from './mission-ledger.js';
import { availableAt, offerAttempt } from './offer-attempt.js';
import { readTask, saveTask, type TaskRow } from './task.store.js';

/** An output larger than this is stored as an artifact too, to be read in parts. */
const OUTPUT_ARTIFACT_BYTES_MIN = 2_000;

/** What a worker's word came to. A refusal still commits: a late body is kept for the conductor to judge. */
export type AttemptOutcome = { readonly accepted: true } | AttemptRefusal;

const ACCEPTED: AttemptOutcome = { accepted: true };

/** Prolongs a lease and notes progress; answers until when it holds now, or why it does not. */
export async function heartbeatAttempt(
  tx: Tx,
  attemptId: string,
  beat: {
    readonly leaseToken: string;
    readonly progress?: number | undefined;
    readonly message?: string | undefined;
  },
): Promise<{ readonly accepted: true; readonly leaseUntil: Date } | AttemptRefusal> {
  const leaseUntil = await prolongLease(tx, attemptId, {
    token: beat.leaseToken,
    progress: beat.progress ?? null,
    message: beat.message ?? null,
  });
  if (leaseUntil !== null) return { accepted: true, leaseUntil };
  const attempt = await lockAttempt(tx, attemptId);
  return attempt.state === 'canceled' ? ATTEMPT_CANCELED : LEASE_LOST;
}

/** Hands in a result. The holder of the lease ends the attempt, once; saying it again changes nothing and is accepted. */
export async function completeAttempt(
  tx: Tx,
  attemptId: string,
  body: {
    readonly leaseToken: string;
    readonly result: ResultInput;
    readonly usage?: AttemptUsage | undefined;
  },
  actor: Actor,
): Promise<AttemptOutcome> {
  return inAttempt(tx, attemptId, async (ledger, attempt) => {
    if (attempt.leaseToken === body.leaseToken && attempt.state === 'succeeded') return ACCEPTED;
    const refusal = leaseRefusal(attempt, body.leaseToken, ledger.now);
    if (refusal !== null) {
      if (refusal === LEASE_LOST && attempt.leaseToken === body.leaseToken)
        await keepLateResult(ledger, attempt, body.result, actor);
      return refusal;
    }
    const artifacts = await readArtifactsOfAttempt(tx, attempt.id);
    refuseUnknownArtifacts(body.result, artifacts);
    const result = await storeResult(ledger, attempt, body.result, artifacts);
    await endAttempt(ledger, attempt, { state: 'succeeded', result, usage: body.usage ?? {} });
    const task = await readTask(tx, attempt.taskId);
    await saveTask(ledger, task, { stateReason: TASK_REASONS.awaitingReview });
    appendAttempt(ledger, 'attempt.succeeded', { task, attempt, actor, data: { state: 'succeeded' } });
    ledger.arrive({
      origin: 'outside',
      lane: 'work',
      kind: 'attempt_succeeded',
      refId: attempt.id,
      body: refs(task, attempt),
    });
    return ACCEPTED;
  });
}

/** Says that an attempt failed. A retryable failure returns the task to the conductor until there were too many. */
export async function failAttempt(
  tx: Tx,
  attemptId: string,
  body: {
    readonly leaseToken: string;
    readonly error: AttemptError;
    readonly usage?: AttemptUsage | undefined;
  },
  actor: Actor,
): Promise<AttemptOutcome> {
  return inAttempt(tx, attemptId, async (ledger, attempt) => {
    if (attempt.leaseToken === body.leaseToken && attempt.state === 'failed') return ACCEPTED;
    const refusal = leaseRefusal(attempt, body.leaseToken, ledger.now);
    if (refusal !== null) return refusal;
    await endAttempt(ledger, attempt, { state: 'failed', error: body.error, usage: body.usage ?? {} });
    const task = await readTask(tx, attempt.taskId);
    appendAttempt(ledger, 'attempt.failed', {
      task,
      attempt,
      actor,
      data: { state: 'failed', error: body.error.message },
    });
    const failures = task.failures + 1;
    const next = afterFailure(failures, body.error.retryable, ledger.mission.policy.attempts, ledger.now);
    if (next.kind === 'return_to_queue') {
      await transition(ledger, task, 'return', {
        stateReason: TASK_REASONS.attemptFailed,
        liveAttemptId: null,
        failures,
        readyAt: next.readyAt,
        feedback: body.error.message,
      });
      ledger.append({
        type: 'task.queued',
        actor,
        taskId: task.id,
        attemptId: attempt.id,
        data: { ...refs(task, attempt), state: 'queued', reason: TASK_REASONS.attemptFailed },
      });
      arriveFailure(ledger, 'attempt_failed', { task, attempt, error: body.error.message });
    } else if (next.kind === 'fail_task')
      await exhaust(ledger, await saveTask(ledger, task, { failures }), {
        attempt,
        actor,
        reason: next.reason,
        error: body.error.message,
      });
    return ACCEPTED;
  });
}

/** Gives a lease back: the attempt is offered again, at once or after `delayMs`, and counts as neither failure nor expiry. */
export async function releaseAttempt(
  tx: Tx,
  attemptId: string,
  body: { readonly leaseToken: string; readonly delayMs?: number },
  actor: Actor,
): Promise<AttemptOutcome> {
  return inAttempt(tx, attemptId, async (ledger, attempt) => {
    const refusal = leaseRefusal(attempt, body.leaseToken, ledger.now);
    if (refusal !== null) return refusal;
    await saveAttempt(ledger, attempt, {
      state: 'offered',
      worker: null,
      leaseToken: null,
      leaseSeconds: null,
      leaseUntil: null,
      startedAt: null,
      progress: null,
      progressMessage: null,
      availableAt: new Date(ledger.now.getTime() + (body.delayMs ?? 0)),
    });
    const task = await readTask(tx, attempt.taskId);
    await transition(ledger, task, 'return', { stateReason: null });
    ledger.append({
      type: 'task.queued',
      actor,
      taskId: task.id,
      attemptId: attempt.id,
      data: { ...refs(task, attempt), state: 'queued', reason: 'released' },
    });
    ledger.tx.ring('attempt', body.delayMs);
    return ACCEPTED;
  });
}

/** Ends a lease that has run out: the task is offered again without the conductor, until there were too many. */
export async function expireAttempt(ledger: MissionLedger, expired: AttemptRow): Promise<void> {
  const actor: Actor = { kind: 'system', id: null };
  const attempt = await lockAttempt(ledger.tx, expired.id);
  if (attempt.state !== 'leased' || attempt.leaseUntil === null || attempt.leaseUntil > ledger.now) return;
  await endAttempt(ledger, attempt, { state: 'expired' });
  const task = await readTask(ledger.tx, attempt.taskId);
  appendAttempt(ledger, 'attempt.expired', { task, attempt, actor, data: { state: 'expired' } });
  const expiries = task.expiries + 1;
  const next = afterExpiry(expiries, ledger.mission.policy.attempts, ledger.now);
  if (next.kind === 'fail_task') {
    const error = 'its workers stopped answering';
    await exhaust(ledger, await saveTask(ledger, task, { expiries }), {
      attempt,
      actor,
      reason: next.reason,
      error,
    });
    return;
  }
  const queued = await transition(ledger, task, 'return', {
    stateReason: null,
    liveAttemptId: null,
    expiries,
  });
  await offerAttempt(ledger, queued, {
    pool: attempt.pool,
    actor,
    waveId: attempt.createdByWave,
    availableAt: availableAt(ledger, queued),
  });
}

async function inAttempt(
  tx: Tx,
  attemptId: string,
  command: (ledger: MissionLedger, attempt: AttemptRow) => Promise<AttemptOutcome>,
): Promise<AttemptOutcome> {
  return inMission(tx, await missionOfAttempt(tx, attemptId), async (ledger) =>
    command(ledger, await lockAttempt(tx, attemptId)),
  );
}

function endAttempt(ledger: MissionLedger, attempt: AttemptRow, change: AttemptChange): Promise<AttemptRow> {
  return saveAttempt(ledger, attempt, { ...change, endedAt: ledger.now, leaseUntil: attempt.leaseUntil });
}

async function keepLateResult(
  ledger: MissionLedger,
  attempt: AttemptRow,
  result: ResultInput,
  actor: Actor,
): Promise<void> {
  if (attempt.lateResult !== null || attempt.state === 'failed') return;
  const artifacts = await readArtifactsOfAttempt(ledger.tx, attempt.id);
  const stored = await storeResult(ledger, attempt, result, artifacts);
  const kept = await saveAttempt(ledger, attempt, { lateResult: stored });
  const task = await readTask(ledger.tx, attempt.taskId);
  appendAttempt(ledger, 'attempt.late', { task, attempt: kept, actor, data: { state: kept.state } });
  if (nextState(TASK_TRANSITIONS, task.state, 'complete') !== null)
    ledger.arrive({
      origin: 'outside',
      lane: 'work',
      kind: 'attempt_late',
      refId: kept.id,
      body: refs(task, kept),
    });
}

/** A result as the task will carry it, with those of `artifacts` that it names; a long output becomes one more. */
async function storeResult(
  ledger: MissionLedger,
  attempt: AttemptRow,
  result: ResultInput,
  artifacts: readonly ArtifactRead[],
): Promise<TaskResult> {
  const { summary, output } = result;
  const named = artifacts.filter(({ id }) => result.artifacts.includes(encodeId('artifact', id)));
  const long = await storeLongOutput(ledger, attempt, output);
  return { summary, output, artifacts: [...named, ...(long === null ? [] : [long])].map(artifactView) };
}

/** Null when it is short enough to be shown where it stands. */
async function storeLongOutput(
  ledger: MissionLedger,
  attempt: AttemptRow,
  output: Json,
): Promise<ArtifactRead | null> {
  const isText = typeof output === 'string';
  const bytes = Buffer.from(isText ? output : JSON.stringify(output));
  if (bytes.byteLength < OUTPUT_ARTIFACT_BYTES_MIN) return null;
  const artifact = {
    id: newUuid(),
    name: isText ? 'output.txt' : 'output.json',
    mediaType: isText ? 'text/plain; charset=utf-8' : 'application/json',
    sizeBytes: bytes.byteLength,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  };
  await insertArtifact(ledger.tx, ledger.mission.id, { ...artifact, attemptId: attempt.id, bytes });
  return artifact;
}

function artifactView({ id, name, mediaType, sizeBytes, sha256 }: ArtifactRead): Artifact {
  return {
    id: encodeId('artifact', id),
    name,
    media_type: mediaType,
    size_bytes: sizeBytes,
    sha256,
  };
}

/** A result names what its own attempt has uploaded. */
function refuseUnknownArtifacts(result: ResultInput, artifacts: readonly ArtifactRead[]): void {
  const known = artifacts.map(({ id }) => encodeId('artifact', id));
  const index = result.artifacts.findIndex((id) => !known.includes(id));
  if (index < 0) return;
  throw invalid(
    'unknown_artifact',
    `This attempt has not uploaded an artifact ${result.artifacts[index] ?? ''}.`,
    `/result/artifacts/${index}`,
  );
}

async function exhaust(
  ledger: MissionLedger,
  task: TaskRow,
  end: {
    readonly attempt: AttemptRow;
    readonly actor: Actor;
    readonly reason: string;
    readonly error: string;
  },
): Promise<void> {
  await failTask(ledger, task, { actor: end.actor, waveId: null, reason: end.reason });
  arriveFailure(ledger, 'attempt_exhausted', { task, attempt: end.attempt, error: end.error });
}

function arriveFailure(
  ledger: MissionLedger,
  kind: 'attempt_failed' | 'attempt_exhausted',
  failure: { readonly task: TaskRow; readonly attempt: AttemptRow; readonly error: string },
): void {
  const { task, attempt, error } = failure;
  ledger.arrive({
    origin: 'outside',
    lane: 'work',
    kind,
    refId: attempt.id,
    body: { ...refs(task, attempt), error },
  });
}

function appendAttempt(
  ledger: MissionLedger,
  type: 'attempt.succeeded' | 'attempt.failed' | 'attempt.expired' | 'attempt.late',
  entry: {
    readonly task: TaskRow;
    readonly attempt: AttemptRow;
    readonly actor: Actor;
    readonly data: Record<string, Json>;
  },
): void {
  const { task, attempt, actor, data } = entry;
  ledger.append({
    type,
    actor,
    taskId: task.id,
    attemptId: attempt.id,
    data: { ...refs(task, attempt), ...data },
  });
}

function refs(task: TaskRow, attempt: AttemptRow): Record<string, Json> {
  return { ref: refOf('T', task.number), attempt: refOf('A', attempt.refNumber), number: attempt.number };
}
