import type { Actor, WriteInput } from '#contracts';
import { approvalPrompt } from './domain/approval-prompt.js';
import { answerRuleOf } from './domain/decide.js';
import { APPROVAL_OPTIONS } from './domain/input-request-state.js';
import { refOf } from './domain/refs.js';
import { TASK_REASONS } from './domain/task-state.js';
import { endLiveAttempt } from './end-live-attempt.js';
import { transition } from './end-task.js';
import type { WaitingTask } from './input-request.store.js';
import { openInputRequest } from './input-requests.js';
import type { MissionLedger } from './mission-ledger.js';
import { readTask, type TaskRow } from './task.store.js';

const MINUTE_MS = 60_000;

/** Who lets a task wait, or asks about it. */
export interface Asking {
  readonly actor: Actor;
  readonly waveId: string | null;
}

/** A task that is to take its next step when a person has approved of it. */
export interface ProposedTask {
  readonly task: TaskRow;
  readonly waiting: WaitingTask;
}

/** Asks what a conductor wants to know; only the tasks that it names wait for the answer. Returns the request's id. */
export async function askQuestion(
  ledger: MissionLedger,
  input: WriteInput<'ask_human'>,
  asking: Asking & { readonly tasks: readonly TaskRow[] },
): Promise<string> {
  const waiting: WaitingTask[] = [];
  for (const task of asking.tasks) {
    const { version } = await letWait(ledger, task, { ...asking, stateReason: TASK_REASONS.awaitingAnswer });
    waiting.push({ taskId: task.id, version, pool: null, lateAttempt: null });
  }
  const { deadline_minutes: minutes } = input;
  return openInputRequest(
    ledger,
    {
      kind: input.kind,
      about: 'question',
      hold: null,
      prompt: input.prompt,
      options:
        input.kind === 'approval'
          ? APPROVAL_OPTIONS
          : answerRuleOf(input).options.map(({ value }) => ({ value, label: value })),
      deadlineAt: minutes === undefined ? null : new Date(ledger.now.getTime() + minutes * MINUTE_MS),
      defaultValue: input.default ?? null,
      onTimeout: input.on_timeout ?? null,
      createdByWave: asking.waveId,
    },
    { actor: asking.actor, waiting },
  );
}

/** Lets a task wait for its approval, bound to the version that it has now. The request for it is opened by `askApproval`. */
export async function propose(
  ledger: MissionLedger,
  task: TaskRow,
  proposal: Asking & { readonly pool: string | null; readonly lateAttempt: number | null },
): Promise<ProposedTask> {
  const waits = await letWait(ledger, task, { ...proposal, stateReason: TASK_REASONS.awaitingApproval });
  const { pool, lateAttempt } = proposal;
  return { task: waits, waiting: { taskId: task.id, version: waits.version, pool, lateAttempt } };
}

/** One request for all that was proposed together and still waits; nothing when nothing does. */
export async function askApproval(
  ledger: MissionLedger,
  about: 'dispatch' | 'completion',
  proposals: readonly ProposedTask[],
  asking: Asking,
): Promise<void> {
  const proposed: ProposedTask[] = [];
  for (const proposal of proposals) {
    // Later in the same wave it may have been canceled.
    const { version } = await readTask(ledger.tx, proposal.task.id);
    if (version === proposal.waiting.version) proposed.push(proposal);
  }
  if (proposed.length === 0) return;
  const lines = proposed.map(({ task, waiting }) => ({
    ref: refOf('T', task.number),
    title: task.title,
    pool: waiting.pool,
  }));
  await openInputRequest(
    ledger,
    {
      kind: 'approval',
      about,
      hold: null,
      prompt: approvalPrompt(about, lines),
      options: APPROVAL_OPTIONS,
      deadlineAt: null,
      defaultValue: null,
      onTimeout: null,
      createdByWave: asking.waveId,
    },
    { actor: asking.actor, waiting: proposed.map(({ waiting }) => waiting) },
  );
}

/** An attempt in flight is called back; a result that waits for its review stays with the task. */
async function letWait(
  ledger: MissionLedger,
  task: TaskRow,
  wait: Asking & { readonly stateReason: string },
): Promise<TaskRow> {
  const hasResult = task.stateReason === TASK_REASONS.awaitingReview;
  if (!hasResult) await endLiveAttempt(ledger, task, wait.actor);
  const waits = await transition(ledger, task, 'ask', {
    stateReason: wait.stateReason,
    ...(hasResult ? {} : { liveAttemptId: null }),
  });
  ledger.append({
    type: 'task.input_required',
    actor: wait.actor,
    taskId: task.id,
    waveId: wait.waveId ?? undefined,
    data: { ref: refOf('T', task.number), state: 'input_required', reason: wait.stateReason },
  });
  return waits;
}
