import type { Actor, Json } from '#contracts';
import type { EndState } from './domain/digest-node.js';
import { nextState } from './domain/machine.js';
import { refOf } from './domain/refs.js';
import { TASK_TRANSITIONS, type TaskAction } from './domain/task-state.js';
import { endLiveAttempt } from './end-live-attempt.js';
import { endOutcome } from './end-outcome.js';
import { stopWaiting } from './input-requests.js';
import { conflict } from './errors.js';
import type { MissionLedger } from './mission-ledger.js';
import type { Outbound } from './outbound.store.js';
import { markDependants, releaseDependants, saveTask, type TaskChange, type TaskRow } from './task.store.js';

const DEPENDANTS_NAMED_MAX = 20;

/** Who ended a task and, when a wave's review did, which wave. */
export interface Ending {
  readonly actor: Actor;
  readonly waveId: string | null;
}

/** Completes a task with its result, reviewed or approved; what waited for nothing else becomes ready. */
export async function completeTask(
  ledger: MissionLedger,
  task: TaskRow,
  ending: Ending & { readonly result: Json },
): Promise<void> {
  const { result } = ending;
  await transition(ledger, task, task.state === 'input_required' ? 'approve' : 'complete', {
    stateReason: null,
    liveAttemptId: null,
    result: result ?? {},
    reviewedByWave: ending.waveId,
    completedAt: ledger.now,
  });
  appendEnd(ledger, task, { ...ending, state: 'completed' });
  for (const dependant of await releaseDependants(ledger, task.id))
    if (dependant.becameReady)
      ledger.append({
        type: 'task.queued',
        actor: ending.actor,
        taskId: dependant.id,
        waveId: ending.waveId ?? undefined,
        data: { ref: refOf('T', dependant.number), state: 'queued' },
      });
}

/** Fails a task; its dependants stay blocked and the conductor hears of them in one inbox item. */
export async function failTask(
  ledger: MissionLedger,
  task: TaskRow,
  ending: Ending & { readonly reason: string; readonly feedback?: string },
): Promise<void> {
  if (task.state === 'input_required') await stopWaiting(ledger, task.id, ending.actor);
  await transition(ledger, task, 'fail', {
    stateReason: ending.reason,
    feedback: ending.feedback ?? task.feedback,
    liveAttemptId: null,
    reviewedByWave: ending.waveId,
  });
  appendEnd(ledger, task, { ...ending, state: 'failed' });
  await tellDependants(ledger, task, ending.actor);
}

/** Cancels an open task and the attempt that works on it: its worker hears of it at its next word. */
export async function cancelOpenTask(
  ledger: MissionLedger,
  task: TaskRow,
  cancel: Ending & { readonly reason: string | null; readonly feedback?: string },
): Promise<void> {
  await endLiveAttempt(ledger, task, cancel.actor);
  if (task.state === 'input_required') await stopWaiting(ledger, task.id, cancel.actor);
  await transition(ledger, task, 'cancel', {
    stateReason: cancel.reason,
    liveAttemptId: null,
    feedback: cancel.feedback ?? task.feedback,
  });
  appendEnd(ledger, task, { ...cancel, reason: cancel.reason ?? undefined, state: 'canceled' });
  await tellDependants(ledger, task, cancel.actor);
}

/** Moves a task by the machine's table, or refuses with a conflict that names its state. */
export async function transition(
  ledger: MissionLedger,
  task: TaskRow,
  action: TaskAction,
  change: TaskChange,
): Promise<TaskRow> {
  const state = nextState(TASK_TRANSITIONS, task.state, action);
  if (state === null)
    throw conflict(
      `task_${task.state}`,
      `${refOf('T', task.number)} is ${task.state}; it cannot ${action.replace('_', ' ')}.`,
    );
  return saveTask(ledger, task, { ...change, state });
}

interface TaskEnding extends Ending {
  readonly state: EndState;
  readonly reason?: string | undefined;
  readonly feedback?: string | undefined;
  readonly result?: Json;
}

/** The event of an end, and its card in the digest tree: one of each per task and generation. */
function appendEnd(ledger: MissionLedger, task: TaskRow, end: TaskEnding): void {
  const { number, generation, title, attemptCount: attempts } = task;
  const { state, reason, result } = end;
  ledger.append(
    {
      type: `task.${state}`,
      actor: end.actor,
      taskId: task.id,
      waveId: end.waveId ?? undefined,
      data: {
        ref: refOf('T', number),
        key: task.key,
        title,
        state,
        generation,
        ...(reason === undefined ? {} : { reason }),
      },
    },
    outboundOf(ledger, task, result),
  );
  const feedback = end.feedback ?? task.feedback;
  const outcome = endOutcome({ state, result, reason: reason ?? null, feedback });
  ledger.digest({ taskId: task.id, number, generation, state, attempts, title, outcome });
}

function outboundOf(ledger: MissionLedger, task: TaskRow, result: Json | undefined): Outbound {
  return { callbackUrls: [task.callbackUrl, ledger.mission.callbackUrl].flatMap((url) => url ?? []), result };
}

async function tellDependants(ledger: MissionLedger, task: TaskRow, actor: Actor): Promise<void> {
  const blocked = (await markDependants(ledger, task.id, 1)).filter((dependant) => dependant.isBlocked);
  if (blocked.length === 0) return;
  for (const dependant of blocked)
    ledger.append({
      type: 'task.blocked',
      actor,
      taskId: dependant.id,
      data: { ref: refOf('T', dependant.number), state: 'blocked', reason: 'dependency_failed' },
    });
  if (ledger.mission.state !== 'active' && ledger.mission.state !== 'paused') return;
  ledger.arrive({
    origin: 'inside',
    lane: 'work',
    kind: 'dependency_failed',
    refId: task.id,
    body: {
      task: refOf('T', task.number),
      blocked: blocked.slice(0, DEPENDANTS_NAMED_MAX).map((dependant) => refOf('T', dependant.number)),
      blocked_total: blocked.length,
    },
  });
}
